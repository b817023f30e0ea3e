"""The shipped policy over simulated batches, and the shipped configuration as a backtest."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from dao_bot.app.backtesting import parse_moment, parts_of
from dao_bot.backtest.assembly import History, Parts, assemble, both_ways
from dao_bot.backtest.backtest import Backtest, Player
from dao_bot.backtest.history import CandleHistory, SlicedHistory
from dao_bot.backtest.market_file import load_market
from dao_bot.backtest.measures import mark, measure
from dao_bot.backtest.result import Result
from dao_bot.backtest.run import run
from dao_bot.backtest.settings import MarketSettings
from dao_bot.config.problems import ConfigErrors
from dao_bot.domain.errors import BadInput, NotFound
from dao_bot.engine.schedule import Every
from tests.unit.backtest.kit import BEGIN, HOUR, MINUTE, Base, Seller, candles, flat

ROOT = Path(__file__).parents[3]
MARKET: dict[str, Any] = {
    "start": {"USDC": "1000000", "USDT": "1000000"},
    "prices": {
        "USDC": "1 USD",
        "USDT": "USDT/USDC",
        "DAI": "1 USD",
        "LUSD": "1 USD",
        "DAO": "2.50 USD",
        "WETH": "2000 USD",
        "ETH": "2000 USD",
    },
    "delay": "0s",
}


@pytest.fixture(scope="module")
def parts() -> Parts:
    return parts_of(ROOT / "strategies.yaml")


def governed(parts: Parts, *strategies: Any, close: Any = None, hours: float = 6, **changes: Any) -> Backtest:
    pair = "USDC/USDT"
    usdc = candles(1.0 / (flat() if close is None else close))
    history = History(SlicedHistory([CandleHistory({pair: usdc})]), both_ways({pair: MINUTE}))
    players = tuple(Player(f"{each.name}-{i}", each, Every(HOUR)) for i, each in enumerate(strategies))
    settings = MarketSettings.model_validate(MARKET | changes)
    end = BEGIN + int(hours * HOUR)
    return assemble(parts, settings, ROOT, players=players, begin=BEGIN, end=end, history=history)


def endings(result: Result) -> list[str]:
    return [str(visit.ending) for visit in result.visits]


def test_a_batch_that_the_policy_allows_is_encoded_and_executed(parts: Parts) -> None:
    result = run(governed(parts, Seller(50_000), hours=0.5))
    assert endings(result) == ["proposal"]
    (deed,) = result.deeds
    assert deed.failure is None
    functions = [call.function for call in deed.batch.decoded]
    assert functions[-1] == "approve(address,uint256)"
    assert any(call.minimum is not None and call.minimum[3] == deed.batch.least[0] for call in deed.batch.decoded)


def test_the_window_of_moves_counts_what_was_executed_before(parts: Parts) -> None:
    result = run(
        governed(
            parts, Seller(400_000), hours=4, start={"USDC": "2000000", "USDT": "8000000"}, depth={"usd": "500M USD"}
        )
    )
    assert endings(result)[:3] == ["proposal"] * 3
    assert endings(result)[3:] == ["refused"] * 2
    assert "move_size" in result.visits[3].words and "USDT" in result.visits[3].words


def test_open_batches_count_in_the_window_too(parts: Parts) -> None:
    settings = {"start": {"USDC": "2000000", "USDT": "8000000"}, "depth": {"usd": "500M USD"}, "delay": "5h"}
    result = run(governed(parts, Seller(400_000), hours=4, **settings))
    assert endings(result) == ["proposal"] * 3 + ["refused"] * 2


def test_a_swap_that_is_worse_than_the_slippage_limit_is_refused(parts: Parts) -> None:
    result = run(governed(parts, Seller(400_000), hours=0.5, depth={"usd": "300000 USD"}))
    assert endings(result) == ["refused"]
    assert "slippage" in result.visits[0].words


def test_a_batch_is_judged_again_when_it_is_executed(parts: Parts) -> None:
    close = flat()
    close[int(24.6 * 60) :] = 1.012
    result = run(governed(parts, Seller(50_000), close=close, hours=0.9, delay="50m"))
    (deed,) = result.deeds
    assert deed.failure is not None
    assert "pool_against_oracle" in deed.failure or "price" in deed.failure or "slippage" in deed.failure


def test_holdings_outside_of_the_caps_are_counted_in_days(parts: Parts) -> None:
    result = run(governed(parts, Base(), hours=6, start={"USDC": "3000000", "USDT": "1000000"}))
    measures = measure(result, mark(result))
    assert measures.days_outside == pytest.approx(0.25), "75 % of USDC is more than the policy allows"
    inside = run(governed(parts, Base(), hours=6, start={"USDC": "500000", "USDT": "300000", "DAI": "200000"}))
    assert measure(inside, mark(inside)).days_outside == 0.0


def test_a_feed_that_lags_keeps_its_answer_until_the_price_has_moved_enough(parts: Parts) -> None:
    close = flat()
    close[int(24.5 * 60) :] = 0.998
    close[int(25.5 * 60) :] = 0.997
    result = run(governed(parts, Teller(), close=close, hours=2))
    assert [visit.words for visit in result.visits] == ["1.0000", "1.0000", "0.9970"]


class Teller(Base):
    """Tells the price of USDT."""

    def decide(self, seen: Any) -> Any:
        from dao_bot.strategy import Decision

        prices = next(value for need, value in seen.data.items() if need.kind == "prices")
        usdt = next(price for token, price in prices.items() if token.symbol == "USDT")
        return Decision.nothing("none" if usdt.usd is None else f"{usdt.usd / 10**18:.4f}")


def test_sources_that_disagree_leave_no_price_as_live(parts: Parts) -> None:
    close = flat()
    close[int(24.9 * 60) :] = 0.97
    result = run(governed(parts, Teller(), close=close, hours=1))
    assert [visit.words for visit in result.visits] == ["1.0000", "none"], "the pool's mean lags behind the feed"


def test_the_market_file_is_read_and_every_mistake_is_told_with_its_line(tmp_path: Path, parts: Parts) -> None:
    good = tmp_path / "good.yaml"
    good.write_text("start: {USDC: '5'}\nprices: {USDC: 1 USD, USDT: USDT/USDC}\ndelay: 2h\n")
    assert load_market(good, parts.facts.tokens).delay == 2 * HOUR
    bad = tmp_path / "bad.yaml"
    bad.write_text("start: {USDX: '5'}\nprices: {USDC: 1}\ndelay: soon\ndept: {usd: 5M USD}\n")
    with pytest.raises(ConfigErrors) as caught:
        load_market(bad, parts.facts.tokens)
    told = str(caught.value)
    for place in ("bad.yaml:1", "bad.yaml:2", "bad.yaml:3", "bad.yaml:4", "USDX", "depth"):
        assert place in told, told


def test_a_missing_market_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigErrors, match="nowhere.yaml"):
        load_market(tmp_path / "nowhere.yaml", ())


def test_a_pair_without_candles_is_named(parts: Parts) -> None:
    with pytest.raises(NotFound, match="no history of USDT/USD"):
        governed(parts, Base(), prices=MARKET["prices"] | {"USDT": "USDT/USD"})


@pytest.mark.parametrize("text", ["2022-13-01", "yesterday", "2022-05-01T00:00", "2022-05-01 25:00"])
def test_what_is_no_moment_is_refused(text: str) -> None:
    with pytest.raises(BadInput, match="not a moment"):
        parse_moment(text)


def test_a_moment_is_utc() -> None:
    assert parse_moment("2023-11-15") == BEGIN
    assert parse_moment("2023-11-15 00:30") == BEGIN + 30 * MINUTE
