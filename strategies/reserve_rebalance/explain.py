"""The decision in words and named numbers: why this or why not now, what binds, cost against benefit, and holding."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from dao_bot.domain.units import WAD, format_ratio
from dao_bot.strategy import BindingConstraint, Decision, Evidence
from strategies.reserve_rebalance import amounts, trades
from strategies.reserve_rebalance.conflicts import FLOOR, MOST_SOLD, TURNOVER
from strategies.reserve_rebalance.optimum import scenario_cvar
from strategies.reserve_rebalance.params import Params
from strategies.reserve_rebalance.planner import Outcome, Plan
from strategies.reserve_rebalance.problem import Structure
from strategies.reserve_rebalance.situation import Situation
from strategies.reserve_rebalance.trades import Trades
from strategies.reserve_rebalance.universe import Array, Universe

BINDS = 1e-6
"""A shadow price below this (objective per unit of the reserve) is noise of the solver."""

SWAPS_SHOWN = 4


@dataclass(frozen=True, slots=True)
class Account:
    """Everything that a decision is explained from."""

    universe: Universe
    params: Params
    structure: Structure
    situation: Situation
    plan: Plan
    now: int

    @property
    def reserve(self) -> float:
        return self.situation.reserve / WAD

    def months(self, retained: float) -> float | None:
        """Months of burn that a retained value (USD) covers after commitments; None when nothing is burnt."""
        burn = self.params.monthly_burn / WAD
        return (retained - self.params.commitments / WAD) / burn if burn > 0 else None

    def cvar(self, weights: Array) -> float:
        return scenario_cvar(self.structure, self.plan.inputs, weights)


def decision(account: Account) -> Decision:
    """The decision for a plan; operations when it trades."""
    if account.plan.solution is None:
        return Decision.nothing(_why_not(account), evidence=_evidence(account, None), binding=())
    done = trades.first_tranche(account.universe, account.params, account.situation, account.plan)
    if not done.swaps:
        return Decision.nothing(_why_no_swap(done), evidence=_evidence(account, None))
    return Decision(
        operations=done.swaps,
        reason=_why(account, done),
        summary=_summary(account, done),
        evidence=_evidence(account, done),
        binding=tuple(_binding(account)),
        wake_at=account.now + account.params.pool_recovery if done.parts > 1 else None,
        urgent=bool(done.exited) or account.plan.floor_short,
    )


def _why_not(account: Account) -> str:
    plan, reasons = account.plan, _refusals(account)
    if plan.outcome is Outcome.CONFLICT:
        text = f"Nothing is done, because these constraints cannot hold together: {_listed(plan.conflict)}."
    elif plan.widest_move > 0 and plan.gain == 0:
        text = (
            f"There is nothing to do: the limits hold and every holding is within {plan.widest_move:.2%} "
            f"of the reserve of its best share; the no-trade band is {format_ratio(account.params.no_trade_band)}."
        )
    elif plan.gain < 0:
        text = (
            "There is nothing to do: the limits hold, and the best trade costs "
            f"{-plan.gain * account.reserve:,.2f} USD more than it is worth."
        )
    else:
        text = "There is nothing to do: the limits hold and no route offers a trade that is worth its cost."
    return " ".join([*_lost(plan), text, *reasons])


def _lost(plan: Plan) -> list[str]:
    return ["The runway is below its floor and no trade can lengthen it."] if plan.floor_lost else []


def _why_no_swap(done: Trades) -> str:
    if done.broken:
        return f"Nothing is done: in whole units the trade would break {_listed(done.broken)}."
    return "There is nothing to do: in whole units the best trade is nothing."


def _why(account: Account, done: Trades) -> str:
    plan = account.plan
    if done.exited:
        text = f"Emergency exit: {_listed(done.exited)} fell below a dollar and is sold at once."
    elif plan.floor_short:
        text = "The runway is below its floor, which overrides everything else."
    elif plan.outcome is Outcome.REPAIR:
        text = "The reserve is brought as near to its limits as one run allows."
    elif _over(account, account.plan.inputs.weights):
        text = f"Holding breaks {_listed(_over(account, account.plan.inputs.weights))}."
    else:
        text = (
            f"The trade is worth {plan.gain * account.reserve:,.2f} USD more than it costs, in tail risk at the "
            "stated price of risk."
        )
    if plan.outcome is Outcome.REPAIR:
        text += f" These constraints cannot hold together: {_listed(plan.conflict)}; the least gives way."
    if done.parts > 1:
        text += f" It is done in about {done.parts} tranches; this is the first, and each is decided anew."
    return " ".join([*_lost(plan), text, *_refusals(account)])


def _refusals(account: Account) -> list[str]:
    """What is not bought and why; the evidence has all of it."""
    reasons = [f"{reason}, so it is not bought." for reason in _unbought(account)]
    return reasons[:2] + ([f"{len(reasons) - 2} more assets are not bought."] if len(reasons) > 2 else [])


def _unbought(account: Account) -> Iterable[str]:
    state = account.situation.pegs
    return [f"{account.universe.symbols[asset]}: {state.reasons[asset]}" for asset in sorted(state.reasons)]


def _summary(account: Account, done: Trades) -> tuple[str, ...]:
    inputs = account.plan.inputs
    cost = float((done.flow * (1.0 - inputs.rate)).sum()) * account.reserve
    gas = float(inputs.gas[done.flow.sum(axis=1) > 0].sum()) * account.reserve
    sold = float(done.flow.sum()) * account.reserve
    shown = [f"{swap.sell} for about {swap.buy.amount(swap.expected)}" for swap in done.swaps[:SWAPS_SHOWN]]
    changes = _listed([*shown, f"{len(done.swaps) - SWAPS_SHOWN} more"] if len(done.swaps) > SWAPS_SHOWN else shown)
    return (
        f"Sells {changes}.",
        f"It costs about {cost:,.2f} USD ({cost / sold:.2%} of what is sold) and {gas:,.2f} USD of gas.",
        "It can fail if prices move beyond the minimum outputs before it is executed; then nothing happens. "
        "What is bought can fall after it was bought.",
    )


def _evidence(account: Account, done: Trades | None) -> tuple[Evidence, ...]:
    plan, situation, inputs = account.plan, account.situation, account.plan.inputs
    held = float(amounts.retained_value(account.universe, situation.book)) / WAD
    found = [Evidence("reserve", round(account.reserve, 2), "USD")]
    found += _runway("runway if held", account, held)
    found.append(_percent("CVaR if held", account.cvar(inputs.weights)))
    if done is not None and plan.solution is not None:
        weights = np.array([value / situation.reserve for value in done.after.values(account.universe.tokens)])
        sold = float(done.flow.sum())
        cost = float((done.flow * (1.0 - inputs.rate)).sum())
        found += _runway("runway after", account, float(amounts.retained_value(account.universe, done.after)) / WAD)
        found += [
            _percent("CVaR after", account.cvar(weights)),
            _percent("CVaR after all tranches", account.cvar(plan.solution.weights)),
            Evidence("sold", round(sold * account.reserve, 2), "USD"),
            Evidence("cost", round(cost * account.reserve, 2), "USD"),
            Evidence("gas", round(float(inputs.gas[done.flow.sum(axis=1) > 0].sum()) * account.reserve, 2), "USD"),
            Evidence("gain net of cost and gas", round(plan.gain * account.reserve, 2), "USD"),
            Evidence("tranches", done.parts),
        ]
    found += [Evidence("holding breaks", text) for text in _over(account, inputs.weights)]
    found += [Evidence("conflict", name) for name in plan.conflict]
    found += [Evidence("not bought", reason) for reason in _unbought(account)]
    found += [Evidence("route set aside", problem) for problem in situation.quotes.problems]
    if situation.gas_unpriced:
        found.append(Evidence("gas price", "the native coin has no usable USD price, so gas counted nothing"))
    if situation.left_out > 0.001:
        found.append(_percent("probability of more failures at once than are counted", situation.left_out))
    return tuple(found)


def _runway(name: str, account: Account, retained: float) -> list[Evidence]:
    months = account.months(retained)
    return [] if months is None else [Evidence(name, round(months, 2), "months")]


def _percent(name: str, share: float) -> Evidence:
    return Evidence(name, round(share * 100.0, 4), "%")


def _over(account: Account, weights: Array) -> list[str]:
    """Limits that these weights break."""
    rows = account.structure.excess(weights)
    return [limit.text for limit, over in zip(account.universe.limits, rows, strict=True) if over > BINDS]


def _binding(account: Account) -> Iterable[BindingConstraint]:
    """Limits with a shadow price: what loosening each would save, in USD of cost and priced risk.

    What gave way in a repair has no price: it is broken, and stands among the conflicts.
    """
    assert account.plan.solution is not None
    gave_way = account.plan.inputs.slack > BINDS
    prices = account.plan.solution.prices
    point = account.reserve * 0.01
    limits = zip(account.universe.limits, prices.get("limits", ()), gave_way, strict=True)
    named = [(limit.text, float(price), point, "USD per percentage point") for limit, price, gave in limits if not gave]
    named += [(pace, float(prices[pace][0]), point, "USD per percentage point") for pace in (TURNOVER, MOST_SOLD)]
    burn = account.params.monthly_burn / WAD
    named.append((FLOOR, float(prices[FLOOR][0]), burn, "USD per month of runway"))
    return [
        BindingConstraint(name, round(price * scale, 2), unit) for name, price, scale, unit in named if price > BINDS
    ]


def _listed(items: Iterable[str], most: int = 8) -> str:
    words = list(items)
    if len(words) > most:
        words = [*words[:most], f"{len(words) - most} more"]
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)
