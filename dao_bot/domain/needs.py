"""Needs: what a strategy asks to have read for it. An open set; each kind has one provider."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Generic, TypeVar

from dao_bot.domain.addresses import Address
from dao_bot.domain.prices import PoolPrice, TokenPrice
from dao_bot.domain.quotes import Ladder
from dao_bot.domain.tokens import Token

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from dao_bot.domain.columns import Column, FixedBytes

Seen = TypeVar("Seen")


class Need(Generic[Seen]):
    """Base of all needs: a frozen, hashable value. `Seen` is the type of what its provider reads."""

    __slots__ = ()
    kind: ClassVar[str]


@dataclass(frozen=True, slots=True)
class Holding:
    """What the Safe holds of a token, in base units.

    Attributes:
        available: balance less what open proposals will spend (their expected receipts never count).
        committed: what open proposals will spend.
    """

    available: int
    committed: int = 0


@dataclass(frozen=True, slots=True)
class Holdings(Need[Mapping[Token, Holding]]):
    """Every configured token, and the native coin, that the Safe holds."""

    kind: ClassVar[str] = "holdings"


@dataclass(frozen=True, slots=True)
class Prices(Need[Mapping[Token, TokenPrice]]):
    """USD prices of the named tokens; of all configured tokens when none is named."""

    kind: ClassVar[str] = "prices"
    tokens: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PoolPrices(Need[tuple[PoolPrice, ...]]):
    """Spot and time-weighted prices of every configured pool between the named tokens (all when empty)."""

    kind: ClassVar[str] = "pool_prices"
    tokens: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SwapLadders(Need[tuple[Ladder, ...]]):
    """Executable quotes between the named tokens, one ladder for each directed pair that a venue can trade.

    What the Safe does not hold cannot be sold: a ladder ends at the whole holding.

    Attributes:
        tokens: symbols; all configured tokens when empty.
        sizes: USD values (WAD) of the rungs, growing.
    """

    kind: ClassVar[str] = "swap_ladders"
    tokens: tuple[str, ...]
    sizes: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Series:
    """Candles as columns, oldest first; only candles that had closed at the pinned block.

    Attributes:
        time: int64 epoch seconds of each candle's close, strictly growing.
        close, high, low, volume: float64, one entry for each candle.
    """

    source: str
    time: npt.NDArray[np.int64]
    close: npt.NDArray[np.float64]
    high: npt.NDArray[np.float64]
    low: npt.NDArray[np.float64]
    volume: npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class PriceHistory(Need[Mapping[str, Series]]):
    """Candles of pairs such as `USDC/USD` or `USDC/USDT`, keyed by pair.

    A pair without a source is absent, and so is one whose newest candle closed more than two intervals ago: what is
    late must not be taken for the present.

    Attributes:
        window, interval: seconds.
    """

    kind: ClassVar[str] = "price_history"
    pairs: tuple[str, ...]
    window: int
    interval: int


@dataclass(frozen=True, slots=True)
class GasPrice:
    """`wei` for one unit of gas, and the USD price (WAD, None when unusable) of one whole native coin."""

    wei: int
    native_usd: int | None


@dataclass(frozen=True, slots=True)
class Gas(Need[GasPrice]):
    """What gas costs now."""

    kind: ClassVar[str] = "gas"


@dataclass(frozen=True, slots=True)
class Spend:
    """What an open or executed proposal of this strategy takes (took) out of the Safe.

    Attributes:
        units: base units, positive.
        usd: WAD value at the time of the decision.
        at: chain time of the execution, or of the proposal while it is open.
    """

    token: Token
    units: int
    usd: int
    at: int
    open: bool


@dataclass(frozen=True, slots=True)
class SpendHistory(Need[tuple[Spend, ...]]):
    """This strategy's own spending within `window` seconds, from the record: budgets are never kept in memory."""

    kind: ClassVar[str] = "spend_history"
    window: int


@dataclass(frozen=True, slots=True)
class PastAction:
    """What an open or executed proposal of this strategy does (did), also where it took nothing out of the Safe.

    Attributes:
        kinds: of its operations, in their order.
        at: chain time of the execution's recording, or of the proposal while it is open.
    """

    kinds: tuple[str, ...]
    at: int
    open: bool


@dataclass(frozen=True, slots=True)
class ActionHistory(Need[tuple[PastAction, ...]]):
    """This strategy's own proposals within `window` seconds, and all open ones, from the record; newest last."""

    kind: ClassVar[str] = "action_history"
    window: int


@dataclass(frozen=True, slots=True)
class EventColumns:
    """Events as columns, in the order of the chain, one row each; only of blocks up to the pinned one.

    Attributes:
        source: the stream, its contract and event, in words.
        block, log_index: int64; a pair of them stands for one event.
        time: int64 epoch seconds of the block.
        transaction: hashes.
        fields: a column for each parameter by its name. Of an indexed parameter that is longer than a word (a string,
            an array) it holds the hash, which is all that the chain keeps.
    """

    source: str
    block: npt.NDArray[np.int64]
    log_index: npt.NDArray[np.int64]
    time: npt.NDArray[np.int64]
    transaction: FixedBytes
    fields: Mapping[str, Column]

    def __len__(self) -> int:
        return len(self.block)


@dataclass(frozen=True, slots=True)
class Events(Need[EventColumns]):
    """The events of a stream that strategies.yaml names under `streams`, all of them or those of a window.

    Attributes:
        window: seconds before the pinned block; None for all since the stream's first block.
    """

    kind: ClassVar[str] = "events"
    stream: str
    window: int | None = None


@dataclass(frozen=True, slots=True)
class TokenSupply:
    """How much of a token exists, and what holders have of it, in base units.

    Attributes:
        safe: the treasury's own address; its whole balance is always among `held`.
    """

    total: int
    safe: Address
    held: Mapping[Address, int]


@dataclass(frozen=True, slots=True)
class Supply(Need[TokenSupply]):
    """The total supply of a configured token (its symbol), and the balances of the Safe and of `holders`."""

    kind: ClassVar[str] = "supply"
    token: str
    holders: tuple[Address, ...] = ()
