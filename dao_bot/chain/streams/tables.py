"""Events as Arrow tables, and back: what the Parquet files of a stream hold."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from dao_bot.chain.streams.decode import Decoded, Int64s, decode_logs
from dao_bot.chain.streams.event import Event
from dao_bot.chain.streams.words import column_of_words
from dao_bot.domain.columns import Column, FixedBytes, Integers, Lists, Texts
from dao_bot.domain.needs import EventColumns

if TYPE_CHECKING:
    import pyarrow as pa

KEY = "block"
_FIELD = "field:"
"""Before the names of parameters, which may be those of the other columns."""


def to_table(decoded: Decoded, time: Int64s) -> pa.Table:
    """All columns of `decoded` but the contract, which is the same in a stream."""
    import pyarrow as pa

    columns: Mapping[str, Column] = {
        KEY: decoded.block,
        "log_index": decoded.log_index,
        "time": time,
        "transaction": decoded.transaction,
        **{_FIELD + name: column for name, column in decoded.fields.items()},
    }
    return pa.table({name: _to_arrow(column) for name, column in columns.items()})


def empty_table(event: Event) -> pa.Table:
    """The table of no events."""
    return to_table(decode_logs(event, (), ""), np.zeros(0, np.int64))


def to_columns(event: Event, table: pa.Table, source: str) -> EventColumns:
    """The columns of a table that `to_table` made."""
    arrays = {name: table.column(name).combine_chunks() for name in table.column_names}
    return EventColumns(
        source=source,
        block=_integers(arrays[KEY]),
        log_index=_integers(arrays["log_index"]),
        time=_integers(arrays["time"]),
        transaction=_fixed(arrays["transaction"], 32),
        fields={each.name: _from_arrow(arrays[_FIELD + each.name], each.column_kind) for each in event.parameters},
    )


def _to_arrow(column: Column) -> Any:
    import pyarrow as pa

    if isinstance(column, FixedBytes):
        return _binary(column.raw)
    if isinstance(column, Integers):
        return _binary(column.limbs.astype(">u8").view(np.uint8))
    if isinstance(column, Texts):
        buffers = [None, *(pa.py_buffer(np.ascontiguousarray(part)) for part in (column.offsets, column.data))]
        return pa.Array.from_buffers(pa.large_binary(), len(column), buffers)
    if isinstance(column, Lists):
        return pa.LargeListArray.from_arrays(pa.array(column.offsets), _to_arrow(column.items))
    return pa.array(column)


def _from_arrow(array: Any, kind: str) -> Column:
    if kind in ("bytes", "string"):
        offsets = _offsets(array)
        data = _buffer(array, 2, np.uint8)[offsets[0] : offsets[-1]]
        return Texts(offsets - offsets[0], data, text=kind == "string")
    if kind.endswith("]"):
        offsets = _offsets(array)
        return Lists(offsets - offsets[0], _from_arrow(array.flatten(), kind[: kind.rindex("[")]))
    if kind == "bool":
        return np.asarray(array.to_numpy(zero_copy_only=False), np.bool_)
    nothing = column_of_words(np.zeros((0, 32), np.uint8), kind)
    if isinstance(nothing, FixedBytes):
        return _fixed(array, nothing.raw.shape[1])
    if isinstance(nothing, Integers):
        return Integers(_fixed(array, 32).raw.view(">u8").astype(np.uint64), nothing.signed)
    return _integers(array)


def _integers(array: Any) -> Int64s:
    return np.asarray(array.to_numpy(), np.int64)


def _binary(raw: npt.NDArray[np.uint8]) -> Any:
    import pyarrow as pa

    return pa.Array.from_buffers(pa.binary(raw.shape[1]), len(raw), [None, pa.py_buffer(np.ascontiguousarray(raw))])


def _fixed(array: Any, size: int) -> FixedBytes:
    start = array.offset * size
    raw = _buffer(array, 1, np.uint8)[start : start + len(array) * size]
    return FixedBytes(raw.reshape(len(array), size))


def _offsets(array: Any) -> Int64s:
    offsets = _buffer(array, 1, np.int64)[array.offset : array.offset + len(array) + 1]
    return offsets if len(offsets) else np.zeros(1, np.int64)


def _buffer(array: Any, number: int, kind: Any) -> Any:
    buffer = array.buffers()[number]
    return np.zeros(0, kind) if buffer is None else np.frombuffer(buffer, kind)
