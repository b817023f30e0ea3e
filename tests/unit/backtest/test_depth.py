"""What a sale returns: stated depth, recorded pools, order books, and the mark that is left."""

from __future__ import annotations

import math

import numpy as np
import pytest

from dao_bot.backtest.depth import Book, PoolStates, StatedDepth, constant_product
from dao_bot.backtest.pools import Mark
from tests.unit.backtest.kit import BEGIN, DAI, HOUR, POOLS, USDC, USDT, flat, market

VENUE = "uniswap_v3"


@pytest.mark.parametrize("of_base", [True, False])
def test_a_stated_depth_is_what_makes_the_price_one_per_cent_worse(of_base: bool) -> None:
    trade = StatedDepth(1e6).sale(0, 1.0, 1.0, of_base, 1e6)
    assert trade is not None
    assert trade.price == pytest.approx(0.99 if of_base else 1 / 0.99, rel=1e-12)


def test_the_product_of_the_reserves_stays() -> None:
    for of_base in (True, False):
        trade = constant_product(3e6, 2e6, of_base, 1e5)
        base, quote = (3.1e6, 2e6 - trade.received) if of_base else (3e6 - trade.received, 2.1e6)
        assert base * quote == pytest.approx(6e12, rel=1e-12)
        assert trade.price == pytest.approx(quote / base, rel=1e-12)


def test_a_sale_in_two_halves_returns_what_the_whole_returns() -> None:
    depth = StatedDepth(1e6)
    whole, first = depth.sale(0, 1.0, 1.0, True, 4e5), depth.sale(0, 1.0, 1.0, True, 2e5)
    assert whole is not None and first is not None
    base = 1e6 / (1 / math.sqrt(0.99) - 1)
    second = constant_product(base + 2e5, base - first.received, True, 2e5)
    assert first.received + second.received == pytest.approx(whole.received, rel=1e-12)


def test_a_recorded_pool_is_as_deep_as_its_liquidity_and_unknown_when_it_is_old() -> None:
    states = PoolStates(np.array([100]), np.array([2e18]), 10.0 ** (6 + 18), max_age=60)
    trade = states.sale(130, 4.0, 1.0, True, 1e3)
    assert trade is not None
    whole = 2e18 / 1e12
    assert trade.received == pytest.approx(constant_product(whole / 2, whole * 2, True, 1e3).received)
    assert states.sale(99, 4.0, 1.0, True, 1e3) is None
    assert states.sale(161, 4.0, 1.0, True, 1e3) is None
    assert states.sale(130, 4.0, 1.0, True, 1e6) is None, "beyond the range that is taken to go on"


def test_a_book_is_walked_from_its_best_level() -> None:
    book = Book(
        np.array([0]),
        bid_distance=np.array([[0.001, 0.002]]),
        bid_size=np.array([[100.0, 100.0]]),
        ask_distance=np.array([[0.001, 0.002]]),
        ask_size=np.array([[100.0, 100.0]]),
        max_age=10,
    )
    sold = book.sale(5, 2.0, 2.0, True, 150.0)
    assert sold is not None
    assert sold.received == pytest.approx(100 * 2 * 0.999 + 50 * 2 * 0.998)
    assert sold.price == pytest.approx(2 * 0.998)
    bought = book.sale(5, 2.0, 2.0, False, 100 * 2 * 1.001)
    assert bought is not None and bought.received == pytest.approx(100.0)
    assert book.sale(5, 2.0, 2.0, True, 201.0) is None, "deeper than the book"
    assert book.sale(11, 2.0, 2.0, True, 1.0) is None, "an old snapshot"


def test_two_hops_pay_two_fees_and_mark_both_pools() -> None:
    where = market(flat())
    venue = where.venues[VENUE]
    route = next(each for each in venue.by_path.values() if (each.sell, each.buy) == (USDT, DAI))
    sale = venue.sell(route, 10_000 * 10**6, where.at(BEGIN), {})
    assert sale is not None
    assert sale.fees == pytest.approx(2.0, rel=1e-3)
    assert set(sale.marks) == {each.address for each in POOLS}
    assert 9_990 * 10**18 < sale.received < 9_998 * 10**18


def test_a_trade_leaves_a_mark_that_fades_and_makes_the_next_one_worse() -> None:
    where = market(flat(), depth=1e6)
    venue = where.venues[VENUE]
    route = next(each for each in venue.by_path.values() if (each.sell, each.buy) == (USDT, USDC))
    first = venue.sell(route, 100_000 * 10**6, where.at(BEGIN), {})
    assert first is not None
    at_once = venue.sell(route, 100_000 * 10**6, where.at(BEGIN), first.marks)
    later = venue.sell(route, 100_000 * 10**6, where.at(BEGIN + 10 * HOUR), first.marks)
    assert at_once is not None and later is not None
    assert at_once.received < later.received <= first.received
    assert later.received == pytest.approx(first.received, rel=1e-6)


def test_the_spot_price_shows_the_mark_and_the_mean_does_not() -> None:
    where = market(flat())
    venue, pool = where.venues[VENUE], POOLS[0]
    marks: dict[str, Mark] = {pool.address: Mark(0.01, BEGIN)}
    assert venue.spot(pool, where.at(BEGIN), marks) == pytest.approx(math.exp(0.01))
    assert venue.spot(pool, where.at(BEGIN + HOUR), marks) == pytest.approx(math.exp(0.01 / math.e))
    assert where.mean_rate(USDC, USDT, BEGIN, 1_800) == pytest.approx(1.0)


def test_where_no_price_is_known_nothing_is_quoted() -> None:
    where = market(flat(hours=25))
    venue, late = where.venues[VENUE], where.at(BEGIN + 3 * HOUR)
    assert venue.ladders({USDT: (10**6,)}, (USDC, USDT, DAI), late, {}) == ()
