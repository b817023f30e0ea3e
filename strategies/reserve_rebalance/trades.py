"""From a plan to swaps: the first tranche, whole units, and a last check in integers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dao_bot.strategy import Swap
from strategies.reserve_rebalance import amounts, tranches
from strategies.reserve_rebalance.amounts import Book
from strategies.reserve_rebalance.params import Params
from strategies.reserve_rebalance.pegs import State
from strategies.reserve_rebalance.planner import Outcome, Plan
from strategies.reserve_rebalance.situation import Situation
from strategies.reserve_rebalance.universe import Array, Universe

SMALLER = (1.0, 0.99, 0.97, 0.9, 0.75, 0.5)
"""Sizes of the whole trade that are tried until one breaks no limit. The optimum counts no gain against the USD prices,
but a quote may hold one, and then what is bought up to its cap comes out above it: an exit must not fail over that."""


@dataclass(frozen=True, slots=True)
class Trades:
    """Swaps of one batch.

    Attributes:
        parts: number of tranches that the whole trade takes at present quotes; this batch is the first.
        flow: (m, K) what this batch sells, as a share of the reserve.
        after: the book when every swap returns what was expected.
        broken: limits that rounding would break; then there are no swaps.
        exited: symbols of what fell from its peg and is sold.
    """

    swaps: tuple[Swap, ...]
    parts: int
    flow: Array
    after: Book
    broken: tuple[str, ...]
    exited: tuple[str, ...]


def first_tranche(universe: Universe, params: Params, situation: Situation, plan: Plan) -> Trades:
    """The swaps to propose now. What restores the runway, and what exits a fallen asset, goes in one."""
    assert plan.solution is not None, "only a plan that trades has tranches"
    inputs, flow = plan.inputs, plan.solution.flow
    calm = flow[~situation.exits]
    parts = (
        1
        if plan.floor_short
        else tranches.count(
            calm,
            inputs.rate[~situation.exits],
            inputs.gas[~situation.exits],
            params.minimum_trade / situation.reserve,
            params.max_tranches,
        )
    )
    allowed = _allowances(universe, situation, plan)
    for tried, size in ((parts, 1.0), *((1, smaller) for smaller in SMALLER[parts == 1 :])):
        part = tranches.first(flow, tried, situation.exits) * size
        found = amounts.swaps(universe, situation.quotes, situation.book, part, situation.unit_value)
        after = amounts.after(universe, situation.book, found)
        broken = _broken(universe, situation, after, allowed, plan)
        if not broken:
            return Trades(found, tried, part, after, (), _exited(universe, situation, found))
    return Trades((), 1, flow, situation.book, tuple(broken), ())


def _exited(universe: Universe, situation: Situation, swaps: Sequence[Swap]) -> tuple[str, ...]:
    fallen = {universe.symbols[asset] for asset in situation.pegs.where(State.FALLEN)}
    return tuple(sorted({swap.sell.token.symbol for swap in swaps} & fallen))


def _allowances(universe: Universe, situation: Situation, plan: Plan) -> dict[str, int]:
    """How far a repair may exceed each limit, WAD USD."""
    if plan.outcome is not Outcome.REPAIR or plan.nearest is None:
        return {}
    eased = zip(universe.limits, plan.inputs.slack, plan.nearest.slack, strict=True)
    return {limit.name: round(float(slack) * situation.reserve) for limit, slack, gave in eased if gave > 0}


def _broken(universe: Universe, situation: Situation, after: Book, allowed: dict[str, int], plan: Plan) -> list[str]:
    broken = [limit.text for limit in amounts.newly_broken(universe, situation.book, after, allowed)]
    kept, before = amounts.retained_value(universe, after), amounts.retained_value(universe, situation.book)
    least = round(plan.inputs.floor * situation.reserve) if plan.floor_lost else situation.floor
    if kept < least and (not plan.floor_short or kept < before):
        broken.append("runway floor")
    return broken
