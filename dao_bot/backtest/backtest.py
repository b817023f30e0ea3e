"""What a backtest is made of: a market, a treasury, the strategies and their times, and the policy."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from dao_bot.backtest.execution import EXECUTORS, Execute
from dao_bot.backtest.governed import Governed
from dao_bot.backtest.market import Market
from dao_bot.cards.text import utc
from dao_bot.chain.provider import Provider
from dao_bot.chain.provider import Treasury as Facts
from dao_bot.domain.errors import BadInput
from dao_bot.domain.tokens import Token
from dao_bot.domain.units import WAD
from dao_bot.engine.schedule import Schedule
from dao_bot.policy.slippage_limits import SlippageLimits
from dao_bot.strategy import Strategy


@dataclass(frozen=True, slots=True)
class Player:
    """A strategy and when it runs.

    Attributes:
        jitter, valid_for: seconds.
        max_failures: it is paused after so many failed runs in a row.
    """

    name: str
    strategy: Strategy
    schedule: Schedule
    jitter: int = 0
    valid_for: int = 43_200
    max_failures: int = 3


@dataclass(frozen=True, slots=True)
class Backtest:
    """Everything that a run follows from; two equal ones come to the same result, bit for bit.

    Attributes:
        facts: the treasury's fixed facts, as on a chain.
        players: in the order in which they run on the treasury.
        start: base units held at `begin`; what is absent is not held.
        begin, end: epoch seconds, both included.
        delay: seconds from a decision to its execution: people have to read and sign.
        slippage: the largest loss of a swap against the prices of the decision.
        prices: who answers `Prices`; the market itself when None.
        governed: the policy; without one every batch passes.
        providers, executors: for needs and operations that this package does not know.
    """

    market: Market
    facts: Facts
    players: tuple[Player, ...]
    start: Mapping[Token, int]
    begin: int
    end: int
    delay: int = 0
    slippage: SlippageLimits = SlippageLimits(50 * WAD // 10_000)
    prices: Provider | None = None
    governed: Governed | None = None
    providers: tuple[Provider, ...] = ()
    executors: Mapping[type, Execute] = field(default_factory=lambda: EXECUTORS)

    def __post_init__(self) -> None:
        if self.end <= self.begin:
            raise BadInput("a backtest must end after it begins", value=f"{utc(self.begin)} to {utc(self.end)}")
        if len({player.name for player in self.players}) != len(self.players):
            raise BadInput("two strategies of a backtest have one name")
        time = self.market.paths.time
        if not (time[0] <= self.begin and self.begin < time[-1]):
            raise BadInput(
                "the history does not reach back to the beginning of the backtest",
                value=utc(self.begin),
                limit=f"{utc(int(time[0]))} to {utc(int(time[-1]))}",
            )
