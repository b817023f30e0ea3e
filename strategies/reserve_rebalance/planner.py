"""From numbers to a plan: hold, rebalance, repair as far as possible, or say which constraints conflict."""

from __future__ import annotations

import enum
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from strategies.reserve_rebalance import conflicts
from strategies.reserve_rebalance.optimum import FEASIBILITY, Infeasible, Optimizer, scenario_cvar
from strategies.reserve_rebalance.problem import Inputs, Mask, Solution
from strategies.reserve_rebalance.universe import Array

UNDERCUT = 1e-7
"""A repair must bring the reserve nearer to its limits by more than this share of it."""


class Outcome(enum.Enum):
    """What the planner found."""

    HOLD = "hold"
    TRADE = "trade"
    REPAIR = "repair"
    CONFLICT = "conflict"


@dataclass(frozen=True, slots=True)
class Rules:
    """When to trade at all.

    Attributes:
        band: no-trade band, share of the reserve.
        spendable: what trades may cost when no trade can restore the runway, share of the reserve.
        exits: (m,) routes that sell what fell from its peg.
        limit_names: of the limits, in their order.
        blocked: words to the (m, K) room that each reason takes away.
    """

    band: float
    spendable: float
    exits: Mask
    limit_names: Sequence[str]
    blocked: Mapping[str, Array]


@dataclass(frozen=True, slots=True)
class Plan:
    """An outcome with everything needed to explain it.

    Attributes:
        inputs: as solved, with what gave way.
        hold_objective: lambda x CVaR of holding.
        gain: what the objective improves, net of cost and gas.
        widest_move: largest change of a weight in the best trade, gas and minimum trade left out.
        conflict: constraints that cannot hold together.
        floor_short: holding breaks the runway floor, and the trade lengthens the runway.
        floor_lost: holding breaks the runway floor, and no trade lengthens the runway.
        nearest: what gave way in a repair.
    """

    outcome: Outcome
    inputs: Inputs
    solution: Solution | None = None
    hold_objective: float = 0.0
    gain: float = 0.0
    widest_move: float = 0.0
    conflict: tuple[str, ...] = ()
    floor_short: bool = False
    floor_lost: bool = False
    nearest: conflicts.Nearest | None = None


def plan(optimizer: Optimizer, inputs: Inputs, pairs: Mask, rules: Rules) -> Plan:
    """The best thing to do with the routes in `pairs`."""
    s = optimizer.structure
    excess = s.excess(inputs.weights)
    floor_short = bool(s.retained @ inputs.weights < inputs.floor)
    hold = s.risk_aversion * scenario_cvar(s, inputs, inputs.weights)
    held = Plan(Outcome.HOLD, inputs, hold_objective=hold, floor_short=floor_short)
    if not pairs.any():
        if not floor_short and excess.max(initial=0.0) <= FEASIBILITY:
            return held
        if not s.pairs:
            return replace(held, outcome=Outcome.CONFLICT, conflict=_broken(optimizer, inputs, rules))
        return replace(held, outcome=Outcome.CONFLICT, conflict=_names(optimizer, inputs, inputs, rules))
    try:
        relaxed = optimizer.optimum(inputs, pairs, 0.0)
    except Infeasible:
        return _repair(optimizer, inputs, pairs, rules, held)
    tolerated = not floor_short and excess.max(initial=0.0) <= rules.band
    moves = float(np.abs(relaxed.weights - inputs.weights).max())
    exiting = bool(relaxed.flow[rules.exits].sum() >= max(inputs.minimum_trade, FEASIBILITY))
    if tolerated and not exiting and moves < rules.band:
        return replace(held, widest_move=moves)
    return _with_fixed_costs(optimizer, inputs, pairs, relaxed, replace(held, widest_move=moves), tolerated)


def _with_fixed_costs(
    optimizer: Optimizer, inputs: Inputs, pairs: Mask, relaxed: Solution, held: Plan, tolerated: bool
) -> Plan:
    """Choose the routes that are worth their gas and large enough, and solve again on them."""
    solution = relaxed
    used = relaxed.flow.sum(axis=1) > 0
    if inputs.minimum_trade > 0 or inputs.gas.any():
        try:
            used = optimizer.support(inputs, pairs, used)
            if used.any():
                solution = optimizer.optimum(inputs, used, inputs.minimum_trade)
        except Infeasible:
            return replace(held, outcome=Outcome.CONFLICT, conflict=("minimum trade",))
    gain = held.hold_objective - solution.objective - float(inputs.gas[used].sum())
    if not used.any() or (tolerated and gain <= 0):
        return replace(held, gain=gain if used.any() else 0.0)
    return replace(held, outcome=Outcome.TRADE, inputs=inputs, solution=solution, gain=gain)


def _repair(optimizer: Optimizer, inputs: Inputs, pairs: Mask, rules: Rules, held: Plan) -> Plan:
    """No trade satisfies every limit: let the least give way, the runway floor last, and do what then is best."""
    short = held.floor_short
    above = float(optimizer.structure.retained @ inputs.weights) - inputs.floor
    aim = replace(
        inputs,
        room=np.where(pairs[:, None], inputs.room, 0.0),
        floor=inputs.floor + (inputs.margin if short else min(inputs.margin, above)),
    )
    if conflicts.nearest(optimizer, replace(aim, floor=inputs.floor), floor_first=short, keep=0.0).total <= FEASIBILITY:
        exact = replace(inputs, margin=0.0, slack=inputs.slack + FEASIBILITY / 2)
        relaxed = optimizer.optimum(exact, pairs, 0.0)
        return _with_fixed_costs(optimizer, exact, pairs, relaxed, held, tolerated=False)
    nearest = conflicts.nearest(optimizer, aim, floor_first=short, keep=inputs.margin)
    named = replace(held, nearest=nearest, outcome=Outcome.CONFLICT, conflict=_names(optimizer, aim, inputs, rules))
    if short and not _nearer(optimizer, inputs, nearest):
        return _without_floor(optimizer, inputs, pairs, rules, named)
    if not short and (conflicts.contradictory(optimizer, inputs) or not _nearer(optimizer, inputs, nearest)):
        return named
    eased = _eased(optimizer, inputs, aim, nearest, least=0.0 if short else inputs.minimum_trade)
    try:
        relaxed = optimizer.optimum(eased, pairs, 0.0)
        found = _with_fixed_costs(optimizer, eased, pairs, relaxed, named, tolerated=False)
    except Infeasible:
        return named
    if found.outcome is not Outcome.TRADE:
        return named
    return replace(found, outcome=Outcome.REPAIR, conflict=named.conflict)


def _eased(optimizer: Optimizer, inputs: Inputs, aim: Inputs, nearest: conflicts.Nearest, least: float) -> Inputs:
    """The problem in which what must give way has given way, with half the margin of its nearest point to spare.

    Trades have a least size, so limits that give way are met to within one of them, but never less than now.
    """
    half = inputs.margin / 2
    gave = nearest.slack + 4 * inputs.margin
    now = optimizer.structure.excess(inputs.weights)
    return replace(
        inputs,
        floor=aim.floor - 2 * half - (nearest.shortfall + 4 * half if nearest.shortfall > 0 else 0.0),
        turnover=inputs.turnover + (nearest.extra_turnover + 4 * half if nearest.extra_turnover > 0 else 0.0),
        slack=np.where(nearest.slack > 0, np.clip(gave + least, gave, np.maximum(gave, now)), 0.0),
        minimum_trade=least,
        margin=half,
    )


def _without_floor(optimizer: Optimizer, inputs: Inputs, pairs: Mask, rules: Rules, named: Plan) -> Plan:
    """The runway is short whatever is traded: what else the reserve needs is done, at the cost that trades may have."""
    now = float(optimizer.structure.retained @ inputs.weights)
    found = plan(optimizer, replace(inputs, floor=now - rules.spendable), pairs, rules)
    return replace(found, floor_lost=True, conflict=(*named.conflict, *found.conflict))


def _nearer(optimizer: Optimizer, inputs: Inputs, nearest: conflicts.Nearest) -> bool:
    """Whether trading comes nearer to floor or limits than holding does."""
    s = optimizer.structure
    short = max(inputs.floor - float(s.retained @ inputs.weights), 0.0)
    if short > 0:
        return nearest.shortfall < short - UNDERCUT
    now = float(np.maximum(s.excess(inputs.weights) + inputs.margin, 0.0).sum())
    return float(nearest.slack.sum()) < now - UNDERCUT


def _names(optimizer: Optimizer, open_inputs: Inputs, inputs: Inputs, rules: Rules) -> tuple[str, ...]:
    exact = replace(open_inputs, floor=inputs.floor)
    return tuple(conflicts.conflicting(optimizer, exact, rules.limit_names, rules.blocked))


def _broken(optimizer: Optimizer, inputs: Inputs, rules: Rules) -> tuple[str, ...]:
    """The limits that holding breaks."""
    s = optimizer.structure
    excess = s.excess(inputs.weights)
    broken = [name for name, over in zip(rules.limit_names, excess, strict=True) if over > FEASIBILITY]
    short = bool(s.retained @ inputs.weights < inputs.floor)
    return (*([conflicts.FLOOR] if short else []), *broken)
