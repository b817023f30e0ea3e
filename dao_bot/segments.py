"""Rows with one whole-number key, kept in Parquet files that are only ever added, and one atomic manifest.

What the manifest names is there, whole and unchanged; what it does not name does not count. So a crash at any point
loses nothing that was recorded and repeats nothing, and several processes may share one directory.
"""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import io
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dao_bot.domain.errors import StoreError
from dao_bot.durable import locked, write_durably

if TYPE_CHECKING:
    import pyarrow as pa

_FORMAT = 1
_PATIENCE = 120.0
_SMALL = 65_536
"""Rows; smaller segments are merged when there are many in a row, so that reading stays fast."""
_MANY = 16


@dataclass(frozen=True, slots=True)
class Segment:
    """One Parquet file: rows whose key lies from `first` to `last`; rows after `last` do not count any more."""

    file: str
    first: int
    last: int
    rows: int
    sha256: str


class Segments:
    """A directory of segments.

    Args:
        identity: what the rows are of. A directory that was made for anything else is refused.
        key: the int64 column by which rows are asked for and in whose order they come.
    """

    def __init__(self, directory: Path, identity: Mapping[str, Any], key: str) -> None:
        self.directory = directory
        self.identity = dict(identity)
        self.key = key

    @contextlib.contextmanager
    def held(self, patience: float = _PATIENCE) -> Iterator[Held]:
        """The segments, which nobody else can read or change meanwhile.

        Raises:
            Conflict: somebody else holds them longer than `patience` seconds.
            StoreError: what is there cannot be used.
        """
        with locked(self.directory / "lock", patience):
            yield Held(self)


class Held:
    """The segments while the lock is held.

    Attributes:
        state: what was recorded with the last change; None in a new directory.
        segments: in order of their first keys.
    """

    def __init__(self, of: Segments) -> None:
        self._of = of
        self._path = of.directory / "manifest.json"
        self.state: dict[str, Any] | None = None
        self.segments: tuple[Segment, ...] = ()
        self._load()

    def append(self, table: pa.Table, last: int, state: Mapping[str, Any]) -> None:
        """Add rows in order of their keys, none of which comes after `last`; record `state` with them.

        A table without rows only records the state. Rows of one key stay in the order in which they were added.
        """
        if table.num_rows:
            first = table.column(self._of.key)[0].as_py()
            self._record((*self.segments, self._written(table, first, last)), state)
        else:
            self._record(self.segments, state)

    def cut(self, last: int, state: Mapping[str, Any]) -> None:
        """Forget all rows whose key comes after `last`; record `state` with that."""
        kept = [segment for segment in self.segments if segment.first <= last]
        shortened = tuple(dataclasses.replace(segment, last=min(segment.last, last)) for segment in kept)
        self._record(shortened, state)

    def table(self, first: int, last: int) -> pa.Table | None:
        """All rows whose key lies from `first` to `last`, in order; None when there are no segments there.

        Raises:
            StoreError: a file is missing or is not what was written.
        """
        import pyarrow as pa

        parts = [
            self._rows(segment, first, last)
            for segment in self.segments
            if segment.first <= last and first <= segment.last
        ]
        return _in_order(pa.concat_tables(parts).combine_chunks(), self._of.key) if parts else None

    def _rows(self, segment: Segment, first: int, last: int) -> pa.Table:
        import pyarrow as pa
        import pyarrow.compute as pc
        from pyarrow import parquet

        path = self._of.directory / segment.file
        try:
            content = path.read_bytes()
        except OSError as error:
            raise self._damaged(f"a segment cannot be read: {error.strerror}", path) from error
        if hashlib.sha256(content).hexdigest() != segment.sha256:
            raise self._damaged("a segment is not what was written", path)
        try:
            table = parquet.read_table(io.BytesIO(content))
        except pa.ArrowException as error:
            raise self._damaged(f"a segment cannot be read: {str(error)[:100]}", path) from error
        keys = table.column(self._of.key)
        return table.filter(pc.and_(pc.greater_equal(keys, first), pc.less_equal(keys, min(last, segment.last))))

    def _written(self, table: pa.Table, first: int, last: int) -> Segment:
        from pyarrow import parquet

        buffer = io.BytesIO()
        parquet.write_table(table, buffer, compression="zstd")
        content = buffer.getvalue()
        digest = hashlib.sha256(content).hexdigest()
        segment = Segment(f"{first:012d}-{last:012d}-{digest[:12]}.parquet", first, last, table.num_rows, digest)
        write_durably(self._of.directory / segment.file, content)
        return segment

    def _record(self, segments: tuple[Segment, ...], state: Mapping[str, Any]) -> None:
        segments = self._merged(tuple(sorted(segments, key=lambda segment: segment.first)))
        manifest = {
            "format": _FORMAT,
            "identity": self._of.identity,
            "state": dict(state),
            "segments": [dataclasses.asdict(segment) for segment in segments],
        }
        write_durably(self._path, json.dumps(manifest, indent=1).encode())
        self.state, self.segments = dict(state), segments
        self._sweep()

    def _merged(self, segments: tuple[Segment, ...]) -> tuple[Segment, ...]:
        """The last segments as one, when there are many small ones."""
        large = [number for number, segment in enumerate(segments) if segment.rows >= _SMALL]
        start = large[-1] + 1 if large else 0
        small = segments[start:]
        if len(small) < _MANY:
            return segments
        import pyarrow as pa

        rows = pa.concat_tables([self._rows(each, each.first, each.last) for each in small])
        last = max(each.last for each in small)
        return (*segments[:start], self._written(_in_order(rows, self._of.key), small[0].first, last))

    def _sweep(self) -> None:
        """Remove what a crash or a merge left behind."""
        named = {segment.file for segment in self.segments}
        for path in self._of.directory.iterdir():
            if path.suffix == ".tmp" or (path.suffix == ".parquet" and path.name not in named):
                path.unlink(missing_ok=True)

    def _load(self) -> None:
        try:
            raw = json.loads(self._path.read_bytes())
        except FileNotFoundError:
            return
        except (OSError, ValueError) as error:
            raise self._damaged("a manifest cannot be read", self._path) from error
        try:
            if raw["format"] != _FORMAT or raw["identity"] != self._of.identity:
                raise self._damaged("the directory was made for something else", self._path)
            self.state = dict(raw["state"])
            self.segments = tuple(Segment(**segment) for segment in raw["segments"])
        except (KeyError, TypeError, ValueError) as error:
            raise self._damaged("a manifest is malformed", self._path) from error

    def _damaged(self, what: str, path: Path) -> StoreError:
        next_step = f"Remove the directory {self._of.directory}; all of it is read anew from where it came"
        return StoreError(what, value=path, next_step=next_step)


def _in_order(table: pa.Table, key: str) -> pa.Table:
    keys = table.column(key).to_numpy()
    if (keys[1:] >= keys[:-1]).all():
        return table
    return table.take(keys.argsort(kind="stable"))
