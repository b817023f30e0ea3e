"""From event columns of the chain to the log: wallets and works as codes, amounts in whole tokens, one order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from dao_bot.domain.columns import Column, FixedBytes, Integers, Texts
from dao_bot.domain.errors import BadInput
from dao_bot.domain.needs import EventColumns
from strategies.curation.stakes import NOBODY, Floats, Ints, Kind, Log

_MIX = np.array([0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9, 0xD6E8FEB86659FD93], np.uint64)


@dataclass(frozen=True, slots=True)
class Source:
    """One stream: what its events mean, and which of their parameters say who, what and how much.

    Attributes:
        wallet, work: names of parameters.
        amount: the same; None when each event counts one.
        other: the seller, of a sale.
        decimals: of the token that `amount` counts.
    """

    kind: Kind
    columns: EventColumns
    wallet: str
    work: str
    amount: str | None
    other: str | None
    decimals: int


@dataclass(frozen=True, slots=True)
class Read:
    """The log, and what its codes stand for: addresses in lower case, and works as `0x…` or decimal numbers."""

    log: Log
    wallets: tuple[str, ...]
    works: tuple[str, ...]


def read(sources: Sequence[Source], wallets: Sequence[str], works: Sequence[str]) -> Read:
    """All streams in one order.

    Args:
        wallets, works: names that get codes although no event may name them.

    Raises:
        BadInput: a stream lacks a parameter, or it has a type that says no wallet, work or amount.
    """
    people, things = _Names(wallets), _Names(works)
    parts = [_part(source, people, things) for source in sources]
    joined = Log(*(np.concatenate([getattr(part, name) for part in parts]) for name in Log.__slots__))
    ordered = joined.where(np.argsort(joined.event, kind="stable"))
    return Read(ordered, tuple(people.known), tuple(things.known))


class _Names:
    """Codes for names, in the order in which they are met."""

    def __init__(self, first: Sequence[str]) -> None:
        self.known: dict[str, int] = {}
        for name in first:
            self.known.setdefault(name.lower(), len(self.known))

    def codes(self, column: Column, where: str) -> Ints:
        names, rows = named(column, where)
        found = [self.known.setdefault(name, len(self.known)) for name in names]
        return np.array(found, np.int64)[rows]


def _part(source: Source, people: _Names, things: _Names) -> Log:
    columns, rows = source.columns, len(source.columns)
    if rows and int(columns.log_index.max()) >= 2**22:
        raise BadInput("a block has too many logs", value=int(columns.log_index.max()), limit=2**22)

    other = np.full(rows, NOBODY, np.int64)
    if source.other is not None:
        other = people.codes(parameter(columns, source.other), f"{columns.source} {source.other}")
    return Log(
        time=columns.time,
        wallet=people.codes(parameter(columns, source.wallet), f"{columns.source} {source.wallet}"),
        work=things.codes(parameter(columns, source.work), f"{columns.source} {source.work}"),
        kind=np.full(rows, source.kind, np.int8),
        amount=np.ones(rows) if source.amount is None else amounts(parameter(columns, source.amount), source),
        other=other,
        event=columns.block * 2**22 + columns.log_index,
    )


def parameter(columns: EventColumns, name: str) -> Column:
    """The column of one parameter."""
    if name not in columns.fields:
        known = ", ".join(columns.fields)
        raise BadInput(f"the events of {columns.source} have no parameter {name!r}", limit=known)
    return columns.fields[name]


def amounts(column: Column, source: Source) -> Floats:
    """Whole tokens, for statistics only; what is paid is counted in integers elsewhere."""
    if isinstance(column, Integers):
        return column.floats() / 10.0**source.decimals
    if isinstance(column, np.ndarray) and column.dtype == np.int64:
        return column / 10.0**source.decimals
    raise BadInput(f"the parameter {source.amount!r} of {source.columns.source} is no whole number")


def named(column: Column, where: str) -> tuple[list[str], Ints]:
    """The different values in words, and for each row the position of its value among them."""
    if isinstance(column, FixedBytes):
        values, rows = coded(column)
        return values.hex(), rows
    if isinstance(column, Integers):
        limbs, rows = coded(FixedBytes(np.ascontiguousarray(column.limbs.astype(">u8")).view(np.uint8)))
        return [str(int.from_bytes(limbs[row], "big", signed=column.signed)) for row in range(len(limbs))], rows
    if isinstance(column, np.ndarray) and column.dtype == np.int64:
        numbers, rows = np.unique(column, return_inverse=True)
        return [str(number) for number in numbers.tolist()], rows.astype(np.int64)
    if isinstance(column, Texts) and column.text:
        texts = [str(column[row]).lower() for row in range(len(column))]
        positions = {text: at for at, text in enumerate(dict.fromkeys(texts))}
        return list(positions), np.array([positions[text] for text in texts], np.int64)
    raise BadInput(f"{where} names nobody and nothing", limit="an address, bytes, a whole number or a string")


def coded(column: FixedBytes) -> tuple[FixedBytes, Ints]:
    """As `column.factorised()` but in no particular order, and faster: rows are compared by a mixed word first.

    Where two values share that word, which somebody could bring about, the slow way is taken.
    """
    raw = column.raw
    if not len(raw):
        return column, np.zeros(0, np.int64)
    padded = np.zeros((len(raw), -(-raw.shape[1] // 8) * 8), np.uint8)
    padded[:, : raw.shape[1]] = raw
    words = padded.view(np.uint64)
    mixed = np.zeros(len(raw), np.uint64)
    for at in range(words.shape[1]):
        mixed = (mixed ^ (mixed >> np.uint64(29))) + words[:, at] * _MIX[at % len(_MIX)]
    _, first, rows = np.unique(mixed, return_index=True, return_inverse=True)
    if (words[first][rows] != words).any():
        return column.factorised()
    return FixedBytes(raw[first]), rows.astype(np.int64)
