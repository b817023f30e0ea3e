"""The liquidity strategy through five days of a real pool, minute by minute: no value appears, and none is lost."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pytest

from benchmarks.shared_data import DIRECTORY
from dao_bot.backtest.backtest import Backtest, Player
from dao_bot.backtest.depth import StatedDepth
from dao_bot.backtest.market import Market
from dao_bot.backtest.measures import mark, measure
from dao_bot.backtest.own_liquidity import OwnPool
from dao_bot.backtest.paths import PricePaths, from_columns
from dao_bot.backtest.pool_states import load_pool_trades
from dao_bot.backtest.pools import PoolVenue, SimulatedPool
from dao_bot.backtest.result import Ending, Result
from dao_bot.backtest.run import run
from dao_bot.backtest.settings import PoolTradesFile
from dao_bot.backtest.traffic import Traffic
from dao_bot.chain.provider import Treasury as Facts
from dao_bot.domain.addresses import ZERO_ADDRESS, checksum
from dao_bot.domain.concentrated import amounts_of
from dao_bot.domain.hashing import keccak
from dao_bot.domain.positions import edges
from dao_bot.domain.ticks import tick_at_sqrt_ratio
from dao_bot.engine.schedule import Every
from dao_bot.protocols.uniswap_v3.paths import VENUE, Pool
from dao_bot.strategy import Token
from strategies.liquidity import Liquidity
from tests.shared_data import needs_shared_data

FILE = DIRECTORY / "uniswap_v3_usdc_weth_minutes.parquet"
HOUR = 3_600
OWN = 10**16

pytestmark = needs_shared_data(FILE.name)

USDC = Token(1, checksum("0x" + "11" * 20), "USDC", 6)
WETH = Token(1, checksum("0x" + "22" * 20), "WETH", 18)
NATIVE = Token(1, ZERO_ADDRESS, "ETH", 18)
FACTS = Facts(1, checksum(keccak(b"safe")[12:]), {"USDC": USDC, "WETH": WETH}, NATIVE, checksum(keccak(b"many")[12:]))
POOL = Pool(USDC, WETH, 500, checksum(keccak(b"pool")[12:]))
MANAGER = checksum(keccak(b"manager")[12:])


@cache
def recorded() -> tuple[PricePaths, Traffic]:
    """Prices that follow the pool's own closes, and what others did in it."""
    import pandas as pd

    rows = pd.read_parquet(FILE).sort_values("timestamp")
    time = rows["timestamp"].to_numpy().astype("datetime64[s]").astype(np.int64) + 60
    weth = 10.0**12 / 1.0001 ** rows["closeTick"].to_numpy()
    paths = from_columns((USDC, WETH, NATIVE), time, np.column_stack([np.ones(len(time)), weth, weth]))
    return paths, load_pool_trades(PoolTradesFile(path=FILE.name), POOL, True, FILE.parent, paths)


def new_pool() -> OwnPool:
    return OwnPool(MANAGER, POOL, recorded()[1])


def test_what_the_pool_holds_in_the_end_is_what_went_in_less_what_came_out() -> None:
    own, (paths, traffic) = new_pool(), recorded()
    begin, end = int(traffic.time[0]), int(traffic.time[-1])
    own.advance(begin)
    paid, got, number = [0, 0], [0, 0], 0
    for now in range(begin, end, 12 * HOUR):
        own.advance(now)
        state = own.state()
        assert state is not None
        if number:
            position = next(own.seen())
            own.remove(number, position.liquidity, (0, 0))
            got = [got[side] + units for side, units in enumerate(own.collect(number)[0])]
        number += 1
        lower, upper = ((state.tick + half) // 10 * 10 for half in (-400, 400))
        deposit = amounts_of(OWN, state.sqrt_price, *edges(lower, upper), round_up=True)
        paid = [paid[side] + units for side, units in enumerate(own.mint(number, lower, upper, deposit, (0, 0)))]
    own.advance(end)
    own.remove(number, next(own.seen()).liquidity, (0, 0))
    got = [got[side] + units for side, units in enumerate(own.collect(number)[0])]
    replay: Any = own._replay
    theirs = replay.leave()
    assert number == 10 and min(theirs) > 0
    assert not list(own.seen())
    # What is left is what the contract rounds away, less than a hundred units in each of some trades a minute.
    assert all(0 <= left < 100 * len(traffic.time) for left in replay.balance)
    value = float(paths.usd[-1, 1]) / 10**18
    fees = own.earned()
    assert 0 < fees[0] / 10**6 + fees[1] * value < 0.02 * (paid[0] / 10**6 + paid[1] * value)


def test_the_price_in_the_pool_is_the_one_that_was_recorded() -> None:
    import pandas as pd

    own = new_pool()
    ticks = pd.read_parquet(FILE).sort_values("timestamp")["closeTick"].to_numpy()
    for row in range(0, len(ticks), 500):
        own.advance(int(recorded()[1].time[row]))
        state = own.state()
        assert state is not None and state.tick == tick_at_sqrt_ratio(state.sqrt_price)
        assert abs(state.tick - int(ticks[row])) <= 1


@cache
def played() -> Result:
    paths, traffic = recorded()
    venue = PoolVenue(VENUE, (SimulatedPool(POOL, StatedDepth(5e6), traffic),), HOUR, 1_800, manager=MANAGER)
    params = Liquidity.Params.model_validate(
        {
            "own": "WETH",
            "quote": "USDC",
            "fee": 500,
            "depth": "50000 USD",
            "own_budget": "50%",
            "quote_budget": "500000 USD",
            "volatility": "60%",
            "max_reranges": 5,
            "fee_history": "6h",
        },
        context={"tokens": ("USDC", "WETH")},
    )
    strategy: Any = Liquidity(params)
    player = Player("market", strategy, Every(HOUR))
    start = {USDC: 10**12, WETH: 600 * 10**18}
    return run(
        Backtest(
            Market(paths, NATIVE, {VENUE: venue}, 10**9),
            FACTS,
            (player,),
            start,
            int(traffic.time[0]) + HOUR,
            int(traffic.time[-1]),
            delay=600,
        )
    )


def test_the_strategy_provides_earns_and_fails_never() -> None:
    result = played()
    assert not [visit.words for visit in result.visits if visit.ending in (Ending.FAILED, Ending.PAUSED)]
    kinds = [change.kind for deed in result.deeds for change in deed.changes]
    assert kinds[0] == "mint_position"
    found = measure(result, mark(result))
    assert found.earned > 0 and found.provided > 50_000


def test_the_treasury_ends_with_its_start_its_fees_and_what_the_price_made_of_its_positions() -> None:
    result = played()
    marks = mark(result)
    found = measure(result, marks)
    moved = {token: 0 for token in (USDC, WETH)}
    for deed in result.deeds:
        for change in deed.changes:
            for amount in change.paid:
                moved[amount.token] -= amount.units
            for amount in change.received:
                moved[amount.token] += amount.units
    ended = dict(zip(result.tokens, result.steps[-1].units, strict=True))
    usd = dict(zip(marks.tokens, marks.usd[-1].tolist(), strict=True))
    (provided,) = result.provided
    gained = 0.0
    for side, token in enumerate(provided.tokens):
        assert ended[token] == result.backtest.start[token] + moved[token]
        gained += (moved[token] + provided.inside[-1].amounts[side]) / 10**token.decimals * usd[token]
    assert found.final_value == pytest.approx(found.final_hold + gained - found.gas, rel=1e-12)


def test_fees_aside_a_position_ends_below_what_it_was_made_of() -> None:
    """By its convexity: the pool sold what rose and bought what fell."""
    result = played()
    marks = mark(result)
    found = measure(result, marks)
    lost = found.final_hold - (found.final_value - found.earned) - found.gas
    assert 0 < lost < 0.05 * found.start_value
