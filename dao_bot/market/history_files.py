"""Candles from Parquet and CSV files."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from dao_bot.cards.text import utc
from dao_bot.domain.errors import BadInput, NotFound
from dao_bot.domain.needs import Series
from dao_bot.market.candles import Candles, Floats, Times
from dao_bot.market.history_settings import HistoryFile

if TYPE_CHECKING:
    import pyarrow as pa

_UNITS_OF_A_SECOND = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}


@dataclass(frozen=True, slots=True)
class _Loaded:
    """Candles, and what the file looked like when they were read."""

    version: tuple[int, int]
    candles: Candles


class FileHistory:
    """A `HistorySource` over the files of the configuration. A file is read again only when it has changed."""

    def __init__(self, files: Sequence[HistoryFile], base: Path, as_of: int | None = None) -> None:
        """Makes the source.

        Args:
            base: the directory in which relative paths start.
            as_of: for a replay, the moment (epoch seconds) that is taken for the present whenever one is asked for.
        """
        self._as_of = as_of
        self._files = {file.pair: file for file in files}
        self._base = base
        self._loaded: dict[str, _Loaded] = {}

    @property
    def pairs(self) -> frozenset[str]:
        return frozenset(self._files)

    def series(self, pair: str, window: int, interval: int, now: int) -> Series:
        """As `HistorySource.series`; in a replay the candles of that moment, moved to the present.

        Raises:
            NotFound: there is no such file, column or row.
            BadInput: the file cannot be read, or holds what `Candles.checked` refuses.
        """
        candles = self._candles(pair)
        if self._as_of is None:
            return candles.series(window, interval, now)
        past = candles.series(window, interval, self._as_of)
        source = f"{past.source} as of {utc(self._as_of)}"
        return dataclasses.replace(past, source=source, time=past.time + (now - self._as_of))

    def _candles(self, pair: str) -> Candles:
        file = self._files[pair]
        path = self._base / Path(file.path).expanduser()
        try:
            stat = path.stat()
        except OSError as error:
            raise NotFound(f"the history of {pair} cannot be read: {error.strerror}", value=path) from error
        version = (stat.st_mtime_ns, stat.st_size)
        known = self._loaded.get(pair)
        if known is None or known.version != version:
            known = _Loaded(version, _load(file, path))
            self._loaded[pair] = known
        return known.candles


def _load(file: HistoryFile, path: Path) -> Candles:
    names = file.columns
    wanted = [name for name in (names.time, names.close, names.high, names.low, names.volume) if name is not None]
    table = _rows(_table(path, [*wanted, *file.rows]), file, path)
    close = _floats(table, names.close, path)
    time = _seconds(table.column(names.time), file, path)
    candles = Candles(
        source=f"file {path.name}",
        interval=file.interval,
        time=time + (file.interval if file.stamp == "open" else 0),
        close=close,
        high=_floats(table, names.high, path) if names.high else close,
        low=_floats(table, names.low, path) if names.low else close,
        volume=_floats(table, names.volume, path) if names.volume else np.full(len(close), np.nan),
    ).checked()
    return candles.inverted() if file.invert else candles


def _table(path: Path, columns: Sequence[str]) -> pa.Table:
    import pyarrow as pa
    from pyarrow import csv, parquet

    names = list(dict.fromkeys(columns))
    try:
        if path.suffix == ".parquet":
            _require_columns(names, parquet.read_schema(path).names, path)
            return parquet.read_table(path, columns=names)
        if path.suffix == ".csv":
            table = csv.read_csv(path)
            _require_columns(names, table.column_names, path)
            return table.select(names)
    except (pa.ArrowException, OSError) as error:
        raise BadInput("a file of candles cannot be read", value=f"{path}: {str(error)[:200]}") from error
    raise BadInput("not a file of candles", value=path, limit="a name that ends in .parquet or .csv")


def _require_columns(wanted: Sequence[str], known: Sequence[str], path: Path) -> None:
    missing = [name for name in wanted if name not in known]
    if missing:
        raise NotFound(f"{path.name} has no column {', '.join(missing)}", limit=", ".join(known))


def _rows(table: pa.Table, file: HistoryFile, path: Path) -> pa.Table:
    import pyarrow as pa
    import pyarrow.compute as pc

    for column, value in file.rows.items():
        table = table.filter(pc.equal(pc.cast(table.column(column), pa.string()), value))
    if not table.num_rows:
        chosen = ", ".join(f"{column} {value}" for column, value in file.rows.items()) or "any"
        raise NotFound(f"{path.name} has no rows", value=chosen)
    return table


def _floats(table: pa.Table, name: str, path: Path) -> Floats:
    import pyarrow as pa

    try:
        return np.asarray(table.column(name).cast(pa.float64()).to_numpy(), dtype=np.float64)
    except pa.ArrowException as error:
        raise BadInput(f"the column {name} of {path.name} does not hold numbers", value=str(error)[:200]) from error


def _seconds(column: Any, file: HistoryFile, path: Path) -> Times:
    """Epoch seconds; a time whose zone or unit would have to be guessed is refused."""
    import pyarrow as pa

    kind = column.type
    if column.null_count:
        raise BadInput(f"{path.name} has rows without a time", value=column.null_count)
    if pa.types.is_timestamp(kind):
        if kind.tz is None and file.time_zone is None:
            raise BadInput(
                f"the times of {path.name} carry no time zone", next_step="If they are UTC, say time_zone: UTC"
            )
        unit = kind.unit
    elif pa.types.is_integer(kind):
        if file.epoch is None:
            raise BadInput(f"the times of {path.name} are numbers", next_step="Say their unit: epoch: s, or epoch: ms")
        unit = file.epoch
    else:
        raise BadInput(f"the times of {path.name} are no times", value=str(kind), limit="timestamps or whole numbers")
    ticks = np.asarray(column.cast(pa.int64()).to_numpy(), dtype=np.int64)
    if (ticks % _UNITS_OF_A_SECOND[unit]).any():
        raise BadInput(f"the times of {path.name} are not whole seconds")
    return ticks // _UNITS_OF_A_SECOND[unit]
