"""Positions in the rules: whose they are, what they are worth, and what the minimums of a deposit let happen."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from dao_bot.domain.addresses import Address
from dao_bot.domain.calls import Argument, Call, DecodedCall, PositionChange
from dao_bot.domain.concentrated import Pair, least_deposit, taken
from dao_bot.domain.positions import Position, edges
from dao_bot.domain.simulation import AssetChange
from dao_bot.domain.ticks import sqrt_ratio_at_prices, sqrt_ratio_band, tick_at_sqrt_ratio
from dao_bot.domain.tokens import Token
from dao_bot.domain.units import WAD
from dao_bot.policy.facts import PolicyFacts
from dao_bot.policy.movements import outflows, touched
from dao_bot.policy.rule import Rule
from dao_bot.policy.rules.allowed_recipients import AllowedRecipients
from dao_bot.policy.rules.move_size import MoveSize
from dao_bot.policy.rules.pool_against_oracle import PoolAgainstOracle
from dao_bot.policy.rules.simulation import SimulationRule
from dao_bot.policy.rules.slippage import Slippage
from dao_bot.policy.rules.token_cap import TokenCap
from dao_bot.policy.rules.value_loss import ValueLoss
from tests.property.policy.strategies import DAI, SAFE, STRANGER, USDC, address, facts_of, pool_of
from tests.property.policy.violations import CALM

MANAGER = address("position manager")
TOKEN0, TOKEN1 = sorted((USDC, DAI), key=lambda token: int(token.address, 16))
ORACLE = sqrt_ratio_at_prices(WAD, TOKEN0.decimals, WAD, TOKEN1.decimals)
TICK = tick_at_sqrt_ratio(ORACLE)
RANGE = (TICK - 500, TICK + 500)
DEPOSITS = (1_000 * 10**TOKEN0.decimals, 1_000 * 10**TOKEN1.decimals)
NEW_ID = 7


def rule(kind: type[Any], **written: object) -> Rule:
    made: Rule = kind(kind.Params.model_validate(written))
    return made


def passes(limit: Rule, facts: PolicyFacts) -> bool:
    return not any(report.violated for report in limit.check(facts))


def position(token_id: int = NEW_ID, liquidity: int = 10**15, fees: Pair = (0, 0)) -> Position:
    pool = pool_of(TOKEN0.symbol, TOKEN1.symbol)
    return Position(MANAGER, token_id, pool, TOKEN0.address, TOKEN1.address, *RANGE, liquidity, fees)


def decoded(change: PositionChange, **rest: Any) -> DecodedCall:
    told = (Argument("token0", "address", TOKEN0.address), Argument("token1", "address", TOKEN1.address))
    return DecodedCall(
        Call(MANAGER, b"\x01\x02\x03\x04"), "uniswap_v3", "f()", told, "", position=change, venue="uniswap_v3", **rest
    )


def mint(least: Pair, deposits: Pair = DEPOSITS, recipient: Address = SAFE) -> DecodedCall:
    change = PositionChange(MANAGER, None, *RANGE, deposits=deposits, least=least)
    spends = ((TOKEN0.address, deposits[0]), (TOKEN1.address, deposits[1]))
    pools = (pool_of(TOKEN0.symbol, TOKEN1.symbol),)
    return decoded(change, recipients=(recipient,), spends=spends, pools=pools)


def facts(
    call: DecodedCall,
    *,
    paid: Pair = (0, 0),
    before: tuple[Position, ...] = (),
    after: tuple[Position, ...] = (),
    nft: int = 0,
) -> PolicyFacts:
    """A batch of one call that takes `paid`, and `nft` positions more."""
    calm = facts_of(CALM, ())
    moved: dict[Token, int] = {TOKEN0: -paid[0], TOKEN1: -paid[1]}
    changes = [AssetChange(token.address, delta) for token, delta in moved.items() if delta]
    if nft:
        changes.append(AssetChange(MANAGER, nft, NEW_ID))
    witnesses = tuple(replace(each, changes=tuple(changes)) for each in calm.simulation.witnesses)
    simulation = replace(calm.simulation, changes=tuple(changes), positions=after, witnesses=witnesses)
    held = {token: units + moved.get(token, 0) for token, units in calm.before.items()}
    return replace(calm, decoded=(call,), after=held, simulation=simulation, positions=before)


def good_mint() -> PolicyFacts:
    paid = taken(DEPOSITS, ORACLE, edges(*RANGE))
    least = least_deposit(DEPOSITS, edges(*RANGE), sqrt_ratio_band(ORACLE, WAD // 200))
    liquidity = _liquidity()
    return facts(mint(least), paid=paid, after=(position(liquidity=liquidity),), nft=1)


def _liquidity() -> int:
    from dao_bot.domain.concentrated import liquidity_of

    return liquidity_of(ORACLE, *edges(*RANGE), DEPOSITS)


def test_what_goes_into_a_position_is_no_loss() -> None:
    assert passes(rule(ValueLoss, max="1bps"), good_mint())


def test_what_was_paid_for_a_position_that_is_not_there_is_a_loss() -> None:
    found = good_mint()
    nothing = replace(found, simulation=replace(found.simulation, positions=()))
    assert not passes(rule(ValueLoss, max="1bps"), nothing)


def test_a_position_that_disappears_is_a_loss() -> None:
    held = position(liquidity=_liquidity())
    gone = facts(decoded(PositionChange(MANAGER, NEW_ID, removed=1)), before=(held,))
    assert not passes(rule(ValueLoss, max="1bps"), gone)
    kept = facts(decoded(PositionChange(MANAGER, NEW_ID, removed=1)), before=(held,), after=(held,))
    assert passes(rule(ValueLoss, max="0%"), kept)


def test_collecting_fees_does_not_hide_a_loss() -> None:
    owed = (1_000 * 10**TOKEN0.decimals, 0)
    held = position(fees=owed)
    lost = facts(decoded(PositionChange(MANAGER, NEW_ID), recipients=(SAFE,)), before=(held,), after=(position(),))
    assert not passes(rule(ValueLoss, max="1bps"), lost)


def test_a_batch_that_leaves_positions_alone_sees_them_on_both_sides() -> None:
    calm = facts_of(CALM, ())
    assert passes(rule(ValueLoss, max="0%"), replace(calm, positions=(position(),)))


def test_only_positions_of_the_safe_may_be_changed() -> None:
    for change in (
        PositionChange(MANAGER, NEW_ID, deposits=(1, 1)),
        PositionChange(MANAGER, NEW_ID, removed=1),
        PositionChange(MANAGER, NEW_ID),
    ):
        assert not passes(rule(AllowedRecipients), facts(decoded(change)))
        assert passes(rule(AllowedRecipients), facts(decoded(change), before=(position(),)))


def test_a_position_is_made_for_the_safe_alone() -> None:
    assert passes(rule(AllowedRecipients), good_mint())
    assert not passes(rule(AllowedRecipients), facts(mint((0, 0), recipient=STRANGER)))


def test_a_new_position_that_was_read_back_may_come_and_nothing_else_of_its_kind() -> None:
    found = good_mint()
    assert passes(rule(SimulationRule), found)
    assert not passes(rule(SimulationRule), replace(found, simulation=replace(found.simulation, positions=())))
    leaves = facts(decoded(PositionChange(MANAGER, NEW_ID, removed=1)), after=(position(),), nft=-1)
    assert not passes(rule(SimulationRule), leaves)


def test_minimums_within_the_limit_pass_and_none_at_all_do_not() -> None:
    assert passes(rule(Slippage, max="50bps"), good_mint())
    assert not passes(rule(Slippage, max="50bps"), facts(mint((0, 0))))


def test_the_loss_of_a_deposit_is_what_its_minimums_let_the_price_do() -> None:
    losses = []
    for tolerance in (WAD // 1000, WAD // 100, WAD // 30):
        least = least_deposit(DEPOSITS, edges(*RANGE), sqrt_ratio_band(ORACLE, tolerance))
        (report,) = rule(Slippage, max="100%").check(facts(mint(least)))
        losses.append(float(report.after.removesuffix(" %")))
        assert losses[-1] <= tolerance / WAD * 100 + 0.01
    assert losses == sorted(losses)
    assert losses[-1] > losses[0]


def test_minimums_beyond_the_deposit_cannot_be_judged() -> None:
    from dao_bot.domain.errors import BadInput

    with pytest.raises(BadInput, match="more than the deposit"):
        list(rule(Slippage, max="1%").check(facts(mint((DEPOSITS[0] + 1, 0)))))


def test_an_increase_is_judged_by_the_range_that_the_chain_knows() -> None:
    for least, allowed in (((0, 0), False), (_near(), True)):
        change = PositionChange(MANAGER, NEW_ID, deposits=DEPOSITS, least=least)
        assert passes(rule(Slippage, max="50bps"), facts(decoded(change), before=(position(),))) is allowed


def _near() -> Pair:
    return least_deposit(DEPOSITS, edges(*RANGE), sqrt_ratio_band(ORACLE, WAD // 200))


def test_to_take_liquidity_out_loses_nothing_whatever_its_minimums() -> None:
    change = PositionChange(MANAGER, NEW_ID, removed=5)
    assert passes(rule(Slippage, max="0%"), facts(decoded(change), before=(position(),)))


def test_the_pool_of_a_position_must_agree_with_the_oracle_but_to_collect_needs_no_price() -> None:
    limit = rule(PoolAgainstOracle, max="1%")
    pushed = frozenset((TOKEN0.symbol, TOKEN1.symbol))
    scene = replace(CALM, pool_deviation={**CALM.pool_deviation, pushed: (WAD // 20, 0)})
    prices = facts_of(scene, ()).pool_prices
    held = (position(),)
    for change in (
        PositionChange(MANAGER, NEW_ID, deposits=(1, 1)),
        PositionChange(MANAGER, NEW_ID, removed=1),
    ):
        assert passes(limit, facts(decoded(change), before=held))
        assert not passes(limit, replace(facts(decoded(change), before=held), pool_prices=prices))
    collect = facts(decoded(PositionChange(MANAGER, NEW_ID), recipients=(SAFE,)), before=held)
    assert passes(limit, replace(collect, pool_prices=prices))
    assert not passes(limit, replace(good_mint(), pool_prices=prices))


def test_what_is_added_to_a_position_counts_as_moved() -> None:
    change = PositionChange(MANAGER, NEW_ID, deposits=DEPOSITS)
    added = facts(decoded(change), before=(position(),))
    assert outflows(added) == {TOKEN0.address: DEPOSITS[0], TOKEN1.address: DEPOSITS[1]}
    assert touched(added) == {TOKEN0.address, TOKEN1.address}
    limit = {"window": "24h", "per_window": "3000 USD"}
    assert passes(rule(MoveSize, per_run="2000 USD", **limit), added)
    assert not passes(rule(MoveSize, per_run="1999 USD", **limit), added)


def test_caps_look_through_positions() -> None:
    dai = next(token for token in (TOKEN0, TOKEN1) if token.symbol == "DAI")
    much = position(liquidity=10**18)
    cap = rule(TokenCap, tokens={"DAI": "11%"})
    assert passes(cap, facts_of(CALM, ()))
    grown = facts(decoded(PositionChange(MANAGER, NEW_ID, deposits=(1, 1))), before=(position(),), after=(much,))
    assert not passes(cap, grown), dai
