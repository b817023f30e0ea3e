"""What a signer signed before holds it to limits, and to one salt for one batch, whatever the keeper's record says."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from dao_bot.domain.errors import Refused
from dao_bot.domain.proposals import Approval, Proposal
from dao_bot.domain.runs import Block
from dao_bot.domain.tokens import Token
from dao_bot.domain.units import WAD
from dao_bot.engine.examine import Examined
from dao_bot.engine.look import Look
from dao_bot.engine.signed_before import SignedBefore, taken
from dao_bot.store.store import open_store
from tests.contract.store.samples import CHAIN, NOW, USDC, USDT, hash32, proposal, simulation

BUDGET = {"total": str(100 * WAD), "window": 3600, "per_window": str(70 * WAD)}


@pytest.fixture
def before(tmp_path: Path) -> Iterator[SignedBefore]:
    with open_store(f"sqlite:///{tmp_path / 'signer.sqlite3'}") as store:
        yield SignedBefore(store)


def dollars(sold: int) -> tuple[Proposal, Examined]:
    """A batch that takes so many dollars out of the Safe."""
    made = proposal(sold=sold * 10**6)
    return made, Examined(made.calls, made.decoded, made.simulation, made.verdict, made.holdings)


def seen(balances: dict[Token, int]) -> Look:
    safe = simulation(()).safe_after
    assert safe is not None
    return Look(Block(CHAIN, 100, hash32(100), NOW), safe, {}, balances)


def note(before: SignedBefore, sold: int, mandate: str | None = "0xm") -> str:
    made, examined = dollars(sold)
    told = {"batch_hash": made.batch.batch_hash, "proposal": made.id, "moves": list(taken(examined))}
    before.note(NOW, {**told, "mandate": mandate})
    return made.batch.batch_hash


def ask(before: SignedBefore, sold: int, now: int, mandate: str | None = "0xm") -> None:
    made, examined = dollars(sold)
    evidence: dict[str, object] = {} if mandate is None else {"mandate": mandate, "budget": BUDGET}
    approval = Approval(made.batch.batch_hash, evidence, NOW + 10**6)
    before.require_in_budget(approval, made.batch.batch_hash, examined, now)


def test_a_mandate_is_held_to_its_totals_by_what_was_signed_here(before: SignedBefore) -> None:
    ask(before, 70, NOW)
    with pytest.raises(Refused, match="per_window"):
        ask(before, 71, NOW)
    note(before, 60)
    note(before, 61, mandate="another")
    with pytest.raises(Refused, match="per_window"):
        ask(before, 11, NOW + 3600)
    ask(before, 40, NOW + 3601)
    with pytest.raises(Refused, match="total"):
        ask(before, 41, NOW + 3601)
    ask(before, 60, NOW)  # the same batch once more is no second one
    ask(before, 500, NOW, mandate=None)


def test_a_token_that_is_no_longer_configured_still_counts(before: SignedBefore) -> None:
    name = note(before, 60)
    [gone] = before.moves(seen({USDC: 0}), "0xother", since=NOW)
    assert (gone.proposal_id, gone.token.address, gone.units, gone.usd) == (name, USDT.address, 60 * 10**6, 60 * WAD)
    assert [move.token for move in before.moves(seen({USDC: 0, USDT: 0}), "0xother", since=NOW)] == [USDT]


def test_one_batch_is_signed_for_one_proposal(before: SignedBefore) -> None:
    batch_hash = note(before, 60)
    made, _ = dollars(60)
    before.require_one_salt(batch_hash, made.id)
    before.require_one_salt("0xother", made.id)
    with pytest.raises(Refused, match="executed twice"):
        before.require_one_salt(batch_hash, "0xanother")
