"""What a plugin author imports: Strategy, its needs, what it sees, what it decides.

A strategy is one class with two methods. `needs` says what to read; `decide` is pure: no I/O, no clock, no
randomness but `seen.run.seed(...)`. It runs in a worker process without secrets, and is the same in backtest, dry run
and live.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol, cast

from dao_bot.domain.columns import Column, FixedBytes, Integers, Lists, Texts
from dao_bot.domain.decisions import BindingConstraint, Decision, Evidence, Memory
from dao_bot.domain.gauges import ALL_WEIGHT, GaugeVote, GaugeVotes, GaugeWeights, VoteForGauge
from dao_bot.domain.hashing import digest
from dao_bot.domain.needs import (
    ActionHistory,
    EventColumns,
    Events,
    Gas,
    GasPrice,
    Holding,
    Holdings,
    Need,
    PastAction,
    PoolPrices,
    PriceHistory,
    Prices,
    Seen,
    Series,
    Spend,
    SpendHistory,
    Supply,
    SwapLadders,
    TokenSupply,
)
from dao_bot.domain.operations import Burn, Operation, Swap, Transfer
from dao_bot.domain.positions import (
    CollectFees,
    DecreaseLiquidity,
    IncreaseLiquidity,
    MintPosition,
    PoolPositions,
    PoolState,
    Position,
    Positions,
)
from dao_bot.domain.prices import PoolPrice, PriceQuote, TokenPrice
from dao_bot.domain.quotes import Ladder, Rung
from dao_bot.domain.runs import Block, RunId
from dao_bot.domain.tokens import Amount, Token, units_worth, usd_value
from dao_bot.fields import AddressField, DurationField, RatioField, UsdField
from dao_bot.fields import Settings as StrategyParams


@dataclass(frozen=True, slots=True)
class Observation:
    """Everything that one decision may see, read at one block.

    Attributes:
        block: the pinned block; `block.timestamp` is now.
        tokens: every token of the config by symbol.
        data: what each need of the strategy asked for.
        memory: what the strategy stored at its last decision, or None.
    """

    run: RunId
    block: Block
    tokens: Mapping[str, Token]
    data: Mapping[Any, Any]
    memory: Memory | None = None

    def __getitem__(self, need: Need[Seen]) -> Seen:
        """What was read for `need`; asking for what `needs()` did not name is an error in the strategy."""
        if need not in self.data:
            raise KeyError(f"{need} is not among what needs() asked for")
        return cast("Seen", self.data[need])

    @property
    def digest(self) -> str:
        """0x-hex identity of everything seen; goes into the record and the proposal's id."""
        return digest(
            {
                "run": self.run.digest,
                "block": self.block,
                "tokens": {symbol: token.address for symbol, token in self.tokens.items()},
                "data": sorted((repr(need), digest(_plain(value))) for need, value in self.data.items()),
                "memory": self.memory,
            }
        )


def _plain(value: Any) -> Any:
    """Mappings keyed by tokens become mappings keyed by symbols."""
    if isinstance(value, Mapping):
        return {key.symbol if isinstance(key, Token) else str(key): _plain(item) for key, item in value.items()}
    return value


class Strategy(Protocol):
    """One treasury strategy. Made with its parameters; keeps no state between decisions."""

    name: ClassVar[str]
    Params: ClassVar[type[StrategyParams]]

    def __init__(self, params: Any) -> None: ...

    def needs(self) -> tuple[Need[Any], ...]:
        """What to read before deciding; depends on the parameters only."""
        ...

    def decide(self, seen: Observation) -> Decision:
        """Operations and reasons; the same for the same observation, always."""
        ...


__all__ = [
    "ALL_WEIGHT",
    "ActionHistory",
    "AddressField",
    "Amount",
    "BindingConstraint",
    "Block",
    "Burn",
    "CollectFees",
    "Column",
    "Decision",
    "DecreaseLiquidity",
    "DurationField",
    "EventColumns",
    "Events",
    "Evidence",
    "FixedBytes",
    "Gas",
    "GasPrice",
    "GaugeVote",
    "GaugeVotes",
    "GaugeWeights",
    "Holding",
    "Holdings",
    "IncreaseLiquidity",
    "Integers",
    "Ladder",
    "Lists",
    "Memory",
    "MintPosition",
    "Need",
    "Observation",
    "Operation",
    "PastAction",
    "PoolPositions",
    "PoolPrice",
    "PoolPrices",
    "PoolState",
    "Position",
    "Positions",
    "PriceHistory",
    "PriceQuote",
    "Prices",
    "RatioField",
    "RunId",
    "Rung",
    "Series",
    "Spend",
    "SpendHistory",
    "Strategy",
    "StrategyParams",
    "Supply",
    "Swap",
    "SwapLadders",
    "Texts",
    "Token",
    "TokenPrice",
    "TokenSupply",
    "Transfer",
    "UsdField",
    "VoteForGauge",
    "units_worth",
    "usd_value",
]
