"""Recorded order books from a Parquet file, as a depth."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from dao_bot.backtest.depth import Book, Floats, Times
from dao_bot.backtest.settings import BookFile
from dao_bot.cards.text import utc
from dao_bot.domain.errors import BadInput, NotFound
from dao_bot.market.order_book import OrderBook, Side

_SIDES = {"bid": True, "ask": False}


def load_book(file: BookFile, directory: Path, *, turned: bool) -> Book:
    """Snapshots of an order book, whose levels may stand in any order.

    Args:
        turned: the prices are those of the pool's pair turned round.

    Raises:
        NotFound: there is no such file or column.
        BadInput: it cannot be read, or a snapshot is none: a side is missing, or it is crossed.
    """
    path = directory / Path(file.path).expanduser()
    time, is_bid, price, size = _columns(path, file)
    order = np.lexsort((np.where(is_bid, -price, price), ~is_bid, time))
    starts = np.flatnonzero(np.diff(time[order], prepend=-1))
    books = []
    for rows in np.split(order, starts[1:]):
        bids, asks = rows[is_bid[rows]], rows[~is_bid[rows]]
        sides = Side(price[bids], size[bids]), Side(price[asks], size[asks])
        try:
            books.append(OrderBook(path.name, int(time[rows[0]]), *sides).checked())
        except ValueError as error:
            raise BadInput(
                "a snapshot of an order book is none", value=f"{path.name}, {utc(int(time[rows[0]]))}: {error}"
            ) from error
    return _book([_turned(book) if turned else book for book in books], file.max_age)


def _book(books: Sequence[OrderBook], max_age: int) -> Book:
    count = max(len(side.price) for book in books for side in (book.bids, book.asks))
    middle = [(float(book.bids.price[0]) + float(book.asks.price[0])) / 2 for book in books]
    return Book(
        time=np.array([book.at for book in books], dtype=np.int64),
        bid_distance=np.array([_padded(1.0 - b.bids.price / m, count) for b, m in zip(books, middle, strict=True)]),
        bid_size=np.array([_padded(book.bids.size, count, 0.0) for book in books]),
        ask_distance=np.array([_padded(b.asks.price / m - 1.0, count) for b, m in zip(books, middle, strict=True)]),
        ask_size=np.array([_padded(book.asks.size, count, 0.0) for book in books]),
        max_age=max_age,
    )


def _padded(values: Floats, count: int, rest: float | None = None) -> Floats:
    """As many as all have: the last one again, or `rest`."""
    more = np.full(count - len(values), values[-1] if rest is None else rest)
    return np.concatenate([values, more])


def _turned(book: OrderBook) -> OrderBook:
    """The same for the pair turned round: who bids for one side offers the other."""

    def side(levels: Side) -> Side:
        return Side(1.0 / levels.price, levels.size * levels.price)

    return OrderBook(book.source, book.at, side(book.asks), side(book.bids))


def _columns(path: Path, file: BookFile) -> tuple[Times, npt.NDArray[np.bool_], Floats, Floats]:
    import pyarrow as pa
    import pyarrow.compute as pc
    from pyarrow import parquet

    names = [file.time, file.side, file.price, file.size]
    try:
        known = parquet.read_schema(path).names
        missing = [name for name in names if name not in known]
        if missing:
            raise NotFound(f"{path.name} has no column {', '.join(missing)}", limit=", ".join(known))
        table = parquet.read_table(path, columns=names)
        time = table.column(file.time).cast(pa.timestamp("us")).cast(pa.int64()).to_numpy() // 1_000_000
        sides = pc.cast(table.column(file.side), pa.string()).to_pylist()
        price, size = (pc.cast(table.column(name), pa.float64()).to_numpy() for name in (file.price, file.size))
    except OSError as error:
        raise NotFound("an order book cannot be read", value=f"{path}: {error.strerror}") from error
    except pa.ArrowException as error:
        raise BadInput("an order book cannot be read", value=f"{path}: {str(error)[:200]}") from error
    other = sorted({str(side) for side in sides} - set(_SIDES))
    if other or not sides:
        raise BadInput(
            f"the column {file.side} of {path.name} says neither",
            value=other[0] if other else "no rows",
            limit="bid, ask",
        )
    return time, np.array([_SIDES[str(side)] for side in sides]), price, size
