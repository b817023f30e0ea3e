"""What to do now: start, move the range, correct the depth, put fees back, or nothing; and why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from dao_bot.domain.concentrated import Pair, amounts_of, taken
from dao_bot.domain.positions import edges
from dao_bot.domain.ticks import sqrt_ratio_at_prices
from dao_bot.domain.units import WAD, format_usd
from dao_bot.strategy import (
    CollectFees,
    DecreaseLiquidity,
    Evidence,
    IncreaseLiquidity,
    MintPosition,
    Operation,
    Position,
)
from strategies.liquidity import forward, funds, ranges
from strategies.liquidity.compared import should_it_move
from strategies.liquidity.forward import Rates
from strategies.liquidity.market import Market
from strategies.liquidity.params import Params
from strategies.liquidity.ranges import Candidate

GAIN_FOR_COST = 2
HARDLY_ANY = 10
"""Positions worth less than this part of the target depth, and of what could be made instead, are no start."""

WIDTHS_APART = 2
"""Nothing is added to a range that is more than so many times wider or narrower than the best one."""

GAS_TO_MINT = 600_000
GAS_TO_ADD = 350_000
GAS_TO_REMOVE = 250_000
"""Units, with the Safe, the deadline and the allowances around the calls."""


@dataclass(frozen=True, slots=True)
class Situation:
    """What a plan is made from.

    Attributes:
        positions: those that are managed, the largest first.
        free: base units of token0 and token1 in the Safe that open proposals leave.
        gas_usd: dollars for one unit of gas.
        moves: moves of the range in the window; `mints` are all batches that made a new position.
        put_in: USD (WAD) of the quote token that was put in within the period of its budget.
    """

    market: Market
    params: Params
    positions: tuple[Position, ...]
    free: Pair
    rate: Rates
    gas_usd: float
    moves: int
    mints: int
    put_in: int


@dataclass(frozen=True, slots=True)
class Plan:
    """Operations with their reason; none when it is better to wait."""

    reason: str
    operations: tuple[Operation, ...] = ()
    changes: str = ""
    gas: int = 0
    evidence: tuple[Evidence, ...] = field(default=())


def plan(now: Situation) -> Plan:
    """The first of these that has something to do."""
    best, a_day = _best_range(now, now.positions)
    depth = Evidence("cost of a day of the target depth, without fees", round(a_day, 2), "USD")
    if not now.positions:
        return _start(now, best, depth)
    if _hardly_any(now, best) and now.mints < now.params.max_reranges:
        beside = _start(now, _best_range(now, ())[0], depth)
        if beside.operations:
            return beside
    moved, evidence = _move(now, best, depth)
    if moved is not None:
        return moved
    return _correct(now, best, evidence) or _compound(now, evidence) or Plan(_waits(now, evidence), evidence=evidence)


def _best_range(now: Situation, freed: Sequence[Position]) -> tuple[Candidate, float]:
    """The cheapest range with all that may stand in it once `freed` are removed.

    With it what a day of the target depth costs there in dollars: its moves, its capital and loss-versus-rebalancing.
    """
    market, params = now.market, now.params
    gas = GAS_TO_MINT + GAS_TO_REMOVE * max(len(now.positions), 1)
    half, a_day = ranges.half_width(market, params, now.rate, gas * now.gas_usd)
    a_day += ranges.target_liquidity(market, params) * now.rate.lost * 86_400
    back = funds.released(market, params, freed)
    available = funds.together(back, funds.free_within_budgets(market, params, now.free, back, now.put_in))
    quote = 1 - market.own_side
    two_sided = market.side_value(quote, available[quote]) >= params.smallest
    place = ranges.around_price(market, half) if two_sided else ranges.beside_price(market, half)
    return ranges.candidate(market, params, place, available, _inventory(now)), a_day


def _hardly_any(now: Situation, best: Candidate) -> bool:
    """Whether what there is, which anybody may have sent, is no reason not to start."""
    price = now.market.pool.sqrt_price
    there = sum(now.market.value(each.principal(price)) for each in now.positions)
    return there * HARDLY_ANY < min(now.params.depth, now.market.value(best.amounts(price)))


def _could_be_chosen(held: Position, best: Candidate) -> bool:
    """Whether a range is about as wide as the best one: anybody may have sent a position with any other."""
    width, wanted = held.upper - held.lower, best.upper - best.lower
    return wanted <= width * WIDTHS_APART and width <= wanted * WIDTHS_APART


def _inventory(now: Situation) -> Pair:
    """All that the treasury has of both tokens: what was taken out of a position is still there after a fall."""
    return funds.together(funds.inside(now.market, now.positions), now.free)


def _start(now: Situation, best: Candidate, depth: Evidence) -> Plan:
    market = now.market
    amounts = best.amounts(market.pool.sqrt_price)
    lost = best.liquidity * now.rate.lost * 86_400
    evidence = (
        Evidence("liquidity limited by", best.limit),
        depth,
        Evidence("loss-versus-rebalancing of a day with it", round(lost, 2), "USD"),
        *should_it_move(market, best.liquidity, best.lower, best.upper),
    )
    if best.liquidity == 0 or market.value(amounts) < now.params.smallest:
        return Plan(
            f"There is nothing to start with: the budgets allow {format_usd(market.value(amounts))}, less than the "
            f"smallest position of {format_usd(now.params.smallest)}.",
            evidence=evidence,
        )
    return Plan(
        "There is no position yet; it starts with the range that offers the target depth at the least cost a day.",
        (_mint(market, best),),
        f"Provides {_words(market, amounts)} in the ticks {best.lower} to {best.upper}",
        GAS_TO_MINT,
        evidence,
    )


def _move(now: Situation, best: Candidate, depth: Evidence) -> tuple[Plan | None, tuple[Evidence, ...]]:
    """Moving the range, if what lies ahead of it pays; what was lost until now is sunk."""
    market, params, rate = now.market, now.params, now.rate
    ours = sum(each.liquidity for each in now.positions if each.is_in_range(market.pool.tick))
    stay = sum(_gain(now, each.liquidity, each.lower, each.upper, ours) for each in now.positions)
    go = _gain(now, best.liquidity, best.lower, best.upper, ours)
    gas = GAS_TO_MINT + GAS_TO_REMOVE * len(now.positions)
    cost = gas * now.gas_usd + _entry_loss(market, best)
    evidence = (
        Evidence("forward gain if it stays", round(stay, 2), "USD"),
        Evidence("forward gain of the best new range", round(go, 2), "USD"),
        Evidence("cost of moving", round(cost, 2), "USD"),
        Evidence("moves of the range in the window", f"{now.moves} of {params.max_reranges}"),
        depth,
    )
    same = {(best.lower, best.upper)} == {(each.lower, each.upper) for each in now.positions}
    small = market.value(best.amounts(market.pool.sqrt_price)) < params.smallest
    if rate.fees is None or same or small or go - stay < GAIN_FOR_COST * cost or now.moves >= params.max_reranges:
        return None, evidence
    removed = [operation for each in now.positions for operation in _remove(market, each, each.liquidity)]
    moved = Plan(
        f"A new range is expected to earn {go - stay:,.2f} USD more than the present one within the horizon, at least "
        f"twice the {cost:,.2f} USD that it costs to move.",
        (*removed, _mint(market, best)),
        f"Moves the liquidity to the ticks {best.lower} to {best.upper}",
        gas,
        (*evidence, *should_it_move(market, best.liquidity, best.lower, best.upper)),
    )
    return moved, evidence


def _correct(now: Situation, best: Candidate, evidence: tuple[Evidence, ...]) -> Plan | None:
    """Adding what the depth lacks, or taking out what is too much or would not survive a fall."""
    market, params, held = now.market, now.params, now.positions[0]
    if not held.is_in_range(market.pool.tick):
        return None
    has = funds.inside(market, now.positions)
    available = funds.together(has, funds.free_within_budgets(market, params, now.free, has, now.put_in))
    place = (held.lower, held.upper)
    wanted = ranges.candidate(market, params, place, available, _inventory(now))
    others = sum(each.liquidity for each in now.positions[1:] if each.is_in_range(market.pool.tick))
    change = max(wanted.liquidity - others, 0) - held.liquidity
    amounts = amounts_of(abs(change), market.pool.sqrt_price, *edges(*place))
    if abs(change) * WAD < held.liquidity * params.band or market.value(amounts) < params.smallest:
        return None
    if change < 0:
        return Plan(
            f"There is more liquidity than {wanted.limit} allows.",
            _remove(market, held, -change),
            f"Takes out {_words(market, amounts)}",
            GAS_TO_REMOVE,
            evidence,
        )
    if not _could_be_chosen(held, best):
        return None
    room = funds.free_within_budgets(market, params, now.free, has, now.put_in)
    added = _increase(market, held, (min(amounts[0] + 1, room[0]), min(amounts[1] + 1, room[1])))
    if market.value(added.expected) < params.smallest:
        return None
    words = f"Adds {_words(market, added.expected)}"
    return Plan("The depth is below its target, and the budgets have more.", (added,), words, GAS_TO_ADD, evidence)


def _compound(now: Situation, evidence: tuple[Evidence, ...]) -> Plan | None:
    """Collecting the fees of the largest position, and putting back what fits its range."""
    market, params, held = now.market, now.params, now.positions[0]
    gas = GAS_TO_ADD + GAS_TO_REMOVE
    value = market.value(held.fees)
    if not held.is_in_range(market.pool.tick) or value < params.compound_at:
        return None
    if value < GAIN_FOR_COST * gas * now.gas_usd * WAD:
        return None
    increase = _increase(market, held, held.fees)
    operations: tuple[Operation, ...] = (_collect(market, held),)
    if market.value(increase.expected) > 0 and min(increase.expected) > 0:
        operations = (*operations, increase)
    words = f"Collects {_words(market, held.fees)} and puts back what fits the range"
    return Plan(f"The fees are worth {format_usd(value)}.", operations, words, gas, evidence)


def _waits(now: Situation, evidence: tuple[Evidence, ...]) -> str:
    market, params, rate = now.market, now.params, now.rate
    in_range = any(each.is_in_range(market.pool.tick) for each in now.positions)
    where = "The position is in range." if in_range else "The position is out of range and earns nothing."
    if rate.fees is None:
        return f"There is nothing to do. {where} The pool's fees were not seen for long enough to judge another range."
    if now.moves >= params.max_reranges:
        return f"There is nothing to do. {where} The range may not be moved more often in this window."
    return f"There is nothing to do. {where} No other range is expected to earn twice what it costs to move there."


def _gain(now: Situation, liquidity: int, lower: int, upper: int, ours: int) -> float:
    return forward.gain(now.market, now.rate, liquidity, lower, upper, now.params.horizon, ours)


def _entry_loss(market: Market, best: Candidate) -> float:
    """Dollars that a deposit at the pool's price is worth less once the pool stands at the oracle's."""
    (token0, token1), (usd0, usd1) = market.tokens, market.usd
    oracle = sqrt_ratio_at_prices(usd0, token0.decimals, usd1, token1.decimals)
    kept = amounts_of(best.liquidity, oracle, *edges(best.lower, best.upper))
    return max(market.value(best.amounts(market.pool.sqrt_price)) - market.value(kept), 0) / WAD


def _mint(market: Market, best: Candidate) -> MintPosition:
    deposits = best.amounts(market.pool.sqrt_price)
    expected = taken(deposits, market.pool.sqrt_price, edges(best.lower, best.upper))
    token0, token1 = market.tokens
    amounts = token0.amount(deposits[0]), token1.amount(deposits[1])
    return MintPosition(market.pool.venue, market.pool.fee, best.lower, best.upper, *amounts, expected)


def _increase(market: Market, held: Position, deposits: Pair) -> IncreaseLiquidity:
    expected = taken(deposits, market.pool.sqrt_price, edges(held.lower, held.upper))
    token0, token1 = market.tokens
    amounts = token0.amount(deposits[0]), token1.amount(deposits[1])
    return IncreaseLiquidity(market.pool.venue, held.token_id, held.lower, held.upper, *amounts, expected)


def _remove(market: Market, held: Position, liquidity: int) -> tuple[Operation, ...]:
    token0, token1 = market.tokens
    amounts = amounts_of(liquidity, market.pool.sqrt_price, *edges(held.lower, held.upper))
    back = token0.amount(amounts[0]), token1.amount(amounts[1])
    paid = token0.amount(amounts[0] + held.fees[0]), token1.amount(amounts[1] + held.fees[1])
    decrease = DecreaseLiquidity(market.pool.venue, held.token_id, held.lower, held.upper, liquidity, *back)
    collect = CollectFees(market.pool.venue, held.token_id, *paid)
    return (decrease, collect) if liquidity else (collect,)


def _collect(market: Market, held: Position) -> CollectFees:
    token0, token1 = market.tokens
    return CollectFees(market.pool.venue, held.token_id, token0.amount(held.fees[0]), token1.amount(held.fees[1]))


def _words(market: Market, amounts: Pair) -> str:
    shown = [str(token.amount(units)) for token, units in zip(market.tokens, amounts, strict=True) if units]
    return " and ".join(shown) or "nothing"
