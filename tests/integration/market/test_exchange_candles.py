"""Candles from an exchange over real HTTP, through ccxt: complete, closed, downloaded once."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dao_bot.domain.errors import BadInput, DaoBotError, NotFound, SourceUnavailable
from dao_bot.domain.needs import Series
from dao_bot.market.exchange_history import ExchangeHistory
from dao_bot.market.exchange_settings import ExchangeCandles
from tests.integration.market.conftest import NOW, Market
from tests.integration.market.exchange_server import ExchangeServer, Request, candle_at

MINUTE, HOUR, DAY = 60, 3600, 86_400
LAST = NOW // MINUTE * MINUTE
"""The last close before NOW."""


def series(market: ExchangeCandles, directory: Path, window: int = HOUR, interval: int = MINUTE) -> Series:
    return ExchangeHistory([market], directory).series(market.pair, window, interval, NOW)


def closes(times: Any) -> list[float]:
    return [float(candle_at(int(time) - MINUTE)[3]) for time in times]


def test_all_pages_are_read_and_only_what_has_closed(server: ExchangeServer, market: Market, tmp_path: Path) -> None:
    seen = series(market(), tmp_path, 2 * DAY)
    assert seen.time.tolist() == list(range(LAST - 2 * DAY + MINUTE, LAST + 1, MINUTE))
    assert seen.close.tolist() == closes(seen.time)
    assert seen.source == "binance USDC/USDT"
    assert len(server.candle_requests) == 3


def test_nothing_is_downloaded_twice(server: ExchangeServer, market: Market, tmp_path: Path) -> None:
    first = series(market(), tmp_path, 2 * HOUR)
    asked = len(server.candle_requests)
    np.testing.assert_array_equal(series(market(), tmp_path, 2 * HOUR).time, first.time)
    assert len(series(market(), tmp_path, HOUR, 5 * MINUTE).time) == 12
    assert len(server.candle_requests) == asked
    server.now += 10 * MINUTE
    later = ExchangeHistory([market()], tmp_path).series("USDC/USDT", 2 * HOUR, MINUTE, server.now)
    assert later.time.tolist() == list(range(LAST + 10 * MINUTE - 2 * HOUR + MINUTE, LAST + 10 * MINUTE + 1, MINUTE))
    assert [int(query["startTime"]) // 1000 for query in server.candle_requests[asked:]] == [LAST]


def test_an_older_window_is_added_before_what_is_there(server: ExchangeServer, market: Market, tmp_path: Path) -> None:
    series(market(), tmp_path, HOUR)
    wide = series(market(), tmp_path, 3 * HOUR)
    assert wide.time.tolist() == list(range(LAST - 3 * HOUR + MINUTE, LAST + 1, MINUTE))
    assert wide.close.tolist() == closes(wide.time)
    assert len(server.candle_requests) == 2


def test_a_candle_that_is_still_forming_or_just_closed_is_not_kept(
    server: ExchangeServer, market: Market, tmp_path: Path
) -> None:
    server.now = LAST + 5
    assert series(market(), tmp_path).time[-1] == LAST - MINUTE
    server.now = LAST + 15
    assert series(market(), tmp_path).time[-1] == LAST


def test_a_chain_whose_clock_runs_ahead_gets_no_unfinished_candles(
    server: ExchangeServer, market: Market, tmp_path: Path
) -> None:
    server.now = NOW - 5 * MINUTE
    assert series(market(), tmp_path).time[-1] == LAST - 5 * MINUTE
    server.now = NOW
    assert series(market(), tmp_path).time[-1] == LAST


def test_a_gap_of_the_exchange_stays_a_gap_and_is_not_asked_for_again(
    server: ExchangeServer, market: Market, tmp_path: Path
) -> None:
    server.missing = {LAST - 20 * MINUTE, LAST - 19 * MINUTE}
    seen = series(market(), tmp_path)
    assert len(seen.time) == 58
    assert not {LAST - 19 * MINUTE, LAST - 18 * MINUTE} & set(seen.time.tolist())
    asked = len(server.candle_requests)
    assert len(series(market(), tmp_path).time) == 58
    assert len(server.candle_requests) == asked


def test_an_exchange_that_keeps_only_the_newest_gives_what_it_has(
    server: ExchangeServer, market: Market, tmp_path: Path
) -> None:
    seen = series(market("kraken"), tmp_path, DAY)
    assert 700 <= len(seen.time) <= 720
    assert seen.time[-1] == LAST
    asked = len(server.candle_requests)
    series(market("kraken"), tmp_path, DAY)
    assert len(server.candle_requests) == asked


def test_pages_that_end_early_are_continued(server: ExchangeServer, market: Market, tmp_path: Path) -> None:
    def partial(exchange: ExchangeServer, request: Request) -> bool:
        request.query.update({"limit": "7"} if request.path == "/klines" else {})
        return False

    server.behaviours.append(partial)
    assert len(series(market(), tmp_path).time) == 60
    assert len(server.candle_requests) == 9


def test_an_exchange_that_answers_for_limited_times_only_is_asked_further_on(
    server: ExchangeServer, market: Market, tmp_path: Path
) -> None:
    """Nothing was traded for longer than a page is; an empty page is not the end."""
    server.missing = set(range(LAST - 2 * DAY, LAST - HOUR, MINUTE))

    def bounded(exchange: ExchangeServer, request: Request) -> bool:
        if request.path != "/klines":
            return False
        since = int(request.query["startTime"]) // 1000
        page = [row for row in exchange.candles(MINUTE, since, 1000) if row[0] < since + 1000 * MINUTE]
        rows = [[at * 1000, *rest, 0, "1", 1, "1", "1", "0"] for at, *rest in page]
        request.answer(rows, 200, exchange.date)
        return True

    server.behaviours.append(bounded)
    assert len(series(market(), tmp_path, 2 * DAY).time) == 60
    asked = len(server.candle_requests)
    assert asked == 3
    assert len(series(market(), tmp_path, 2 * DAY).time) == 60
    assert len(server.candle_requests) == asked


def test_an_exchange_without_any_candles_is_an_empty_series(
    server: ExchangeServer, market: Market, tmp_path: Path
) -> None:
    server.trades_from = NOW + DAY
    assert len(series(market(), tmp_path).time) == 0
    assert len(server.candle_requests) == 1
    server.trades_from = 0
    assert len(series(market(), tmp_path).time) == 60


Rows = list[list[Any]]


def changing(change: Callable[[Rows], Any]) -> Callable[[ExchangeServer, Request], bool]:
    """Candles as Binance has them, changed."""

    def behave(exchange: ExchangeServer, request: Request) -> bool:
        if request.path != "/klines":
            return False
        since, most = int(request.query["startTime"]) // 1000, int(request.query["limit"])
        rows = [[at * 1000, *rest, 0, "1", 1, "1", "1", "0"] for at, *rest in exchange.candles(MINUTE, since, most)]
        request.answer(change(rows), 200, exchange.date)
        return True

    return behave


@pytest.mark.parametrize("change", [lambda rows: rows[::-1], lambda rows: [*rows, rows[3], rows[3]]])
def test_unsorted_and_repeated_candles_are_put_right(
    server: ExchangeServer, market: Market, tmp_path: Path, change: Any
) -> None:
    server.behaviours.append(changing(change))
    seen = series(market(), tmp_path)
    assert seen.time.tolist() == list(range(LAST - HOUR + MINUTE, LAST + 1, MINUTE))
    assert seen.close.tolist() == closes(seen.time)


def with_cell(place: int, value: Any) -> Callable[[Rows], Rows]:
    return lambda rows: [*rows[:5], [*rows[5][:place], value, *rows[5][place + 1 :]], *rows[6:]]


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        (with_cell(4, "0"), BadInput, "a positive close"),
        (with_cell(2, "-1"), BadInput, "a positive high"),
        (with_cell(5, "-3"), BadInput, "a volume that is not negative"),
        (with_cell(4, "5"), BadInput, "a close between low and high"),
        (with_cell(3, "Infinity"), BadInput, "a positive low"),
        (with_cell(4, "cheap"), SourceUnavailable, "nonsense"),
        (with_cell(4, None), SourceUnavailable, "nonsense"),
        (with_cell(0, "yesterday"), SourceUnavailable, "a candle that is none"),
        (with_cell(0, (LAST - HOUR) * 1000 + 1), SourceUnavailable, "whole seconds"),
        (with_cell(0, (LAST - HOUR + 7) * 1000), BadInput, "multiples of 1 min"),
        (lambda rows: [*rows, [*rows[3][:4], "1.00001", *rows[3][5:]]], BadInput, "one close for each time"),
        (lambda rows: {"candles": rows}, SourceUnavailable, "nonsense"),
        (lambda rows: "soon", SourceUnavailable, "nonsense"),
        (lambda rows: b"<html>Bad gateway</html>", SourceUnavailable, "its answer is not JSON"),
        (lambda rows: b'[[1699996380000, "1.0', SourceUnavailable, "its answer is not JSON"),
        (lambda rows: b"", SourceUnavailable, "its answer is not JSON"),
    ],
)
def test_what_cannot_be_used_is_named_and_not_kept(
    server: ExchangeServer, market: Market, tmp_path: Path, change: Any, error: type[DaoBotError], words: str
) -> None:
    server.behaviours.append(changing(change))
    with pytest.raises(error, match=words) as told:
        series(market(), tmp_path)
    assert told.value.next_step
    server.behaviours.clear()
    assert len(series(market(), tmp_path).time) == 60


def test_an_answer_without_a_date_is_refused_because_nothing_tells_what_has_closed(
    server: ExchangeServer, market: Market, tmp_path: Path
) -> None:
    def dateless(exchange: ExchangeServer, request: Request) -> bool:
        if request.path == "/klines":
            request.answer([])
        return request.path == "/klines"

    server.behaviours.append(dateless)
    with pytest.raises(SourceUnavailable, match="the time of its answer"):
        series(market(), tmp_path)


def test_what_the_exchange_does_not_have_is_named(market: Market, tmp_path: Path) -> None:
    with pytest.raises(NotFound, match=r"no market USDC/USTD.*Did you mean `USDC/USDT`"):
        series(market(market="USDC/USTD"), tmp_path)
    with pytest.raises(NotFound, match="no candles of 7 min"):
        series(market(interval="7m"), tmp_path, HOUR, 7 * MINUTE)
    with pytest.raises(BadInput, match="cannot be made"):
        series(market(interval="5m"), tmp_path)


def test_a_market_turned_round_and_a_replay_are_what_files_give_too(market: Market, tmp_path: Path) -> None:
    plain = series(market(), tmp_path)
    turned = series(market(pair="USDT/USDC", market="USDC/USDT", invert=True), tmp_path)
    np.testing.assert_allclose(turned.close, 1 / plain.close)
    np.testing.assert_allclose(turned.high, 1 / plain.low)
    past = ExchangeHistory([market()], tmp_path, as_of=NOW - DAY).series("USDC/USDT", HOUR, MINUTE, NOW)
    assert past.time.tolist() == plain.time.tolist()
    assert past.close.tolist() == closes(past.time - DAY)
    assert "as of 2023-11-13" in past.source


def _read(settings: dict[str, Any], directory: str) -> None:
    market = ExchangeCandles.model_validate(settings)
    assert len(series(market, Path(directory), 2 * DAY).time) == 2 * DAY // MINUTE


def test_two_processes_share_one_cache(server: ExchangeServer, market: Market, tmp_path: Path) -> None:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["ccxt", "pyarrow.parquet", "pyarrow.compute", "dao_bot.market.exchange_history"])
    settings = {"exchange": "binance", "urls": {"public": server.url}, "pair": "USDC/USDT", "interval": "1m"}
    both = [context.Process(target=_read, args=(settings, str(tmp_path))) for _ in range(2)]
    for process in both:
        process.start()
    for process in both:
        process.join(90)
        assert process.exitcode == 0
    assert len(server.candle_requests) == 3
    seen = series(market(), tmp_path, 2 * DAY)
    assert seen.close.tolist() == closes(seen.time)
    assert len(server.candle_requests) == 3
