"""Crisis replay: the configured reserve through each crisis for which there is data, held to the stated limits."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import numpy as np

from dao_bot.backtest.assembly import History, Parts, assemble, both_ways
from dao_bot.backtest.backtest import Player
from dao_bot.backtest.crises import CRISES, LIMITS, Crisis, Limits
from dao_bot.backtest.crisis_data import DAY, MINUTE, load_candles, without_recovery
from dao_bot.backtest.execution import Fill
from dao_bot.backtest.history import CandleHistory, SlicedHistory
from dao_bot.backtest.measures import Marks, Measures, Runway, fallen, mark, measure
from dao_bot.backtest.result import Result
from dao_bot.backtest.run import run
from dao_bot.backtest.settings import MarketSettings
from dao_bot.domain.errors import BadInput
from dao_bot.domain.units import WAD
from dao_bot.engine.schedule import Every

YEAR = 365.0
UNNAMED = "1 USD"
"""Price of the tokens of a configuration that a crisis says nothing about; none of them is held."""
PEGGED = 0.5
"""What sells for so much of a dollar at least, and not for more than one, is taken to be pegged to it."""
PEG_BACK = 0.005
"""The peg has come back when the token ends within so much of a dollar."""


@dataclass(frozen=True, slots=True)
class Line:
    """One limit and what came out. `value` and `bound` are shares, counts or months; at most, unless `at_least`."""

    limit: str
    value: float
    bound: float
    unit: str
    at_least: bool = False

    @property
    def passed(self) -> bool:
        return self.value >= self.bound if self.at_least else self.value <= self.bound


@dataclass(frozen=True, slots=True)
class Case:
    """One crisis replayed, once as it was or once without its recovery."""

    crisis: Crisis
    cut_off: bool
    result: Result
    marks: Marks
    measures: Measures
    lines: tuple[Line, ...]

    @property
    def name(self) -> str:
        return f"{self.crisis.name}{'-cut-off' if self.cut_off else ''}"

    @property
    def title(self) -> str:
        return f"{self.crisis.title}{', and never recovers' if self.cut_off else ''}"

    @property
    def passed(self) -> bool:
        return all(line.passed for line in self.lines)


@dataclass(frozen=True, slots=True)
class Replay:
    """What is replayed, and how its market is.

    Attributes:
        settings: of the market, but for prices, files and start.
        prices: of tokens that the crises say nothing about, such as `2.50 USD`; a dollar where none is stated.
    """

    parts: Parts
    players: tuple[Player, ...]
    runway: Runway | None
    settings: MarketSettings
    prices: Mapping[str, str] = field(default_factory=dict)
    limits: Limits = LIMITS

    def case(self, crisis: Crisis, directory: Path, *, cut_off: bool = False) -> Case:
        """One crisis.

        Raises:
            NotFound, BadInput: its data is missing or unusable, or the configuration lacks its tokens.
        """
        begin, end = moment(crisis.begin), moment(crisis.end)
        candles = load_candles(crisis, directory)
        if cut_off:
            candles = without_recovery(candles, begin, end, self._smoothing(crisis))
            end = int(candles.time[-1])
        settings = self._settings(crisis)
        intervals = both_ways({crisis.pair: candles.interval})
        history = History(SlicedHistory([CandleHistory({crisis.pair: candles})]), intervals)
        players = tuple(_daily(player) for player in self.players) if crisis.daily else self.players
        result = run(
            assemble(
                self.parts,
                settings,
                directory,
                players=players,
                begin=begin,
                end=end,
                history=history,
            )
        )
        marks = mark(result)
        measures = measure(result, marks, self.runway)
        lines = tuple(_lines(self, crisis, cut_off, result, marks, measures))
        return Case(crisis, cut_off, result, marks, measures, lines)

    def _smoothing(self, crisis: Crisis) -> int:
        return max(1, self.settings.marks // (DAY if crisis.daily else MINUTE))

    def _settings(self, crisis: Crisis) -> MarketSettings:
        known = {*self.parts.facts.tokens, self.parts.facts.native.symbol}
        lacking = sorted(set(crisis.start) - known)
        if lacking:
            raise BadInput(
                "the crises are about tokens that the configuration does not have",
                value=", ".join(lacking),
                limit=", ".join(sorted(known)),
            )
        prices = {symbol: self.prices.get(symbol) or crisis.prices.get(symbol, UNNAMED) for symbol in known}
        fresh = MarketSettings.model_validate({"start": crisis.start, "prices": prices})
        return self.settings.model_copy(update={"start": fresh.start, "prices": fresh.prices, "files": ()})


@dataclass(frozen=True, slots=True)
class CaseOf:
    """One case of a replay, for a sweep."""

    plan: Replay
    directory: Path

    def __call__(self, chosen: tuple[Crisis, bool]) -> Case:
        crisis, cut_off = chosen
        return self.plan.case(crisis, self.directory, cut_off=cut_off)


def replayed_in(directory: Path, crises: Sequence[Crisis] = CRISES) -> list[tuple[Crisis, bool]]:
    """Every crisis whose data file is there, and each that breaks a peg once more without its recovery."""
    return [
        (crisis, cut_off)
        for crisis in crises
        if (directory / crisis.file).is_file()
        for cut_off in ((False, True) if crisis.fallen is not None else (False,))
    ]


def moment(text: str) -> int:
    """`2022-05-11 00:00`, UTC, as epoch seconds."""
    return int(datetime.fromisoformat(f"{text}+00:00").timestamp())


def _daily(player: Player) -> Player:
    return Player(player.name, player.strategy, Every(DAY), player.jitter, player.valid_for, player.max_failures)


def _lines(
    plan: Replay, crisis: Crisis, cut_off: bool, result: Result, marks: Marks, measures: Measures
) -> Iterator[Line]:
    """What the limits say of one case."""
    limits = plan.limits
    half = limits.worst_of_hold / WAD
    if crisis.fallen is None:
        yield from _calm_lines(limits, result, measures)
    elif cut_off:
        lost = 1.0 - measures.final_value / measures.start_value
        yield Line("loss when the peg never comes back", lost, limits.cut_off_loss / WAD, "share")
    else:
        yield Line("worst mark, of holding's", _part(measures.worst, measures.worst_hold), half, "of holding")
        if crisis.eve is not None and crisis.eve != crisis.begin:
            own, held = _since(marks, moment(crisis.eve))
            if held >= limits.material / WAD:
                yield Line("worst mark since the eve, of holding's", _part(own, held), half, "of holding")
        last = float(marks.usd[-1, [token.symbol for token in marks.tokens].index(crisis.fallen)])
        if abs(last - 1.0) <= PEG_BACK:
            behind = (measures.final_hold - measures.final_value) / measures.start_value
            yield Line("final value behind holding's", behind, limits.final_lag / WAD, "share")
    if plan.runway is not None and measures.runway_least is not None:
        yield Line("fewest months of runway", measures.runway_least, plan.runway.months, "months", at_least=True)


def _part(own: float, held: float) -> float:
    """Own fall as a part of holding's; one who falls where holding does not is beyond any part."""
    return own / held if held > 0 else (0.0 if own <= 0 else float("inf"))


def _since(marks: Marks, eve: int) -> tuple[float, float]:
    """Worst marks from the eve on: of the treasury, and of what it held on the eve."""
    first = int(np.searchsorted(marks.time, eve))
    held = marks.usd[first:] @ marks.whole[first]
    return fallen(marks.value[first:]), fallen(held)


def _calm_lines(limits: Limits, result: Result, measures: Measures) -> Iterator[Line]:
    """Exits in calm times, and every other batch that sold something as far below a dollar, urgent or not.

    What was sold below a dollar would have come back, so the distance is their cost.
    """
    years = measures.days / YEAR
    done = [deed for deed in result.deeds if deed.failure is None]
    exits = [deed for deed in done if deed.batch.urgent or any(_sold_low(fill) for fill in deed.fills)]
    low = (fill for deed in exits for fill in deed.fills if fill.bought is not None)
    lost = sum(max(_whole(fill) - fill.bought_usd, 0.0) for fill in low if fill.sold_usd < _whole(fill))
    yield Line("false exits a year", len(exits) / years, limits.false_exits, "a year")
    yield Line("cost of false exits a year", lost / measures.start_value / years, limits.false_exit_cost / WAD, "share")


def _sold_low(fill: Fill) -> bool:
    """A pegged token that was sold further below a dollar than a peg that is back; the others are worth more."""
    return fill.bought is not None and 1.0 - PEG_BACK > fill.sold_usd / _whole(fill) > PEGGED


def _whole(fill: Fill) -> float:
    return float(fill.sold.units / 10**fill.sold.token.decimals)
