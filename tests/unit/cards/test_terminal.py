from __future__ import annotations

from collections.abc import Callable
from functools import partial

import pytest
from rich.cells import cell_len

from dao_bot.cards.decision import decision_text, tell_decision
from dao_bot.cards.model import CardModel, SafeTransactionHashes
from dao_bot.cards.outcome import outcome_table
from dao_bot.cards.story import tell
from dao_bot.cards.terminal import as_text, plain
from dao_bot.domain.decisions import BindingConstraint, Decision, Evidence
from dao_bot.domain.lifecycle import State
from dao_bot.domain.proposals import Proposal
from tests.unit.cards import samples

HASHES = SafeTransactionHashes(18, samples.hash_of("d"), samples.hash_of("m"), samples.hash_of("s"))
PROPOSALS: dict[str, Callable[[], Proposal]] = {
    "rebalance": samples.rebalance,
    "refused": samples.refused,
    "payment": samples.payment,
    "reverting": samples.reverting,
    "many": samples.many,
    **{f"hostile {i}": partial(samples.hostile, text) for i, text in enumerate(samples.HOSTILE_TEXTS)},
}


def flat(text: str) -> str:
    """Words alone, so that a line break in the middle of a sentence does not matter."""
    return " ".join(text.replace("│", " ").split())


def card_of(made: Proposal) -> CardModel:
    return tell(made, state=State.ACTIVE, signed=(samples.ALICE,), hashes=HASHES)


@pytest.mark.parametrize("width", [60, 80, 120])
@pytest.mark.parametrize("name", PROPOSALS)
def test_no_line_is_wider_than_the_terminal(name: str, width: int) -> None:
    text = as_text(card_of(PROPOSALS[name]()), width)
    assert max(cell_len(line) for line in text.splitlines()) <= width


@pytest.mark.parametrize("width", [80, 120])
@pytest.mark.parametrize("name", ["rebalance", "refused", "payment", "many"])
def test_every_changed_holding_appears_with_its_change(name: str, width: int) -> None:
    card = card_of(PROPOSALS[name]())
    lines = as_text(card, width).splitlines()
    assert card.changed
    for row in card.changed[:40]:
        change = f"{row.delta / 10**row.token.decimals:+,.2f}"
        assert any(line.startswith(row.token.symbol) and change in line for line in lines)


@pytest.mark.parametrize("width", [80, 120])
def test_every_broken_rule_is_shown_with_its_value_limit_and_message(width: int) -> None:
    text = flat(as_text(card_of(samples.refused()), width))
    assert "Refused by the policy" in text
    assert "BROKEN move_size one run" in text
    assert "659,504.00 USD ≤ 500,000.00 USD" in text
    assert "659,504.00 USD is more than the 500,000.00 USD allowed" in text
    assert "AT LIMIT token_cap USDT" in text


def test_the_hashes_stand_whole_on_one_line_at_eighty_columns() -> None:
    made = samples.rebalance()
    lines = as_text(card_of(made), 80).splitlines()
    for value in (made.id, made.batch.batch_hash, made.batch.policy_hash, HASHES.safe_tx_hash, HASHES.domain_hash):
        assert any(value in line for line in lines)


def test_a_narrow_terminal_drops_columns_but_never_digits() -> None:
    narrow = as_text(card_of(samples.rebalance()), 50)
    assert "-620,000.00" in narrow
    assert "share" not in narrow
    assert "share" in as_text(card_of(samples.rebalance()), 80)


@pytest.mark.parametrize("text", samples.HOSTILE_TEXTS)
def test_hostile_text_reaches_the_terminal_only_as_text(text: str) -> None:
    shown = as_text(card_of(samples.hostile(text)), 120)
    assert not {"\x1b", "\r", "\t", "\0", "\x07", "\u202e", "\u200b"} & set(shown)
    assert len(shown) < 25_000


def test_rich_markup_in_a_name_is_not_interpreted() -> None:
    shown = flat(as_text(card_of(samples.hostile("[bold red]free[/bold red]")), 120))
    assert "[bold red]free[/bold red]" in shown


def test_the_words_of_the_strategy_are_quoted() -> None:
    assert "“Trust me.”" in as_text(card_of(samples.refused()), 80)


def test_the_outcome_table_sets_realised_beside_expected() -> None:
    text = plain(outcome_table(samples.rebalance(), samples.executed()), 80)
    rows = [line.split("  ") for line in text.splitlines()]
    cells = [[cell.strip() for cell in row if cell.strip()] for row in rows]
    assert ["USDC", "410,250.00", "830,084.10", "830,051.22", "-32.88 (-0.8 bps)"] in cells
    assert ["USDT", "1,420,000.00", "800,000.00", "800,000.00", "as expected"] in cells
    assert "DAO" not in text


def test_an_executed_card_tells_realised_amounts_and_the_transaction() -> None:
    outcome = samples.executed()
    text = as_text(tell(samples.rebalance(), state=State.EXECUTED, outcome=outcome), 80)
    assert "830,051.22" in text
    assert outcome.transaction_hash in text
    assert "left" not in text


def test_a_decision_to_do_nothing_says_why_and_when_it_asks_again() -> None:
    decision = Decision.nothing(
        "Inside the no-trade band; trading would cost 310 USD and avoid 90 USD.",
        evidence=(Evidence("largest drift", 1.2, "%"),),
        binding=(BindingConstraint("no-trade band", 0.5, "USD"),),
        wake_at=samples.NOW + 3_600,
    )
    text = decision_text(tell_decision(samples.rebalance().run, samples.BLOCK, decision))
    assert "“Inside the no-trade band; trading would cost 310 USD and avoid 90 USD.”" in flat(text)
    assert "largest drift  1.2 %" in text
    assert "no-trade band  0.5 USD" in text
    assert "2026-11-20 22:07 UTC" in text
    assert max(len(line) for line in text.splitlines()) <= 80
