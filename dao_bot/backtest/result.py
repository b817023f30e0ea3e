"""What came of a run: every visit of a strategy, every batch, and the balances after each."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dao_bot.backtest.execution import Fill, LiquidityFill
from dao_bot.backtest.own_liquidity import Inside
from dao_bot.backtest.treasury import Batch
from dao_bot.domain.concentrated import Pair
from dao_bot.domain.decisions import Decision
from dao_bot.domain.runs import RunId
from dao_bot.domain.tokens import Token
from dao_bot.protocols.uniswap_v3.paths import Pool

if TYPE_CHECKING:
    from dao_bot.backtest.backtest import Backtest


class Ending(enum.StrEnum):
    """How a visit ended; the first four as live runs end."""

    NOTHING = "nothing"
    PROPOSAL = "proposal"
    REFUSED = "refused"
    FAILED = "failed"
    PAUSED = "paused"


@dataclass(frozen=True, slots=True)
class Visit:
    """One run of a strategy.

    Attributes:
        at: when it was made, jitter included.
        words: the strategy's reason, or what the policy or the error says.
        batch: number of the batch that it proposed.
    """

    run: RunId
    at: int
    ending: Ending
    words: str
    decision: Decision | None = None
    batch: int | None = None


@dataclass(frozen=True, slots=True)
class Deed:
    """The end of a batch.

    Attributes:
        fills: of its operations, if it was executed, but for those on positions.
        changes: of positions.
        gas_usd: what its gas cost whoever sent it.
        failure: why it was not executed, in words; None if it was.
    """

    batch: Batch
    at: int
    fills: tuple[Fill, ...] = ()
    gas_usd: float = 0.0
    failure: str | None = None
    changes: tuple[LiquidityFill, ...] = ()


@dataclass(frozen=True, slots=True)
class Provided:
    """What the treasury provided in one pool.

    Attributes:
        inside: what its positions were worth, oldest first; nothing before the first entry.
        fees: base units of token0 and token1 that they earned, collected or not.
    """

    pool: Pool
    tokens: tuple[Token, Token]
    inside: tuple[Inside, ...]
    fees: Pair


@dataclass(frozen=True, slots=True)
class Step:
    """Balances from `at` on.

    Attributes:
        units: base units, in the order of `Result.tokens`.
        gas_usd, paid_usd: all dollars that gas has cost so far, and all that were paid out or burnt on purpose.
    """

    at: int
    units: tuple[int, ...]
    gas_usd: float = 0.0
    paid_usd: float = 0.0


@dataclass(frozen=True, slots=True)
class Result:
    """One run from its beginning to its end.

    Attributes:
        open: batches that still waited then.
        provided: liquidity, by pool.
    """

    backtest: Backtest
    tokens: tuple[Token, ...]
    steps: tuple[Step, ...]
    visits: tuple[Visit, ...]
    deeds: tuple[Deed, ...]
    open: tuple[Batch, ...] = ()
    provided: tuple[Provided, ...] = ()
