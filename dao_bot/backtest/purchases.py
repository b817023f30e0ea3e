"""What purchases were worth afterwards: against the time-weighted price, and against the same budget spent evenly.

Who waits for a fall pays less than the days before it, on any price, also on one without memory. So the same dollars
are spent evenly a second time, over as long a time after each purchase: there a price without memory gives nothing.

Pure statistics over what was executed and how the price went; nothing here decides anything.
"""

from __future__ import annotations

import enum
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from dao_bot.domain.errors import BadInput

Floats = npt.NDArray[np.float64]
Times = npt.NDArray[np.int64]

ALLOWED_BPS = 20.0
"""An average price of at most this above the time-weighted one is good."""

FEWEST_STRETCHES = 8
"""With fewer stretches of time no interval is told: what few purchases did says nothing about the next ones."""

RESAMPLES = 4_000
LEVEL = 0.95


class Verdict(enum.StrEnum):
    """What purchases were: good is near the time-weighted price and cheaper than spending evenly, not by chance."""

    GOOD = "good"
    BAD = "bad"
    UNDECIDED = "undecided"


@dataclass(frozen=True, slots=True)
class Buy:
    """An executed purchase: when, what was spent in USD, costs included, and the whole tokens that came."""

    time: int
    spent: float
    bought: float


@dataclass(frozen=True, slots=True)
class Judgement:
    """How good purchases were.

    Attributes:
        average: USD paid for a token.
        twap: the time-weighted price over the same time.
        above_twap_bps: how far the average stands above it; negative is good.
        saving_bps: how much cheaper than the same budget spent evenly within each stretch; positive is good.
        interval_bps: where that saving lies with 95 %, by resampling whole stretches; None with too few of them.
        later_bps: the same against the same dollars spent evenly over a stretch's time after each purchase; None when
            no price follows.
        later_interval_bps: where that lies with 95 %.
        stretches: stretches of time with a purchase.
    """

    average: float
    twap: float
    above_twap_bps: float
    saving_bps: float
    interval_bps: tuple[float, float] | None
    later_bps: float | None
    later_interval_bps: tuple[float, float] | None
    stretches: int

    @property
    def near_twap(self) -> bool:
        """Whether the average price is at most the time-weighted one and 20 bp."""
        return self.above_twap_bps <= ALLOWED_BPS

    @property
    def cheaper(self) -> bool:
        """Whether the purchases were cheaper than spending evenly, and not by chance."""
        return self.interval_bps is not None and self.interval_bps[0] > 0.0

    @property
    def well_timed(self) -> bool:
        """Whether they were also cheaper than spending evenly afterwards, and not by chance."""
        return self.later_interval_bps is not None and self.later_interval_bps[0] > 0.0

    @property
    def dearer(self) -> bool:
        """Whether the purchases were dearer than spending evenly, and not by chance."""
        return self.interval_bps is not None and self.interval_bps[1] < 0.0

    @property
    def verdict(self) -> Verdict:
        """Bad as soon as one of both is shown to be missed; good when both are shown to be kept."""
        if not self.near_twap or self.dearer:
            return Verdict.BAD
        return Verdict.GOOD if self.cheaper else Verdict.UNDECIDED

    def sentences(self) -> tuple[str, str, str]:
        """The findings for a report, also when they are not the wished-for ones."""
        side = "above" if self.above_twap_bps >= 0 else "below"
        first = (
            f"The average price of {self.average:,.4f} USD is {abs(self.above_twap_bps):.1f} bp {side} the "
            f"time-weighted price, {'within' if self.near_twap else 'beyond'} the {ALLOWED_BPS:.0f} bp allowed."
        )
        if self.interval_bps is None:
            second = (
                f"Whether buying was cheaper than spending evenly cannot be told from {self.stretches} "
                f"stretch{'' if self.stretches == 1 else 'es'} of time; {FEWEST_STRETCHES} are needed."
            )
        else:
            low, high = self.interval_bps
            shown = f"saved {self.saving_bps:.1f} bp against spending evenly (95 % interval {low:.1f} to {high:.1f})"
            dearer = "it was dearer" if self.dearer else "that it was cheaper is not shown"
            second = f"Buying {shown}: {'it was cheaper' if self.cheaper else dearer}."
        return first, second, self._afterwards()

    def _afterwards(self) -> str:
        if self.later_bps is None or self.later_interval_bps is None:
            return "Whether it was the right time cannot be told: too little is known of what followed."
        low, high = self.later_interval_bps
        finding = "the time was well chosen" if self.well_timed else "that the time was well chosen is not shown"
        interval = f"95 % interval {low:.1f} to {high:.1f}"
        return f"It saved {self.later_bps:.1f} bp against spending evenly afterwards ({interval}): {finding}."


def judge(
    buys: Sequence[Buy],
    time: Times,
    price: Floats,
    *,
    stretch: int,
    begin: int = 0,
    end: int | None = None,
    even_cost: float = 0.0,
    seed: int = 0,
) -> Judgement:
    """Purchases against a price series.

    Args:
        time, price: (n,) epoch seconds, strictly growing, and USD for a token from then until the next entry. They
            begin no later than the first stretch with a purchase, and each such stretch holds at least one.
        stretch: seconds, counted from `begin`; the budget's period. Spending evenly means equal dollars at each entry
            of the series within the stretch in which a purchase was made, so that only timing is compared.
        begin: epoch seconds at which the first stretch begins.
        end: when the time that is compared ends, if within a stretch.
        even_cost: what spending evenly would have cost in fees and impact, as a part of the price.
        seed: of the resampling.

    Raises:
        BadInput: no purchases, or a series that does not cover them or holds what is no price.
    """
    _require(bool(buys), "there are no purchases to judge", 0)
    _require(
        len(time) == len(price) > 0 and bool((np.diff(time) > 0).all()), "the times of prices must grow", len(time)
    )
    _require(bool((np.isfinite(price) & (price > 0)).all()), "prices must be positive numbers", "others")
    _require(stretch > 0 and even_cost >= 0, "stretch and cost must be positive", f"{stretch}, {even_cost}")
    _require(all(buy.spent > 0 and buy.bought > 0 for buy in buys), "a purchase spends and brings something", "less")
    place = np.array([(buy.time - begin) // stretch for buy in buys])
    spent = np.array([buy.spent for buy in buys])
    bought = np.array([buy.bought for buy in buys])
    found, row = np.unique(place, return_inverse=True)
    spent_in: Floats = np.bincount(row, weights=spent).astype(np.float64)
    bought_in: Floats = np.bincount(row, weights=bought).astype(np.float64)
    windows = [_window(time, begin + int(each) * stretch, stretch) for each in found]
    even_in = np.array(
        [paid / (_harmonic(price[window]) * (1.0 + even_cost)) for paid, window in zip(spent_in, windows, strict=True)]
    )
    later = _later(buys, row, time, price, stretch, even_cost)
    average = float(spent.sum() / bought.sum())
    last = begin + (int(found[-1]) + 1) * stretch
    twap = _twap(time, price, begin + int(found[0]) * stretch, last if end is None else min(last, end))
    return Judgement(
        average=average,
        twap=twap,
        above_twap_bps=(average / twap - 1.0) * 10_000,
        saving_bps=_saving(bought_in, even_in),
        interval_bps=_interval(bought_in, even_in, seed) if len(found) >= FEWEST_STRETCHES else None,
        later_bps=_saving(*later) if len(later[0]) else None,
        later_interval_bps=_interval(*later, seed) if len(later[0]) >= FEWEST_STRETCHES else None,
        stretches=len(found),
    )


def _later(
    buys: Sequence[Buy], row: npt.NDArray[np.int64], time: Times, price: Floats, stretch: int, even_cost: float
) -> tuple[Floats, Floats]:
    """Tokens bought in each stretch, and those of the same dollars spent evenly in the time after each purchase.

    Purchases whose time after them is not known to its end are left out.
    """
    bought, even = np.zeros(int(row.max()) + 1), np.zeros(int(row.max()) + 1)
    for buy, at in zip(buys, row, strict=True):
        first, after = np.searchsorted(time, (buy.time, buy.time + stretch), "right")
        if after > first and time[-1] >= buy.time + stretch:
            bought[at] += buy.bought
            even[at] += buy.spent / (_harmonic(price[first:after]) * (1.0 + even_cost))
    known = bought > 0
    return bought[known], even[known]


def _saving(bought: Floats, even: Floats) -> float:
    """For the same dollars: how much less a token cost, in basis points of the even price."""
    return (1.0 - float(even.sum() / bought.sum())) * 10_000


def _interval(bought: Floats, even: Floats, seed: int) -> tuple[float, float]:
    """Percentiles of the saving over stretches drawn with replacement, each with all of its purchases."""
    drawn = np.random.default_rng(seed).integers(0, len(bought), (RESAMPLES, len(bought)))
    savings = (1.0 - even[drawn].sum(axis=1) / bought[drawn].sum(axis=1)) * 10_000
    low, high = np.quantile(savings, ((1 - LEVEL) / 2, (1 + LEVEL) / 2))
    return float(low), float(high)


def _window(time: Times, start: int, stretch: int) -> slice:
    first, after = np.searchsorted(time, (start, start + stretch))
    _require(after > first, "the series has no price in a stretch with a purchase", f"from {start}")
    return slice(int(first), int(after))


def _harmonic(price: Floats) -> float:
    """What a token costs when equal dollars are spent at each price."""
    return float(len(price) / (1.0 / price).sum())


def _twap(time: Times, price: Floats, start: int, end: int) -> float:
    """Each price counts from its time until the next one, within [start, end)."""
    _require(bool(time[0] <= start), "the series begins after the first stretch", f"{int(time[0])} > {start}")
    until = np.append(time[1:], max(end, int(time[-1])))
    held = np.clip(np.minimum(until, end) - np.maximum(time, start), 0, None)
    return float((price * held).sum() / held.sum())


def _require(holds: bool, what: str, value: object) -> None:
    if not holds:
        raise BadInput(what, value=value)
