"""Which assets may be bought or must be left: pegs measured in USD, and cross rates that contradict them."""

from __future__ import annotations

import enum
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from dao_bot.domain.units import WAD
from strategies.reserve_rebalance.crossrates import CrossRate
from strategies.reserve_rebalance.params import PegRules
from strategies.reserve_rebalance.universe import Array, Universe

FLOATING_WITNESS = 2.0
"""A floating asset moves while candles and feeds are minutes apart; its cross rates contradict at twice the bound."""

FALLING_WITNESS = 0.5
"""While an asset falls, medians and feeds lag: its cross rates agree when they tell half to 1.5 times its fall."""

MAJORITY = 0.5
"""An issuer is suspect when an asset that it backs by at least this share is."""


class State(enum.Enum):
    """What is known of an asset; only ON_PEG and FLOATING may be bought."""

    ON_PEG = "on its peg"
    FLOATING = "has no peg"
    FALLEN = "fell below its peg"
    BELOW = "stands below its peg"
    ABOVE = "stands above its peg"
    UNATTRIBUTED = "is on one side of a deviation that cannot be attributed"
    UNCHECKED = "cannot be checked"
    LEANING = "leans on the issuer of a suspect asset"
    UNPRICED = "has no usable USD price"


BUYABLE = frozenset({State.ON_PEG, State.FLOATING})
_LOW = frozenset({State.FALLEN, State.BELOW})
_SUSPECT = frozenset({State.FALLEN, State.BELOW, State.UNATTRIBUTED})


@dataclass(slots=True)
class Pegs:
    """State of n assets.

    Attributes:
        states: one for each asset.
        deviation: (n,) how far each may have fallen, as a positive share: what raises hazards.
        reasons: asset index to words, for what may not be bought.
    """

    states: list[State]
    deviation: Array
    reasons: dict[int, str] = field(default_factory=dict)

    @property
    def buyable(self) -> npt.NDArray[np.bool_]:
        return np.array([state in BUYABLE for state in self.states], dtype=bool)

    def where(self, state: State) -> list[int]:
        return [i for i, found in enumerate(self.states) if found is state]

    def suspect(self, asset: int, state: State, deviation: float, reason: str) -> None:
        """Lower an asset to `state`; what is already known to have fallen stays so."""
        self.deviation[asset] = max(self.deviation[asset], deviation)
        if self.states[asset] in BUYABLE:
            self.states[asset] = state
            self.reasons[asset] = reason


def assess(universe: Universe, rules: PegRules, usd: Sequence[int | None], rates: Sequence[CrossRate]) -> Pegs:
    """States of all assets from USD prices (WAD) and cross rates.

    Nothing clears an asset: USD prices say what is off its peg, and a cross rate that contradicts them by more than
    the bound makes both its legs unattributed, unless independent witnesses agree on which one fell. A cross rate of
    two assets that now stand at their pegs is held against its memory too.
    """
    bound = rules.bound / WAD
    price = np.array([np.nan if value is None else value / WAD for value in usd])
    pegs = Pegs(
        [State.ON_PEG if pegged else State.FLOATING for pegged in universe.pegged],
        np.where(universe.pegged & (price < 1.0), 1.0 - price, 0.0),
    )
    for i, symbol in enumerate(universe.symbols):
        if usd[i] is None:
            pegs.suspect(i, State.UNPRICED, 0.0, f"{symbol} has no usable USD price")
        elif universe.pegged[i] and price[i] < 1.0 - bound:
            words = f"{symbol} is at {price[i]:.4f} USD, below its peg"
            pegs.suspect(i, _low(universe, i, 1.0 - price[i]), 1.0 - price[i], words)
        elif universe.pegged[i] and price[i] > 1.0 + bound:
            pegs.suspect(i, State.ABOVE, 0.0, f"{symbol} is at {price[i]:.4f} USD, above its peg")
    _contradictions(universe, pegs, price, rates, bound)
    for rate in (rate for rate in rates if rate.rate is None):
        for leg in {rate.base, rate.quote} - {-1}:
            words = f"{universe.symbols[leg]} cannot be checked: {rate.problem}"
            pegs.suspect(leg, State.UNCHECKED, 0.0, words)
    _contagion(universe, pegs, rules.contagion / WAD)
    return pegs


@dataclass(frozen=True, slots=True)
class _Contradiction:
    """`low` is worth `size` less in `high` than the USD prices say (or was lately, unless `now`); -1 is USD."""

    low: int
    high: int
    size: float
    now: bool
    source: str


def _low(universe: Universe, asset: int, size: float) -> State:
    """Whether a fall is an emergency."""
    return State.FALLEN if size > universe.exit[asset] else State.BELOW


def _contradictions(universe: Universe, pegs: Pegs, price: Array, rates: Sequence[CrossRate], bound: float) -> None:
    against_market: list[_Contradiction] = []
    agreeing: set[frozenset[int]] = set()
    for rate in rates:
        legs = [leg for leg in (rate.base, rate.quote) if leg >= 0]
        if rate.rate is None or np.isnan(price[legs]).any():
            continue
        expected = price[rate.base] / (price[rate.quote] if rate.quote >= 0 else 1.0)
        off = rate.rate / expected - 1.0
        pegged = all(universe.pegged[leg] for leg in legs)
        already = max(pegs.deviation[leg] if pegs.states[leg] in _LOW else 0.0 for leg in legs)
        now = abs(off) > max(bound * (1.0 if pegged else FLOATING_WITNESS), already * FALLING_WITNESS)
        if not now:
            agreeing.add(frozenset(legs))
            if not pegged or any(pegs.states[leg] not in BUYABLE for leg in legs):
                continue
            off = max((seen - 1.0 for seen in rate.recent or (rate.rate,)), key=abs)
            if abs(off) <= bound:
                continue
        low, high = (rate.base, rate.quote) if off < 0 else (rate.quote, rate.base)
        against_market.append(_Contradiction(low, high, abs(off), now, rate.source))
    fallen = _attributed(universe, against_market, agreeing)
    for found in against_market:
        one, other = _name(universe, found.low), _name(universe, found.high)
        verb = "trades" if found.now else "lately traded"
        words = f"{one} {verb} {found.size:.2%} lower in {other} than their USD prices say ({found.source})"
        if found.now and found.low in fallen:
            agreed = f"{words}, and independent witnesses agree that it fell"
            pegs.suspect(found.low, _low(universe, found.low, found.size), found.size, agreed)
            continue
        for leg in (found.low, found.high):
            if leg >= 0:
                size = found.size if found.now else 0.0
                pegs.suspect(leg, State.UNATTRIBUTED, size, f"{words}, and which of them moved is not known")


def _attributed(universe: Universe, found: Sequence[_Contradiction], agreeing: set[frozenset[int]]) -> set[int]:
    """Assets that fell against two witnesses which share no issuer and do not contradict each other or rise alone.

    Only a fall is ever attributed. That one asset rose against two others is how a common fall of the two looks
    (DAI falls with USDC), so there nobody is cleared. Witnesses must have been seen to agree with each other.
    """
    witnesses: dict[int, set[int]] = {}
    losers: set[int] = set()
    for item in found:
        if item.now and item.low >= 0 and item.high >= 0:
            witnesses.setdefault(item.low, set()).add(item.high)
            losers.add(item.low)
    fallen = set()
    for asset, against in witnesses.items():
        clean = sorted(witness for witness in against if witness not in losers and universe.pegged[witness])
        for position, one in enumerate(clean):
            for other in clean[position + 1 :]:
                apart = not (universe.issuer_share[:, one] * universe.issuer_share[:, other]).any()
                if apart and frozenset((one, other)) in agreeing:
                    fallen.add(asset)
    return fallen


def _contagion(universe: Universe, pegs: Pegs, contagion: float) -> None:
    """Wrappers of what is suspect, and whoever leans on its issuer, are not bought either."""
    suspect = [i for i, state in enumerate(pegs.states) if state in _SUSPECT]
    if not suspect:
        return
    issuers = (universe.issuer_share[:, suspect] >= MAJORITY).any(axis=1)
    for i, symbol in enumerate(universe.symbols):
        inside = universe.inside[i]
        if inside >= 0 and pegs.states[inside] in _SUSPECT:
            reason = f"{symbol} wraps {universe.symbols[inside]}, which is suspect"
        elif float(universe.issuer_share[issuers, i].max(initial=0.0)) >= contagion:
            names = ", ".join(np.array(universe.issuers)[issuers & (universe.issuer_share[:, i] >= contagion)])
            reason = f"{symbol} leans on {names}, whose asset is suspect"
        else:
            continue
        pegs.suspect(i, State.LEANING, 0.0, reason)


def _name(universe: Universe, asset: int) -> str:
    return universe.symbols[asset] if asset >= 0 else "USD"


def raised_hazard(universe: Universe, rules: PegRules, pegs: Pegs) -> Array:
    """(F,) expected failures per year: as stated, plus what the present deviations of backed assets add.

    Only issuers: that an asset falls says nothing about the chain or the venue it is on.
    """
    hazard = universe.hazard.copy()
    beyond = np.maximum(pegs.deviation - universe.noise, 0.0)
    if not beyond.any():
        return hazard
    added = (universe.issuer_share * beyond).max(axis=1, initial=0.0) * (rules.hazard_for_point / WAD * 100.0)
    for name, more in zip(universe.issuers, added, strict=True):
        if more > 0:
            hazard[universe.failures.index(f"issuer {name}")] += more
    return hazard
