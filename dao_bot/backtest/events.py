"""Event streams of the past, from files that a stream has kept; of each only what had happened by now."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from dao_bot.chain.plan import Plan
from dao_bot.chain.provider import ReadContext
from dao_bot.chain.streams.event import parse_event
from dao_bot.chain.streams.tables import to_columns
from dao_bot.domain.columns import Column, FixedBytes, Integers, Lists, Texts
from dao_bot.domain.errors import BadInput, NotFound
from dao_bot.domain.needs import EventColumns, Events, Need


class EventsProvider:
    """Reads `Events` from columns that hold the whole history, by the name of the stream."""

    need: ClassVar[type[Need[Any]]] = Events

    def __init__(self, streams: Mapping[str, EventColumns]) -> None:
        """Makes the provider.

        Raises:
            BadInput: the events of a stream are not in the order of their time.
        """
        for name, columns in streams.items():
            if (np.diff(columns.time) < 0).any():
                raise BadInput("the events of a stream are not in the order of their time", value=name)
        self._streams = dict(streams)

    def requires(self, need: Events) -> tuple[Need[Any], ...]:
        return ()

    def read(self, need: Events, context: ReadContext) -> Plan[EventColumns]:
        """The events of the window, none of them later than the pinned moment.

        Raises:
            NotFound: there are no events of that stream.
        """
        yield from ()
        whole = self._streams.get(need.stream)
        if whole is None:
            raise NotFound(
                f"the backtest has no events of the stream {need.stream!r}",
                limit=", ".join(sorted(self._streams)) or "none",
                next_step="Name a Parquet file of its events under `events` in the market's file",
            )
        now = context.block.timestamp
        end = int(np.searchsorted(whole.time, now, side="right"))
        start = 0 if need.window is None else int(np.searchsorted(whole.time, now - need.window, side="right"))
        return EventColumns(
            source=whole.source,
            block=whole.block[start:end],
            log_index=whole.log_index[start:end],
            time=whole.time[start:end],
            transaction=FixedBytes(whole.transaction.raw[start:end]),
            fields={name: sliced(column, start, end) for name, column in whole.fields.items()},
        )


def sliced(column: Column, start: int, end: int) -> Column:
    """Rows from `start` up to `end`."""
    if isinstance(column, FixedBytes):
        return FixedBytes(column.raw[start:end])
    if isinstance(column, Integers):
        return Integers(column.limbs[start:end], column.signed)
    if isinstance(column, (Texts, Lists)):
        offsets = column.offsets[start : end + 1]
        first, last = (int(offsets[0]), int(offsets[-1])) if len(offsets) else (0, 0)
        if isinstance(column, Texts):
            return Texts(offsets - first, column.data[first:last], column.text)
        return Lists(offsets - first, sliced(column.items, first, last))
    return column[start:end]


def load_events(path: Path, event: str, name: str) -> EventColumns:
    """The events in a Parquet file, or in all of a directory, as a stream keeps them.

    Args:
        event: as Solidity declares it.

    Raises:
        NotFound: there is no such file.
        BadInput: it cannot be read, or lacks a column of the event, or holds what no one chain holds.
    """
    import pyarrow as pa
    from pyarrow import parquet

    try:
        table = parquet.read_table(path).sort_by([("block", "ascending"), ("log_index", "ascending")])
        columns = to_columns(parse_event(event), table, f"{name}, from {path.name}")
    except OSError as error:
        raise NotFound("the events of a stream cannot be read", value=f"{path}: {error.strerror or error}") from error
    except (pa.ArrowException, KeyError) as error:
        raise BadInput("the events of a stream cannot be read", value=f"{path}: {str(error)[:200]}") from error
    _require_one_chain(columns, path)
    return columns


def _require_one_chain(columns: EventColumns, path: Path) -> None:
    """Raises `BadInput` for events of forks, which cannot all have happened."""
    same = np.diff(columns.block) == 0
    if (same & (np.diff(columns.log_index) == 0)).any():
        raise BadInput(
            "an event stands there twice, as those of a forked block do",
            value=path,
            limit="one row for each block and log index",
        )
    if (same & (np.diff(columns.time) != 0)).any() or (np.diff(columns.time) < 0).any():
        raise BadInput("the times of events contradict their blocks, as those of a forked block do", value=path)
