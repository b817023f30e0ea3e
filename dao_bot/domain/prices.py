"""Prices in USD, each with its sources, their age, and what is wrong with them."""

from __future__ import annotations

from dataclasses import dataclass

from dao_bot.domain.errors import Refused
from dao_bot.domain.tokens import Token


@dataclass(frozen=True, slots=True)
class PriceQuote:
    """What one source says: `usd` WAD for one whole token, published at `at` (epoch seconds, chain time)."""

    source: str
    usd: int
    at: int
    max_age: int

    def is_stale(self, now: int) -> bool:
        """A quote from the future is as unusable as an old one."""
        return not 0 <= now - self.at <= self.max_age


@dataclass(frozen=True, slots=True)
class TokenPrice:
    """The price that a run may use. `usd` is None when `problems` forbid its use: fail closed.

    Attributes:
        usd: WAD for one whole token, the first configured source's answer, confirmed by the others.
        quotes: every source's answer, in the order of the config.
        problems: in words, what is wrong (missing, stale, out of bounds, sources that disagree). A price may stand
            beside problems where the config asks for fewer sources than it names.
    """

    token: Token
    usd: int | None
    quotes: tuple[PriceQuote, ...] = ()
    problems: tuple[str, ...] = ()

    def require(self) -> int:
        """The price, or a refusal that says why there is none."""
        if self.usd is None:
            raise Refused(
                f"no usable price for {self.token.symbol}",
                value="; ".join(self.problems) or "no source",
                next_step="Wait for the source to recover, or add a second one under `prices` in strategies.yaml",
            )
        return self.usd


@dataclass(frozen=True, slots=True)
class PoolPrice:
    """Spot and time-weighted price of a pool: WAD of `quote` for one whole `base`.

    Attributes:
        pool: its address.
        fee: WAD ratio of every swap.
        spot, twap: None when `problems` forbid their use: fail closed.
        window: seconds over which `twap` was taken.
        problems: in words (no liquidity, an oracle with too short a memory).
    """

    venue: str
    pool: str
    base: Token
    quote: Token
    fee: int
    spot: int | None
    twap: int | None
    window: int
    problems: tuple[str, ...] = ()
