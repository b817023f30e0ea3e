"""Events of the past from files: only what had happened, in the order of one chain."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pyarrow import parquet

from dao_bot.backtest.events import EventsProvider, load_events
from dao_bot.backtest.result import Ending, Result
from dao_bot.backtest.run import run
from dao_bot.chain.streams.decode import decode_logs
from dao_bot.chain.streams.event import parse_event
from dao_bot.chain.streams.tables import to_table
from dao_bot.domain.columns import Integers
from dao_bot.domain.errors import BadInput, NotFound
from dao_bot.strategy import Decision, Events, Need, Observation
from tests.unit.backtest.kit import BEGIN, HOUR, Base, backtest, flat, market

EVENT = "Paid(address indexed to, uint256 value)"
Row = tuple[int, int, int, int]
"""Block, log index, time, value."""
ROWS: Sequence[Row] = [(number, 0, BEGIN + number * 600, number) for number in range(1, 12)]


def log(row: Row) -> dict[str, object]:
    block, index, _, value = row
    hashed = f"0x{block:064x}"
    return {
        "address": "0x" + "11" * 20,
        "topics": ["0x" + parse_event(EVENT).topic.hex(), f"0x{7:064x}"],
        "data": f"0x{value:064x}",
        "blockNumber": hex(block),
        "blockHash": hashed,
        "transactionHash": hashed,
        "logIndex": hex(index),
    }


def write(directory: Path, *parts: Sequence[Row]) -> Path:
    """A directory of segments, as a stream keeps them."""
    for number, rows in enumerate(parts):
        table = to_table(
            decode_logs(parse_event(EVENT), [log(row) for row in rows], "made up"), np.array([row[2] for row in rows])
        )
        parquet.write_table(table, directory / f"{number}.parquet")
    return directory


class Counter(Base):
    """Tells the values that it sees."""

    def needs(self) -> tuple[Need[Any], ...]:
        return (Events("paid"), Events("paid", HOUR))

    def decide(self, seen: Observation) -> Decision:
        shown = []
        for need in self.needs():
            value = seen[need].fields["value"]
            assert isinstance(value, Integers)
            shown.append([int(each) for each in value.floats()])
        return Decision.nothing(str(shown))


def played(path: Path) -> Result:
    provider = EventsProvider({"paid": load_events(path, EVENT, "paid")})
    return run(backtest(market(flat()), Counter(), hours=2, providers=(provider,)))


def test_a_strategy_sees_the_events_up_to_now_and_those_of_its_window(tmp_path: Path) -> None:
    result = played(write(tmp_path, ROWS))
    assert [visit.words for visit in result.visits] == [
        "[[], []]",
        "[[1, 2, 3, 4, 5, 6], [1, 2, 3, 4, 5, 6]]",
        "[[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11], [7, 8, 9, 10, 11]]",
    ]


def test_segments_in_any_order_are_one_stream(tmp_path: Path) -> None:
    (tmp_path / "one").mkdir()
    (tmp_path / "other").mkdir()
    whole, parts = write(tmp_path / "one", ROWS), write(tmp_path / "other", ROWS[6:], ROWS[:6])
    assert [visit.words for visit in played(whole).visits] == [visit.words for visit in played(parts).visits]


FORKED: dict[str, Row] = {
    "the same event again": (5, 0, BEGIN + 5 * 600, 5),
    "the same place with another content": (5, 0, BEGIN + 5 * 600, 99),
    "a block with a second time": (5, 1, BEGIN + 5 * 600 + 1, 99),
    "a later block at an earlier time": (12, 0, BEGIN + 600, 99),
}


@pytest.mark.parametrize("row", FORKED.values(), ids=list(FORKED))
def test_events_of_a_forked_block_are_refused(tmp_path: Path, row: Row) -> None:
    with pytest.raises(BadInput, match="forked block"):
        load_events(write(tmp_path, ROWS, [row]), EVENT, "paid")


def test_a_missing_file_and_columns_of_another_event_are_named(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match=r"nowhere\.parquet"):
        load_events(tmp_path / "nowhere.parquet", EVENT, "paid")
    with pytest.raises(BadInput, match="amount"):
        load_events(write(tmp_path, ROWS), "Paid(address indexed to, uint256 amount)", "paid")


def test_a_stream_without_a_file_is_a_failure_with_its_next_step() -> None:
    result = run(backtest(market(flat()), Counter(), hours=1, providers=(EventsProvider({}),)))
    assert result.visits[0].ending is Ending.FAILED
    assert "no events of the stream 'paid'" in result.visits[0].words and "events" in result.visits[0].words
