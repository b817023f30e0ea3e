"""How a run went, beside holding and beside equal weight. Balances are exact; marks of them are float64, to compare."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from dao_bot.backtest.limits import outside_limits
from dao_bot.backtest.paths import Floats, Times
from dao_bot.backtest.result import Result
from dao_bot.domain.tokens import Token
from dao_bot.domain.units import WAD

DAY = 86_400
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Runway:
    """What must be paid. Money in WAD USD.

    Attributes:
        months: that must always be covered.
        haircuts: WAD share of a token's value that does not count, by token.
    """

    monthly_burn: int
    commitments: int = 0
    months: int = 0
    haircuts: Mapping[Token, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Marks:
    """The treasury at M moments: whenever a price moved, at the beginning and at the end.

    Attributes:
        whole: (M, n) whole tokens in the Safe.
        inside: (M, n) whole tokens in the positions, fees included.
        usd: (M, n) dollars for one whole token, the last known one where none is known.
        value: (M,) dollars, less all that was spent on gas until then.
        hold, equal: (M,) dollars had nothing been done; had the same dollars been spread equally, and then nothing.
            What was paid out or burnt on purpose is taken off both.
        unknown: (M,) something that is held had no price.
    """

    tokens: tuple[Token, ...]
    time: Times
    whole: Floats
    inside: Floats
    usd: Floats
    value: Floats
    hold: Floats
    equal: Floats
    unknown: Flags

    @property
    def values(self) -> Floats:
        """(M, n) dollars in each token, in the Safe or in positions."""
        return (self.whole + self.inside) * self.usd


@dataclass(frozen=True, slots=True)
class Measures:
    """Dollars, shares of the value at the beginning, and days.

    Attributes:
        worst, drawdown: the furthest below the beginning, and below the highest value before, as positive shares.
        turnover: dollars sold in swaps as a share of the value at the beginning.
        cost: fees and impact; gas comes on top.
        earned: dollars of fees that own positions earned, at the prices of the end.
        provided: dollars in positions at the end.
        runway_least: fewest months that were covered; None without a stated runway.
        days_short: days in which less was covered than must be.
        days_outside: days in which holdings were outside of what the policy allows to be bought into.
        days_unknown: days in which something held had no price.
        endings: how often runs ended in which way.
        executed, failed: batches.
    """

    begin: int
    end: int
    start_value: float
    final_value: float
    final_hold: float
    final_equal: float
    worst: float
    worst_hold: float
    worst_equal: float
    drawdown: float
    drawdown_hold: float
    turnover: float
    cost: float
    gas: float
    days_outside: float
    days_unknown: float
    endings: Mapping[str, int]
    executed: int
    failed: int
    earned: float = 0.0
    provided: float = 0.0
    runway_least: float | None = None
    runway_final: float | None = None
    days_short: float | None = None

    @property
    def days(self) -> float:
        return (self.end - self.begin) / DAY


def mark(result: Result) -> Marks:
    """Values through time.

    A token that has never had a price counts nothing, in all three columns alike.
    """
    test, paths = result.backtest, result.backtest.market.paths
    inside = paths.time[(paths.time > test.begin) & (paths.time <= test.end)]
    noted = [note.at for each in result.provided for note in each.inside]
    time = np.unique(np.concatenate([[test.begin], inside, [step.at for step in result.steps], noted, [test.end]]))
    rows = np.searchsorted(paths.time, time, side="right") - 1
    columns = [test.market.column.get(token, -1) for token in result.tokens]
    usd, known = np.zeros((len(time), len(columns))), np.zeros((len(time), len(columns)), dtype=bool)
    for position, column in enumerate(columns):
        if column >= 0:
            usd[:, position] = np.nan_to_num(paths.carried[rows, column])
            known[:, position] = ~np.isnan(paths.usd[rows, column])
    scale = np.array([10.0**token.decimals for token in result.tokens])
    balances = np.array([[float(units) for units in step.units] for step in result.steps]) / scale
    steps = np.searchsorted([step.at for step in result.steps], time, side="right") - 1
    steps[0] = 0  # the beginning is what was there before anything was done
    positions = _inside(result, time)
    whole, gas = balances[steps], np.array([step.gas_usd for step in result.steps])[steps]
    paid = np.array([step.paid_usd for step in result.steps])[steps]
    return Marks(
        tokens=result.tokens,
        time=time.astype(np.int64),
        whole=whole,
        inside=positions,
        usd=usd,
        value=((whole + positions) * usd).sum(axis=1) - gas,
        hold=usd @ balances[0] - paid,
        equal=usd @ _equal_weight(result, balances[0] @ usd[0], usd[0]) - paid,
        unknown=((whole + positions > 0) & ~known).any(axis=1),
    )


def _inside(result: Result, time: Times) -> Floats:
    """(M, n) whole tokens in the positions at each time, as last noted."""
    found = np.zeros((len(time), len(result.tokens)))
    for each in result.provided:
        rows = np.searchsorted([note.at for note in each.inside], time, side="right") - 1
        for side, token in enumerate(each.tokens):
            noted = np.array([0.0, *(note.amounts[side] / 10**token.decimals for note in each.inside)])
            found[:, result.tokens.index(token)] += noted[rows + 1]
    found[0] = 0.0  # the beginning is what was there before anything was done
    return found


def _equal_weight(result: Result, value: float, usd: Floats) -> Floats:
    """Whole tokens when `value` is spread equally over what could be traded at the beginning."""
    hold_only = result.backtest.governed.hold_only if result.backtest.governed else frozenset()
    chosen = np.array(
        [
            price > 0 and not token.is_native and token.address not in hold_only
            for token, price in zip(result.tokens, usd, strict=True)
        ]
    )
    whole = np.zeros(len(usd))
    whole[chosen] = value / np.count_nonzero(chosen) / usd[chosen]
    return whole


def measure(result: Result, marks: Marks, runway: Runway | None = None) -> Measures:
    """All numbers of a run."""
    start = float(marks.value[0])
    seconds = np.diff(marks.time, append=marks.time[-1])
    fills = [fill for deed in result.deeds for fill in deed.fills]
    swaps = [fill for fill in fills if fill.bought is not None]
    endings: dict[str, int] = {}
    for visit in result.visits:
        endings[visit.ending] = endings.get(visit.ending, 0) + 1
    months = None if runway is None else covered(marks, runway)
    short = None if months is None or runway is None else months < runway.months
    return Measures(
        begin=int(marks.time[0]),
        end=int(marks.time[-1]),
        start_value=start,
        final_value=float(marks.value[-1]),
        final_hold=float(marks.hold[-1]),
        final_equal=float(marks.equal[-1]),
        worst=fallen(marks.value),
        worst_hold=fallen(marks.hold),
        worst_equal=fallen(marks.equal),
        drawdown=deepest(marks.value),
        drawdown_hold=deepest(marks.hold),
        turnover=sum(fill.sold_usd for fill in swaps) / start if start else 0.0,
        cost=sum(fill.cost for fill in swaps),
        gas=result.steps[-1].gas_usd,
        days_outside=_days(outside_limits(result, marks.values), seconds),
        days_unknown=_days(marks.unknown, seconds),
        endings=endings,
        executed=sum(deed.failure is None for deed in result.deeds),
        failed=sum(deed.failure is not None for deed in result.deeds),
        earned=_earned(result, marks),
        provided=float((marks.inside[-1] * marks.usd[-1]).sum()),
        runway_least=None if months is None else float(months.min()),
        runway_final=None if months is None else float(months[-1]),
        days_short=None if short is None else _days(short, seconds),
    )


def _earned(result: Result, marks: Marks) -> float:
    last = dict(zip(marks.tokens, marks.usd[-1].tolist(), strict=True))
    return float(
        sum(
            units / 10**token.decimals * last[token]
            for each in result.provided
            for token, units in zip(each.tokens, each.fees, strict=True)
        )
    )


def covered(marks: Marks, runway: Runway) -> Floats:
    """(M,) months that what lies in the Safe would pay for, after haircuts and commitments; positions pay no bills."""
    kept = np.array([1.0 - runway.haircuts.get(token, 0) / WAD for token in marks.tokens])
    months: Floats = ((marks.whole * marks.usd) @ kept - runway.commitments / WAD) / (runway.monthly_burn / WAD)
    return months


def fallen(value: Floats) -> float:
    """The furthest below the beginning, as a share of it; zero when it never was."""
    return max(0.0, 1.0 - float(value.min()) / float(value[0])) if value[0] else 0.0


def deepest(value: Floats) -> float:
    """The largest fall from any earlier value, as a share of that."""
    highest = np.maximum.accumulate(value)
    return float((1.0 - value / np.where(highest > 0, highest, 1.0)).max())


def _days(flags: Flags, seconds: Times) -> float:
    return float(seconds[flags].sum()) / DAY
