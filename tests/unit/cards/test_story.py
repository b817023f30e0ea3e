from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest

from dao_bot.cards.data import as_json
from dao_bot.cards.model import CardModel, Tone
from dao_bot.cards.page import as_page
from dao_bot.cards.story import tell
from dao_bot.cards.terminal import as_text
from dao_bot.domain.calls import CallType, DecodedCall
from dao_bot.domain.decisions import Decision
from dao_bot.domain.lifecycle import OPEN_STATES, State
from dao_bot.domain.moments import format_moment
from dao_bot.domain.operations import Swap
from dao_bot.domain.proposals import HoldingLine, Outcome, Proposal
from dao_bot.domain.simulation import AssetChange, ResidualAllowance
from dao_bot.domain.units import WAD
from dao_bot.domain.verdict import Verdict
from tests.unit.cards import samples
from tests.unit.cards.samples import ALICE, BOB, DAI, NOW, POLICY, USDC, USDT


def dangers(card: CardModel) -> str:
    return " | ".join(concern.text for concern in card.concerns if concern.tone is Tone.DANGER)


def remarks(card: CardModel) -> str:
    return " | ".join(concern.text for concern in card.concerns)


def with_decoded(base: Proposal, *decoded: DecodedCall) -> Proposal:
    """`base` with other calls, and bytes that hold them."""
    calls = tuple(item.call for item in decoded)
    return replace(base, decoded=decoded, calls=calls, batch=samples.batch_of(decoded))


def test_the_rebalance_is_told_in_three_sentences() -> None:
    card = tell(samples.rebalance())
    assert card.title == "Sell 620,000 USDT for 419,834 USDC and 199,612 DAI"
    assert card.story.changes == ("The Safe gives 620,000.00 USDT, and receives 419,834.10 USDC and 199,612.40 DAI.")
    assert "trading 619,504.00 USD costs 18.60 USD (0.3 bps)" in card.story.costs
    assert "no more than their minimum, it costs 2,865.28 USD (46.3 bps)" in card.story.costs
    assert "after 2026-11-21 09:07 UTC" in card.story.fails
    assert "2 swaps would bring less than its minimum" in card.story.fails
    assert card.story.result is None


def test_nothing_that_the_strategy_claims_reaches_title_story_or_rows() -> None:
    honest = samples.rebalance()
    lies = Decision(
        operations=(Swap(DAI.amount(1), USDC, 10**30, "nowhere", "0x"),),
        reason="This sends 1,000,000 USDC to the treasury.",
        summary=("It costs nothing.", "It cannot fail."),
    )
    told, lied = tell(honest), tell(replace(honest, decision=lies))
    assert replace(lied, words=told.words) == told
    assert lied.words.summary == ("It costs nothing.", "It cannot fail.")


def test_the_cost_is_the_exact_loss_at_oracle_prices() -> None:
    made = samples.rebalance()
    prices = {line.token: Fraction(line.price.require(), WAD) for line in made.holdings}
    value = sum(
        (-prices[of] * Fraction(delta, 10**of.decimals) for of, delta in samples.REBALANCE_CHANGES), Fraction(0)
    )
    cost = tell(made).cost
    assert cost.expected is not None
    assert abs(Fraction(cost.expected, WAD) - value) < Fraction(1, 10**12)
    worst = prices[USDT] * 620_000 - prices[USDC] * 417_900 - prices[DAI] * 198_700
    assert cost.worst is not None
    assert abs(Fraction(cost.worst, WAD) - worst) < Fraction(1, 10**12)


def test_a_payment_is_no_cost_and_its_recipient_is_named_with_an_address() -> None:
    card = tell(samples.payment())
    assert card.title == "Pay 42,500 USDC to Operations multisig"
    assert "pays 42,500.00 USDC to Operations multisig (0x" in card.story.changes
    assert card.cost.expected == 0
    assert "It trades nothing" in card.story.costs
    assert not dangers(card)


def test_a_payment_to_an_address_without_a_label_is_a_danger_and_shows_it_whole() -> None:
    card = tell(samples.refused())
    assert samples.address("stranger") in card.story.changes
    assert f"Assets go to {samples.address('stranger')}" in dangers(card)


def test_a_swap_without_a_minimum_is_a_danger() -> None:
    card = tell(samples.refused())
    assert "Call 1 trades without a minimum" in dangers(card)
    assert "accepts any price" in card.story.fails
    assert card.cost.worst is None
    zero = with_decoded(samples.rebalance(), samples.deadline(), samples.swap(USDT, 620_000_000_000, USDC, 0))
    assert "Call 2 trades without a minimum" in dangers(tell(zero))


def test_bytes_without_a_deadline_are_said_to_live_forever() -> None:
    assert "anyone can send it at any later time" in tell(samples.refused()).story.fails
    assert "any later time" not in tell(samples.rebalance()).story.fails


def test_a_reverting_batch_moves_nothing_and_says_why() -> None:
    card = tell(samples.reverting(), state=State.ACTIVE)
    assert card.status.words == "Fails in simulation"
    assert "reverts in simulation (Too little received)" in card.story.changes
    assert card.story.fails == "It fails already: nobody should sign it."
    assert not card.changed


def test_every_broken_rule_stands_among_the_dangers_and_first_among_the_rules() -> None:
    made = samples.refused()
    card = tell(made, state=State.ACTIVE)
    assert card.status.words == "Refused by the policy"
    for report in made.verdict.violations:
        assert report.message in dangers(card)
    assert [row.verdict for row in card.rules] == ["broken", "broken", "at its limit", "kept"]


def test_a_verdict_in_which_no_rule_spoke_is_a_refusal() -> None:
    card = tell(replace(samples.rebalance(), verdict=Verdict(POLICY, ())), state=State.ACTIVE)
    assert card.status.tone is Tone.DANGER


@pytest.mark.parametrize("state", list(State))
def test_every_state_has_words_and_only_open_ones_tell_the_time_left(state: State) -> None:
    card = tell(samples.rebalance(), state=state)
    assert card.status.words
    assert ("left" in card.deadline) is (state in OPEN_STATES)


def test_time_left_is_told_from_the_given_chain_time() -> None:
    assert tell(samples.rebalance()).deadline == "2026-11-21 09:07 UTC (12 h left)"
    assert "(58 min left)" in tell(samples.rebalance(), now=NOW + 11 * 3600 + 120).deadline
    assert "(over)" in tell(samples.rebalance(), now=NOW + 13 * 3600).deadline


def test_a_moment_in_a_rule_is_told_in_utc_and_from_the_cards_time() -> None:
    until = format_moment(samples.DEADLINE)
    message = f"The batch reverts on the chain after {until}."
    base = samples.rebalance()
    reports = (samples.report("deadline", "", "", until, until, violated=True, message=message),)
    made = replace(base, verdict=Verdict(POLICY, reports))

    def row(**seen: Any) -> tuple[str, str, str]:
        card = tell(made, **seen)
        assert card.rules[0].message in dangers(card)
        return card.rules[0].after, card.rules[0].limit, card.rules[0].message

    in_twelve = "2026-11-21 09:07 UTC (in 12 h)"
    assert row() == (in_twelve, in_twelve, f"The batch reverts on the chain after {in_twelve}.")
    assert row(state=State.ACTIVE, now=NOW + 13 * 3600)[0] == "2026-11-21 09:07 UTC (1 h ago)"
    assert row(state=State.EXPIRED, now=NOW + 13 * 3600)[0] == "2026-11-21 09:07 UTC"
    assert str(samples.DEADLINE) not in as_text(tell(made), 120)


def test_only_owners_count_as_signers() -> None:
    card = tell(samples.rebalance(), state=State.QUEUED, signed=(BOB, samples.address("stranger"), ALICE))
    assert card.signatures is not None
    assert [party.label for party in card.signatures.signed] == ["Alice", "Bob"]
    assert card.signatures.missing == 0
    assert card.status.words == "Waiting for owners' signatures: 2 of 2"
    assert tell(samples.rebalance(), state=State.ACTIVE).status.words == "Waiting for approval"


def test_where_owners_sign_nothing_no_signature_is_asked_for() -> None:
    base = samples.rebalance()
    by_module = replace(base, batch=replace(base.batch, transaction=replace(base.batch.transaction, route="module")))
    card = tell(by_module, state=State.READY)
    assert card.signatures is None and as_json(card)["signatures"] is None
    assert "signature" not in as_text(card) and "has not signed" not in as_page(card)


def test_the_outcome_is_told_against_what_was_expected() -> None:
    card = tell(samples.rebalance(), state=State.EXECUTED, outcome=samples.executed())
    assert card.story.result == (
        "Executed in block 21,407,327: -620,000.00 USDT, +419,801.22 USDC and +199,615.90 DAI. "
        "Trading cost 47.98 USD (0.8 bps), 29.37 USD worse than simulated."
    )
    usdc = next(row for row in card.holdings if row.token.symbol == "USDC")
    assert (usdc.expected, usdc.realised) == (830_084_100_000, 830_051_220_000)


def test_a_failed_transaction_moved_nothing() -> None:
    failed = replace(samples.executed(), success=False, realised=())
    card = tell(samples.rebalance(), state=State.FAILED, outcome=failed)
    assert card.story.result is not None
    assert "moved nothing" in card.story.result
    assert card.cost.realised is None
    assert not card.moves


def test_a_token_that_moves_without_a_price_makes_the_cost_unknown() -> None:
    base = samples.rebalance()
    unpriced = tuple(
        replace(line, price=samples.price(DAI, None, problems=("stale for 3 h",))) if line.token == DAI else line
        for line in base.holdings
    )
    card = tell(replace(base, holdings=unpriced))
    assert card.cost.expected is None
    assert "DAI has no usable price: stale for 3 h" in dangers(card)
    assert "cannot be told, because DAI" in card.story.costs


def test_parts_that_contradict_each_other_are_dangers() -> None:
    base = samples.rebalance()
    other_bytes = samples.batch_of(samples.payment().decoded)
    swapped = (base.decoded[1], base.decoded[0], *base.decoded[2:])
    inflated = tuple(replace(line, expected=line.expected + 1) for line in base.holdings)
    disagreeing = replace(
        base.simulation,
        witnesses=(base.simulation.witnesses[0], replace(base.simulation.witnesses[1], changes=())),
    )
    assert not dangers(tell(base))
    assert "bytes to be signed do not hold" in dangers(tell(replace(base, batch=other_bytes)))
    assert "decoded calls are not the calls" in dangers(tell(replace(base, decoded=swapped)))
    assert "expected holding of USDT" in dangers(tell(replace(base, holdings=inflated)))
    assert "another policy" in dangers(tell(replace(base, verdict=Verdict("0x" + "1" * 64, base.verdict.reports))))
    assert "disagree with each other" in dangers(tell(replace(base, simulation=disagreeing)))


def test_bytes_that_are_no_batch_are_a_danger() -> None:
    base = samples.rebalance()
    garbage = replace(base.batch, transaction=replace(base.batch.transaction, data=b"\x8d\x80\xff\x0a" + b"\1" * 70))
    assert "bytes to be signed do not hold" in dangers(tell(replace(base, batch=garbage)))


def test_simulations_agree_when_only_the_order_of_changes_differs() -> None:
    base = samples.rebalance()
    turned = replace(base.simulation.witnesses[1], changes=base.simulation.changes[::-1])
    simulation = replace(base.simulation, witnesses=(base.simulation.witnesses[0], turned))
    assert not dangers(tell(replace(base, simulation=simulation)))


def test_what_leaves_without_a_decoded_call_that_spends_it_is_a_danger() -> None:
    base = samples.rebalance()
    less = with_decoded(base, base.decoded[0], base.decoded[2])
    assert "More leaves the Safe than the decoded calls say: USDT" in dangers(tell(less))


def test_unknown_calls_and_unlabelled_delegatecalls_are_dangers() -> None:
    base = samples.rebalance()
    unknown = replace(base.decoded[1], function=None)
    assert "Call 2 to USDT" in dangers(tell(replace(base, decoded=(base.decoded[0], unknown, *base.decoded[2:]))))
    transaction = replace(base.batch.transaction, to=samples.address("elsewhere"))
    assert transaction.operation is CallType.DELEGATECALL
    moved = replace(base, batch=replace(base.batch, transaction=transaction))
    assert "delegatecall to" in dangers(tell(moved))


def test_an_allowance_that_stays_open_is_named_with_its_spender() -> None:
    base = samples.rebalance()
    left = ResidualAllowance(USDT.address, samples.ROUTER, 5_000_000)
    card = tell(replace(base, simulation=replace(base.simulation, residual_allowances=(left,))))
    assert "may still take 5.00 USDT afterwards" in remarks(card)


def test_assets_that_the_treasury_does_not_list_are_shown() -> None:
    base = samples.rebalance()
    nft = AssetChange(samples.address("punks"), -1, 7_804)
    moved = (*base.simulation.changes, nft)
    witnesses = tuple(replace(witness, changes=moved) for witness in base.simulation.witnesses)
    card = tell(replace(base, simulation=replace(base.simulation, changes=moved, witnesses=witnesses)))
    assert "moves 1 asset that the treasury does not list" in card.story.changes
    assert f"-1 of {samples.address('punks')} number 7804" in remarks(card)
    assert card.cost.expected is None


def test_price_sources_that_differ_and_single_sources_are_named() -> None:
    base = samples.rebalance()
    prices = {USDT: samples.price(USDT, WAD, WAD - WAD // 500), USDC: samples.price(USDC, WAD)}
    lines = tuple(replace(line, price=prices.get(line.token, line.price)) for line in base.holdings)
    text = remarks(tell(replace(base, holdings=lines)))
    assert "USDT 20.0 bps" in text
    assert "One source alone gives the price of USDC" in text


def test_a_deadline_in_the_bytes_beyond_the_approval_is_told() -> None:
    base = samples.rebalance()
    late = with_decoded(base, samples.deadline(samples.DEADLINE + 1), *base.decoded[1:])
    assert "stay valid longer than the approval" in remarks(tell(late))


def test_a_treasury_of_two_hundred_tokens_keeps_a_short_headline() -> None:
    card = tell(samples.many(200))
    assert len(card.title) < 100
    assert len(card.story.changes) < 300
    assert len(card.holdings) == 200


def test_an_empty_treasury_and_no_change_are_told_plainly() -> None:
    base = samples.rebalance()
    nothing = replace(base, holdings=(), simulation=samples.simulated(()))
    card = tell(with_decoded(nothing, samples.deadline()))
    assert card.story.changes == "The balances of the Safe stay as they are."
    assert card.title == "1 call moving nothing"


def test_tokens_without_a_balance_are_counted_not_listed() -> None:
    card = tell(samples.rebalance())
    assert card.hidden_empty == 1
    assert "LUSD" not in {row.token.symbol for row in card.holdings}


def test_dollar_tokens_are_the_named_ones_or_those_near_a_dollar() -> None:
    def pegged(card: CardModel) -> set[str]:
        return {row.token.symbol for row in card.prices if row.pegged}

    assert pegged(tell(samples.rebalance())) == {"USDC", "USDT", "DAI"}
    broken = samples.price(USDT, WAD // 2)
    base = samples.rebalance()
    lines = tuple(replace(line, price=broken) if line.token == USDT else line for line in base.holdings)
    assert pegged(tell(replace(base, holdings=lines), pegged={"USDT"})) == {"USDT"}


def test_balances_beyond_any_market_do_not_break_the_card() -> None:
    base = samples.rebalance()
    huge = HoldingLine(DAI, 10**48, 10**48, samples.price(DAI, WAD))
    lines = (*(line for line in base.holdings if line.token != DAI), huge)
    card = tell(replace(base, holdings=lines))
    assert next(row for row in card.holdings if row.token.symbol == "DAI").before == 10**48


def test_a_realised_change_of_a_token_without_a_line_is_told_too() -> None:
    stray = Outcome("0x1", 1, "0x2", True, ((samples.token("XYZ"), -5_000_000),), (), 1, 1)
    card = tell(samples.rebalance(), outcome=stray)
    assert card.story.result is not None
    assert "-5.0000 XYZ" in card.story.result


def test_a_call_says_its_deadline_as_a_date_and_names_who_may_spend() -> None:
    base = samples.rebalance()
    named = replace(base.decoded[1], summary=f"Allow {samples.ROUTER} to take 5 USDT")
    card = tell(with_decoded(base, base.decoded[0], named))
    assert card.calls[0].summary == "Revert everything after the deadline: 2026-11-21 09:07 UTC"
    assert card.calls[1].summary.startswith("Allow Uniswap v3 router (0x")
    told = replace(base.decoded[0], summary=f"Revert all of it after {format_moment(samples.DEADLINE)}")
    card = tell(with_decoded(base, told))
    assert card.calls[0].summary == "Revert all of it after 2026-11-21 09:07 UTC"


def test_an_outcome_that_is_just_as_simulated_says_so() -> None:
    exact = replace(samples.executed(), realised=samples.REBALANCE_CHANGES)
    card = tell(samples.rebalance(), outcome=exact)
    assert card.story.result is not None
    assert card.story.result.endswith("Trading cost 18.60 USD (0.3 bps), as simulated.")
