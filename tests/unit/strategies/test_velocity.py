"""What counts as changing hands, and that the velocity of real tokens is the one that the data itself says."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from benchmarks.shared_data import DIRECTORY
from dao_bot.domain.errors import BadInput
from strategies.buyback_burn import velocity
from strategies.buyback_burn.logs import traded, transfers
from tests.shared_data import needs_shared_data
from tests.unit.strategies.buyback_kit import (
    EXCHANGE,
    GOV,
    NOW,
    STAKING,
    USDC,
    WALLETS,
    address,
    columns,
    integers,
    swaps_of,
    transfers_of,
)

DAY = 86_400
ANN, BEN, CARL = WALLETS[:3]


def moved(rows: Sequence[tuple[int, str, str, int]], round_trip: int = DAY, insiders: tuple[str, ...] = ()) -> float:
    """Volume of ten days of (seconds ago, from, to, units)."""
    stream = transfers_of([(NOW - ago, sender, receiver, units) for ago, sender, receiver, units in rows])
    outside = velocity.between_owners(transfers(stream), insiders)
    return float(velocity.changed_hands(outside, NOW, 10 * DAY, round_trip).sum())


def test_a_transfer_between_owners_changes_hands() -> None:
    assert moved([(3_600, ANN, BEN, 500)]) == 500


def test_mints_burns_and_transfers_to_oneself_do_not() -> None:
    nobody = "0x" + "00" * 20
    assert moved([(1, nobody, ANN, 500), (1, ANN, nobody, 500), (1, ANN, ANN, 500)]) == 0


@pytest.mark.parametrize("insider", [EXCHANGE, STAKING])
def test_deposits_and_withdrawals_do_not(insider: str) -> None:
    rows = [(3_600, ANN, insider, 500), (100, insider, BEN, 300), (50, ANN, BEN, 7)]
    assert moved(rows, insiders=(insider,)) == 7


def test_what_comes_back_within_the_round_trip_does_not() -> None:
    assert moved([(3_600, ANN, BEN, 500), (3_000, BEN, ANN, 500)]) == 0
    assert moved([(3_600, ANN, BEN, 500), (3_000, BEN, ANN, 400)]) == 100


def test_wash_trading_in_a_circle_of_wallets_does_not() -> None:
    circle = [*WALLETS[:8], WALLETS[0]]
    rows = [(3_600 - n, circle[n], circle[n + 1], 10**24) for n in range(8)]
    assert moved([*rows] * 50) == 0


def test_what_comes_back_later_changes_hands_twice() -> None:
    assert moved([(3 * DAY + 60, ANN, BEN, 500), (60, BEN, ANN, 500)]) == 1_000


def test_every_transfer_counts_where_round_trips_are_not_taken_out() -> None:
    assert moved([(3_600, ANN, BEN, 500), (3_000, BEN, ANN, 500)], round_trip=0) == 1_000


def test_what_lies_outside_the_window_does_not_count() -> None:
    assert moved([(10 * DAY, ANN, BEN, 500), (10 * DAY - 1, ANN, BEN, 30)]) == 30
    assert moved([(-1, ANN, BEN, 500), (0, ANN, CARL, 5)]) == 5


def test_nothing_moved_is_a_velocity_of_zero() -> None:
    assert moved([]) == 0
    assert velocity.yearly(np.zeros(10), 1e6, 10 * DAY) == 0


def test_the_pace_of_a_window_is_told_for_a_year() -> None:
    assert velocity.yearly(np.full(10, 100.0), 10_000.0, 10 * DAY) == pytest.approx(0.1 * 36.5)


def test_a_turnover_is_not_told_before_a_whole_window() -> None:
    found = velocity.turnover(np.array([1.0, 2.0, 3.0, 4.0]), np.array([10.0, 10.0, 10.0, 20.0]), 3)
    assert np.isnan(found[:2]).all()
    assert found[2:].tolist() == [0.6, 0.45]


def test_the_side_of_the_own_token_is_that_of_its_address() -> None:
    swaps = swaps_of([(NOW, 7), (NOW, -9)])
    assert traded(swaps, GOV, USDC).tolist() == [7, 9]
    lopsided = columns([NOW], amount0=integers([1], signed=True), amount1=integers([-5], signed=True))
    assert traded(lopsided, GOV, USDC).tolist() == [5]
    assert traded(lopsided, USDC, GOV).tolist() == [1]


def test_streams_of_other_events_are_told_apart_from_transfers_and_swaps() -> None:
    with pytest.raises(BadInput, match="other columns"):
        transfers(swaps_of([(NOW, 1)]))
    with pytest.raises(BadInput, match="Write the event"):
        traded(transfers_of([(NOW, ANN, address(1), 1)]), GOV, USDC)


@needs_shared_data("token_daily.parquet")
def test_velocity_of_real_tokens_is_the_data_s_own() -> None:
    """`VelCur1yr` is the 365-day sum of transfers x mean native value over current supply."""
    import pandas as pd

    table = pd.read_parquet(DIRECTORY / "token_daily.parquet")
    compared = 0
    for asset, rows in table.groupby("asset"):
        days = rows.sort_values("time")
        volume = (days.TxTfrCnt * days.TxTfrValMeanUSD / days.PriceUSD).to_numpy(np.float64)
        ours = velocity.turnover(volume, days.SplyCur.to_numpy(np.float64), 365)
        theirs = days.VelCur1yr.to_numpy(np.float64)
        both = np.isfinite(ours) & np.isfinite(theirs)
        assert both.sum() >= 49, asset
        np.testing.assert_allclose(ours[both], theirs[both], rtol=1e-9)
        compared += int(both.sum())
    assert compared > 2_500
