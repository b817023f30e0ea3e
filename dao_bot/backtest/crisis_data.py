"""The candles of a crisis, as they were, or with the recovery cut off."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np

from dao_bot.backtest.crises import Crisis
from dao_bot.domain.errors import BadInput, NotFound
from dao_bot.market.candles import Candles

MINUTE, DAY = 60, 86_400
AFTERWARDS = 7 * DAY
"""For so long a price stays where it fell to when it does not recover."""


def load_candles(crisis: Crisis, directory: Path) -> Candles:
    """The candles of a crisis; rows without a price are gaps.

    Raises:
        NotFound: there is no such file, column or row.
        BadInput: the file cannot be read, or holds what `Candles.checked` refuses.
    """
    import pyarrow as pa
    import pyarrow.compute as pc
    from pyarrow import parquet

    path = directory / crisis.file
    close, interval = ("PriceUSD", DAY) if crisis.daily else ("close", MINUTE)
    names = ["time", close, *([] if crisis.daily else ["high", "low", "volume"])]
    try:
        schema = parquet.read_schema(path)
        missing = [name for name in [*names, *crisis.rows] if name not in schema.names]
        if missing:
            raise NotFound(f"{path.name} has no column {', '.join(missing)}", limit=", ".join(schema.names))
        table = parquet.read_table(path, columns=[*names, *crisis.rows])
        for column, value in crisis.rows.items():
            table = table.filter(pc.equal(pc.cast(table.column(column), pa.string()), value))
        table = table.filter(pc.fill_null(pc.is_finite(table.column(close)), False))
        stamps = table.column("time").cast(pa.timestamp("s", schema.field("time").type.tz)).cast(pa.int64())
    except OSError as error:
        raise NotFound("the data of a crisis cannot be read", value=f"{path}: {error.strerror or error}") from error
    except pa.ArrowException as error:
        raise BadInput("the data of a crisis cannot be read", value=f"{path}: {str(error)[:200]}") from error
    if not table.num_rows:
        raise NotFound(f"{path.name} has no rows of {crisis.name}", value=dict(crisis.rows))
    columns = {name: np.asarray(table.column(name).to_numpy(), dtype=np.float64) for name in names[1:]}
    return Candles(
        source=f"file {path.name}",
        interval=interval,
        time=np.asarray(stamps.to_numpy(), dtype=np.int64) + interval,
        close=columns[close],
        high=columns.get("high", columns[close]),
        low=columns.get("low", columns[close]),
        volume=columns.get("volume", np.full(len(stamps), np.nan)),
    ).checked()


def without_recovery(candles: Candles, begin: int, end: int, smoothing: int) -> Candles:
    """The same candles up to the moment at which the pair stood highest, then for `AFTERWARDS` as they were there.

    Args:
        begin, end: epoch seconds between which the moment is looked for.
        smoothing: number of candles of whose medians the highest is looked for, so that no single trade is it.
    """
    inside = np.flatnonzero((candles.time > begin) & (candles.time <= end))
    closes = candles.close[inside]
    medians = np.median(np.lib.stride_tricks.sliding_window_view(closes, smoothing), axis=1)
    peak = int(inside[smoothing - 1 + int(np.argmax(medians))])
    level = float(medians.max())
    times = candles.time[peak] + candles.interval * np.arange(1, AFTERWARDS // candles.interval + 1)
    flat = np.full(len(times), level)
    kept = slice(0, peak + 1)
    return dataclasses.replace(
        candles,
        source=f"{candles.source} without recovery",
        time=np.concatenate([candles.time[kept], times]),
        close=np.concatenate([candles.close[kept], flat]),
        high=np.concatenate([candles.high[kept], flat]),
        low=np.concatenate([candles.low[kept], flat]),
        volume=np.concatenate([candles.volume[kept], np.full(len(times), np.nan)]),
    )
