"""What others do in a pool in which the treasury may provide liquidity: how much they provide, and what they trade."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from dao_bot.backtest.depth import StatedDepth
from dao_bot.backtest.paths import Floats, PricePaths, Times
from dao_bot.cards.text import utc
from dao_bot.domain.errors import BadInput
from dao_bot.domain.tokens import Token
from dao_bot.protocols.uniswap_v3.paths import Pool

DAY = 86_400
_LATE = 3_600


@dataclass(frozen=True, slots=True)
class Traffic:
    """One pool through T stretches of time, told at their ends.

    Attributes:
        time: (T,) epoch seconds, growing.
        usd: (T, 2) dollars for one whole token0 and token1 then, nan where a price is unknown.
        liquidity: (T,) of everybody else at the price, in the pool's own unit.
        paid_in: (T, 2) base units of token0 and token1 that traders paid in since the stretch before, fees included.
        words: where it comes from.
    """

    time: Times
    usd: Floats
    liquidity: Floats
    paid_in: Floats
    words: str

    def __str__(self) -> str:
        return self.words


def sides(pool: Pool) -> tuple[Token, Token]:
    """Token0 and token1."""
    return (pool.base, pool.quote) if pool.base_is_token0 else (pool.quote, pool.base)


def stated_traffic(pool: Pool, depth: StatedDepth, volume: float, paths: PricePaths) -> Traffic:
    """`volume` dollars a day, half of them each way and at the same pace, through liquidity that has this depth."""
    usd = _usd(pool, paths)
    known = ~np.isnan(usd).any(axis=1)
    time, usd = paths.time[known], usd[known]
    whole = np.array([10.0**token.decimals for token in sides(pool)])
    liquidity = depth.reserve / np.sqrt(usd[:, 0] * usd[:, 1]) * math.sqrt(whole[0] * whole[1])
    seconds = np.diff(time, prepend=time[:1]).astype(np.float64)
    paid_in = (volume / 2 * seconds / DAY)[:, None] / usd * whole
    return Traffic(time, usd, liquidity, paid_in, f"stated: {volume:,.0f} USD traded in a day")


def recorded_traffic(
    pool: Pool, paths: PricePaths, time: Times, liquidity: Floats, paid_in: Floats, source: str
) -> Traffic:
    """What was recorded, and between it every moment at which a price moved.

    Args:
        time: (R,) ends of the recorded stretches, growing; nothing is known of the pool before the first one.
        liquidity, paid_in: (R,) and (R, 2), as in `Traffic`.
    """
    moments = np.union1d(time, paths.time[paths.time >= time[0]])
    rows = np.searchsorted(time, moments, side="right") - 1
    told = time[rows] == moments
    usd = _usd(pool, paths)[np.maximum(np.searchsorted(paths.time, moments, side="right") - 1, 0)]
    usd[moments < paths.time[0]] = np.nan
    traded = np.where(told[:, None], paid_in[rows], 0.0)
    return Traffic(moments, usd, liquidity[rows], traded, f"{len(time):,} stretches recorded in {source}")


def require_cover(traffic: Traffic, pool: Pool, begin: int, end: int) -> None:
    """Raises `BadInput` where nothing is known of the pool at the beginning, or in the last hour of a backtest."""
    time = traffic.time
    if not len(time) or time[0] > begin or time[-1] < end - _LATE:
        raise BadInput(
            f"what is traded in the pool {pool.base}/{pool.quote} {pool.fee} is not known for the whole backtest",
            value=f"known from {utc(int(time[0]))} to {utc(int(time[-1]))}" if len(time) else "nothing known",
            limit=f"{utc(begin)} to {utc(end)}",
        )


def _usd(pool: Pool, paths: PricePaths) -> Floats:
    columns = []
    for token in sides(pool):
        if token not in paths.tokens:
            raise BadInput(
                f"liquidity in {pool.base}/{pool.quote} needs a price of {token}", next_step="Add it to `prices`"
            )
        columns.append(paths.usd[:, paths.tokens.index(token)])
    return np.column_stack(columns)
