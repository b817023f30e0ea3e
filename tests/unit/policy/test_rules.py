"""What single rules allow, at the edge of their limits, with their parameters as people write them."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from fractions import Fraction
from typing import Any

import pytest
from pydantic import ValidationError

from dao_bot.domain.addresses import ZERO_ADDRESS
from dao_bot.domain.calls import Call, DecodedCall
from dao_bot.domain.prices import TokenPrice
from dao_bot.domain.units import WAD
from dao_bot.domain.verdict import RuleReport
from dao_bot.fields import Settings
from dao_bot.policy.facts import Move, PolicyFacts
from dao_bot.policy.movements import call_outflows
from dao_bot.policy.report import at_least, at_most
from dao_bot.policy.rule import Rule
from dao_bot.policy.rules.allowed_recipients import AllowedRecipients
from dao_bot.policy.rules.allowed_targets import AllowedTargets, AllowedTargetsParams
from dao_bot.policy.rules.deadline import Deadline, DeadlineParams
from dao_bot.policy.rules.issuer_cap import IssuerCap, IssuerCapParams
from dao_bot.policy.rules.move_size import MoveSize, MoveSizeParams
from dao_bot.policy.rules.price_quality import PriceQuality, PriceQualityParams
from dao_bot.policy.rules.safe_unchanged import SafeUnchanged, SafeUnchangedParams
from dao_bot.policy.rules.simulation import SimulationParams, SimulationRule
from dao_bot.policy.rules.slippage import Slippage, SlippageParams
from dao_bot.policy.rules.token_cap import TokenCap, TokenCapParams
from dao_bot.policy.rules.token_floor import TokenFloor
from dao_bot.policy.rules.value_loss import ValueLoss
from dao_bot.policy.share_cap import share_cap
from tests.property.policy.strategies import (
    DAI,
    DAO,
    NOW,
    OPERATIONS,
    SAFE,
    USDC,
    USDT,
    VALID_FOR,
    Pay,
    Swap,
    address,
    facts_of,
)
from tests.property.policy.violations import (
    CALM,
    tame_facts,
    with_balances,
    with_call,
    with_extra_call,
    with_price,
    with_safe_after,
    with_simulation,
)


def rule(kind: type[Any], **written: object) -> Rule:
    """A rule with its parameters as they stand in strategies.yaml."""
    made: Rule = kind(kind.Params.model_validate(written))
    return made


def only(limit: Rule, facts: PolicyFacts) -> RuleReport:
    (report,) = limit.check(facts)
    return report


def passes(limit: Rule, facts: PolicyFacts) -> bool:
    return not any(report.violated for report in limit.check(facts))


def test_slippage_exactly_at_its_limit_passes_and_binds() -> None:
    batch = (Swap("USDT", "USDC", 10_000 * 10**6, 9_950 * 10**6, 10_000 * 10**6),)
    report = only(rule(Slippage, max="50bps"), facts_of(CALM, batch))
    assert (report.violated, report.binds, report.after, report.limit) == (False, True, "0.50 %", "at most 0.50 %")


def test_slippage_one_base_unit_beyond_its_limit_is_refused() -> None:
    batch = (Swap("USDT", "USDC", 10_000 * 10**6, 9_950 * 10**6 - 1, 10_000 * 10**6),)
    assert only(rule(Slippage, max="50bps"), facts_of(CALM, batch)).violated


def test_slippage_is_measured_at_the_oracle_price_of_both_tokens() -> None:
    cheap = replace(CALM, prices={**CALM.prices, "USDT": 9 * WAD // 10})
    batch = (Swap("USDT", "USDC", 10_000 * 10**6, 9_000 * 10**6, 9_000 * 10**6),)
    assert only(rule(Slippage, max="0%"), facts_of(cheap, batch)).after == "0.00 %"


@pytest.mark.parametrize(
    ("usdt", "usdc", "limit"),
    [
        (97, 100, "at most 2.00 %"),  # USDT fell, and USDC did not
        (99, 100, "at most 0.50 %"),  # not under its price yet
        (97, 97, "at most 0.50 %"),  # to leave one fallen token for another is no exit
        (100, 97, "at most 0.50 %"),  # what is bought fell
    ],
)
def test_only_leaving_a_fallen_token_may_lose_more(usdt: int, usdc: int, limit: str) -> None:
    scene = replace(CALM, prices={**CALM.prices, "USDT": usdt * WAD // 100, "USDC": usdc * WAD // 100})
    slippage = rule(Slippage, max="50bps", exits={"max": "2%", "below": {"USDT": "0.99 USD", "USDC": "0.99 USD"}})
    batch = (Swap("USDT", "USDC", 10_000 * 10**6, 9_500 * 10**6, 9_600 * 10**6),)
    assert only(slippage, facts_of(scene, batch)).limit == limit


def test_the_wider_limit_is_a_limit() -> None:
    scene = replace(CALM, prices={**CALM.prices, "USDT": 97 * WAD // 100})
    slippage = rule(Slippage, max="50bps", exits={"max": "2%", "below": {"USDT": "0.99 USD"}})
    fair = 9_700 * 10**6
    for least, violated in ((fair * 98 // 100, False), (fair * 98 // 100 - 1, True)):
        batch = (Swap("USDT", "USDC", 10_000 * 10**6, least, fair),)
        assert only(slippage, facts_of(scene, batch)).violated is violated


def test_a_token_above_its_cap_may_be_sold_in_steps_and_left_alone_but_not_bought() -> None:
    cap = rule(TokenCap, tokens={"USDT": "30%"})
    facts = tame_facts()
    assert passes(cap, with_balances(facts, {USDT: -10, USDC: 10}))
    assert passes(cap, with_balances(facts, {USDC: -100 * 10**6, DAI: 99 * 10**18}))
    assert not passes(cap, with_balances(facts, {USDT: 1, USDC: -1}))
    assert not passes(cap, with_balances(facts, {USDC: -100_000 * 10**6}))


def test_a_token_below_its_floor_may_be_bought_in_steps_but_not_sold() -> None:
    floor = rule(TokenFloor, tokens={"USDC": "600000 USD"})
    assert passes(floor, with_balances(tame_facts(), {USDC: 1}))
    assert passes(floor, with_balances(tame_facts(), {}))
    assert not passes(floor, with_balances(tame_facts(), {USDC: -1}))


def test_payments_to_named_recipients_are_no_loss_and_others_are() -> None:
    loss = rule(ValueLoss, max="0%")
    assert passes(loss, facts_of(CALM, (Pay("USDC", 1000 * 10**6, OPERATIONS),)))
    assert not passes(loss, facts_of(CALM, (Pay("USDC", 1000 * 10**6, address("stranger")),)))


def test_a_swap_for_somebody_else_is_a_loss_even_for_a_named_recipient() -> None:
    elsewhere = with_call(with_balances(tame_facts(), {USDT: -50_000 * 10**6}), 2, recipients=(OPERATIONS,))
    assert not passes(rule(ValueLoss, max="1%"), elsewhere)
    assert not passes(rule(ValueLoss, max="1%"), with_call(elsewhere, 2, venue=None))
    assert not passes(rule(ValueLoss, max="1%"), with_call(elsewhere, 2, minimum=None))


def test_an_empty_treasury_loses_nothing() -> None:
    empty = replace(CALM, balances=dict.fromkeys(CALM.balances, 0))
    assert passes(rule(ValueLoss, max="0%"), facts_of(empty, ()))
    assert passes(rule(TokenCap, tokens={"USDT": "10%"}), facts_of(empty, ()))


def _moved(usd: int, age: int, is_open: bool) -> PolicyFacts:
    return replace(tame_facts(), moves=(Move("0x1", "other", DAI, 1, usd * WAD, NOW - age, is_open),))


@pytest.mark.parametrize(
    ("age", "is_open", "counts"),
    [(86_399, False, True), (86_400, False, False), (10**7, False, False), (10**7, True, True)],
)
def test_executed_moves_count_for_the_window_and_open_ones_always(age: int, is_open: bool, counts: bool) -> None:
    limit = rule(MoveSize, per_run="50000 USD", window="24h", per_window="100000 USD")
    assert passes(limit, _moved(50_001, age, is_open)) is not counts
    assert passes(limit, _moved(50_000, age, is_open))


def test_a_round_trip_counts_in_full_although_nothing_left_in_the_end() -> None:
    there_and_back = (
        Swap("USDC", "USDT", 60_000 * 10**6, 60_000 * 10**6, 60_000 * 10**6),
        Swap("USDT", "USDC", 60_000 * 10**6, 60_000 * 10**6, 60_000 * 10**6),
    )
    limit = rule(MoveSize, per_run="100000 USD", window="24h", per_window="1M USD")
    assert not passes(limit, facts_of(CALM, there_and_back))
    assert passes(limit, facts_of(CALM, there_and_back[:1]))


def test_a_decrease_that_no_call_tells_of_counts_as_moved() -> None:
    limit = rule(MoveSize, per_run="100000 USD", window="24h", per_window="1M USD")
    assert not passes(limit, with_balances(tame_facts(), {USDC: -100_001 * 10**6}))


def test_the_stewards_can_let_owners_change_and_only_owners() -> None:
    limit = rule(SafeUnchanged, allow=("owners",))
    new_owner = (*tame_facts().safe_before.owners[:2], address("new owner"))
    call = DecodedCall(Call(SAFE, b"swap"), "safe", "swapOwner(address,address,address)", (), "replaces an owner")
    facts = with_extra_call(with_safe_after(tame_facts(), owners=new_owner), call)
    assert passes(limit, facts)
    assert not passes(rule(SafeUnchanged), facts)
    assert not passes(limit, with_safe_after(facts, threshold=1))
    adding = DecodedCall(Call(SAFE, b"add"), "safe", "addOwnerWithThreshold(address,uint256)", (), "adds an owner")
    assert not passes(limit, with_extra_call(tame_facts(), adding))


@pytest.mark.parametrize(("nonce", "allowed"), [(-1, False), (0, True), (1, True), (2, False)])
def test_a_batch_uses_up_one_nonce_at_most(nonce: int, allowed: bool) -> None:
    facts = with_safe_after(tame_facts(), nonce=tame_facts().safe_before.nonce + nonce)
    assert passes(rule(SafeUnchanged), facts) is allowed


@pytest.mark.parametrize(("when", "allowed"), [(-1, False), (0, True), (VALID_FOR, True), (VALID_FOR + 1, False)])
def test_a_batch_is_simulated_between_its_block_and_its_deadline(when: int, allowed: bool) -> None:
    assert passes(rule(SimulationRule), with_simulation(tame_facts(), timestamp=NOW + when)) is allowed


def test_coins_that_a_call_carries_count_once_whether_or_not_its_decoder_tells_of_them() -> None:
    wrap = DecodedCall(Call(USDC.address, b"wrap", 5), "weth", "deposit()", (), "wraps", recipients=(SAFE,))
    assert call_outflows(wrap) == {ZERO_ADDRESS: 5}
    assert call_outflows(replace(wrap, spends=((ZERO_ADDRESS, 5),))) == {ZERO_ADDRESS: 5}
    assert call_outflows(replace(wrap, spends=((ZERO_ADDRESS, 7), (USDC.address, 1)))) == {
        ZERO_ADDRESS: 7,
        USDC.address: 1,
    }


def test_an_issuer_above_its_cap_may_be_left_alone_and_reduced_but_not_added_to() -> None:
    cap = rule(IssuerCap, issuers={"Circle": {"max": "10%", "exposure": {"USDC": "100%", "DAI": "50%"}}})
    assert passes(cap, with_balances(tame_facts(), {}))
    assert passes(cap, with_balances(tame_facts(), {USDC: -2, DAI: 2 * 10**12}))
    assert not passes(cap, with_balances(tame_facts(), {USDC: 2, DAI: -2 * 10**12}))


def test_the_share_of_what_is_above_its_cap_may_drift_exactly_as_far_as_stated() -> None:
    cap, drift = WAD // 2, WAD // 1000
    before = Fraction(6 * WAD, 10)
    at_the_edge = share_cap("r", "s", before=before, after=before + drift, bought=False, cap=cap, drift=drift)
    beyond = share_cap("r", "s", before=before, after=before + drift + 1, bought=False, cap=cap, drift=drift)
    assert (at_the_edge.violated, beyond.violated) == (False, True)


@pytest.mark.parametrize(
    ("after", "binds", "violated"), [(994, False, False), (995, True, False), (1000, True, False), (1001, False, True)]
)
def test_an_upper_limit_binds_within_half_a_percent(after: int, binds: bool, violated: bool) -> None:
    report = at_most("r", "s", before=0, after=after, limit=1000, render=str, message="m", advice="a")
    assert (report.binds, report.violated) == (binds, violated)


@pytest.mark.parametrize(
    ("after", "binds", "violated"), [(1006, False, False), (1005, True, False), (1000, True, False), (999, False, True)]
)
def test_a_lower_limit_binds_within_half_a_percent(after: int, binds: bool, violated: bool) -> None:
    report = at_least("r", "s", before=0, after=after, limit=1000, render=str, message="m", advice="a")
    assert (report.binds, report.violated) == (binds, violated)


def test_owners_in_another_order_are_the_same_owners() -> None:
    owners = tame_facts().safe_before.owners
    assert passes(rule(SafeUnchanged), with_safe_after(tame_facts(), owners=owners[::-1]))


def test_targets_can_be_restricted_to_single_functions() -> None:
    assert passes(AllowedTargets(AllowedTargetsParams(only={"USDT": ("approve(address,uint256)",)})), tame_facts())
    assert not passes(rule(AllowedTargets, only={"USDT": ()}), tame_facts())


def test_coins_may_go_to_a_named_recipient_without_calldata_only() -> None:
    payment = DecodedCall(Call(OPERATIONS, b"", 5), "erc20", "receive()", (), "pays", recipients=(OPERATIONS,))
    limit = rule(AllowedTargets)
    assert passes(limit, with_extra_call(tame_facts(), payment))
    assert not passes(limit, with_extra_call(tame_facts(), replace(payment, call=Call(OPERATIONS, b"1234", 5))))


def test_recipients_can_be_restricted_to_some_of_the_address_book() -> None:
    facts = facts_of(CALM, (Pay("USDC", 1, OPERATIONS),))
    assert passes(rule(AllowedRecipients, only=("Operations multisig",)), facts)
    assert not passes(rule(AllowedRecipients, only=()), facts)


def test_a_token_that_is_held_needs_a_price_unless_it_counts_as_nothing() -> None:
    facts = with_price(tame_facts(), TokenPrice(DAI, None, (), ("the feed is stale",)))
    assert not passes(rule(PriceQuality), facts)
    assert passes(rule(PriceQuality, unvalued=("DAI",)), facts)
    assert passes(rule(PriceQuality), tame_facts()), f"{DAO} is hold-only and was not touched"
    touched = with_call(facts, 2, spends=((DAI.address, 1),))
    assert not passes(rule(PriceQuality, unvalued=("DAI",)), touched)


def test_sources_are_counted_and_compared() -> None:
    assert passes(rule(PriceQuality, min_sources="2", max_deviation="1bps"), tame_facts())
    assert not passes(rule(PriceQuality, min_sources="3"), tame_facts())
    assert not passes(rule(PriceQuality, max_deviation="0.9bps"), tame_facts())


def test_the_witnesses_can_be_asked_for_on_several_endpoints() -> None:
    assert passes(rule(SimulationRule), tame_facts())
    assert not passes(rule(SimulationRule, endpoints="2"), tame_facts())


def test_the_validity_of_a_batch_binds_at_its_limit() -> None:
    reports = list(rule(Deadline, max="12h").check(tame_facts()))
    assert [report.binds for report in reports] == [False, True]
    assert VALID_FOR == 12 * 3600


def test_the_deadline_is_a_moment_that_people_can_read() -> None:
    facts = tame_facts()
    report = next(iter(rule(Deadline).check(facts)))
    moment = datetime.fromisoformat(report.after)
    assert moment.tzname() == "UTC"
    assert moment.timestamp() == facts.batch.valid_until
    assert report.after in report.message
    other = next(iter(rule(Deadline).check(with_call(facts, 0, deadline=2**255))))
    assert (other.after, other.limit) == (f"second {2**255} of the epoch", report.after)


def test_a_misspelt_token_is_a_violation_that_names_the_tokens_there_are() -> None:
    with pytest.raises(Exception, match="USDX") as raised:
        list(rule(TokenFloor, tokens={"USDX": "1 USD"}).check(tame_facts()))
    assert "USDC" in str(raised.value)


@pytest.mark.parametrize(
    ("model", "values"),
    [
        (SimulationParams, {"witnesses": "1"}),
        (DeadlineParams, {"max": "31d"}),
        (DeadlineParams, {"max": "0s"}),
        (SafeUnchangedParams, {"allow": ["singleton"]}),
        (SlippageParams, {"max": "101%"}),
        (SlippageParams, {"max": "0.5"}),
        (SlippageParams, {}),
        (SlippageParams, {"max": "1%", "exits": {"max": "50bps", "below": {"USDT": "0.99 USD"}}}),
        (SlippageParams, {"max": "1%", "exits": {"max": "2%", "below": {}}}),
        (TokenCapParams, {"tokens": {}}),
        (PriceQualityParams, {"min_sources": "0"}),
        (MoveSizeParams, {"per_run": "2 USD", "window": "1h", "per_window": "1 USD"}),
        (IssuerCapParams, {"issuers": {"Circle": {"max": "50%", "exposure": {"USDC": "120%"}, "x": 1}}}),
    ],
)
def test_parameters_that_would_loosen_or_mean_nothing_are_refused(
    model: type[Settings], values: dict[str, object]
) -> None:
    with pytest.raises(ValidationError):
        model.model_validate(values)
