"""Real minutes of 2022: the break of May, the scare of June, and calm days. All pairs are quoted in USDT."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

import pytest

from benchmarks.shared_data import DIRECTORY
from dao_bot.strategy import Decision, Series
from tests.shared_data import needs_shared_data
from tests.unit.strategies.kit import bought, decide, observe, params, series, sold, swaps

from strategies.reserve_rebalance import ReserveRebalance  # isort: skip

_FILE = DIRECTORY / "stablecoin_crises_1m.parquet"

pytestmark = needs_shared_data(_FILE.name)

BREAK = ("2022-05-11 12:55", "2022-05-12 06:00", "2022-05-12 07:30", "2022-05-12 11:00")
"""Minutes at which the 15-minute median of USDC/USDT is off by more than 50 bp."""

BETWEEN = ("2022-05-11 13:10", "2022-05-12 01:00")
"""Minutes of the break at which it was off by less."""

CALM = ("2022-05-05 12:00", "2022-05-20 12:00")

SETTINGS: dict[str, Any] = {
    "assets": {"USDC": {"backing": {"Circle": "100%"}}, "USDT": {"backing": {"Tether": "100%"}}},
    "issuers": {
        "Circle": {"hazard": "2%", "loss": "15%", "cap": "70%"},
        "Tether": {"hazard": "2%", "loss": "15%", "cap": "70%"},
    },
    "banks": {},
    "venues": {},
    "chains": {},
    "buckets": {},
    "cross_rates": ("USDC/USDT",),
}
MUCH_USDC = {"USDC": 900e3, "USDT": 100e3}
MUCH_USDT = {"USDC": 100e3, "USDT": 900e3}


@cache
def _bars(pair: str, episode: str) -> Any:
    import pandas as pd

    bars = pd.read_parquet(_FILE)
    bars = bars[(bars.pair == pair) & (bars.episode == episode)]
    return bars.set_index("time").sort_index()


def _history(minute: str, *, episode: str = "terra_luna_2022", exchanged: bool = False, minutes: int = 740) -> Series:
    """USDC/USDT as it was known at `minute`; with the legs exchanged, what it would be had the other one moved."""
    import pandas as pd

    now = pd.Timestamp(minute, tz="UTC")
    bars = _bars("USDCUSDT", episode)
    known = bars[bars.index + pd.Timedelta(minutes=1) <= now].tail(minutes)
    close = known["close"].to_numpy()
    return series(1.0 / close if exchanged else close, end=int(now.timestamp()))


def _decide(minute: str, held: Mapping[str, float], **history: Any) -> Decision:
    found = _history(minute, **history)
    return decide(params(**SETTINGS), held, history={"USDC/USDT": found}, now=int(found.time[-1]))


@pytest.mark.parametrize("minute", BREAK)
def test_at_the_break_of_may_2022_usdt_is_not_bought(minute: str) -> None:
    decision = _decide(minute, MUCH_USDC)
    assert "USDT" not in bought(decision)
    assert "USDT" in decision.reason and "not bought" in decision.reason


@pytest.mark.parametrize("minute", BREAK)
def test_with_the_legs_exchanged_usdc_is_not_bought(minute: str) -> None:
    decision = _decide(minute, MUCH_USDT, exchanged=True)
    assert "USDC" not in bought(decision)
    assert "USDC" in decision.reason and "not bought" in decision.reason


@pytest.mark.parametrize("minute", BREAK)
def test_without_a_third_witness_neither_leg_is_bought(minute: str) -> None:
    for held in (MUCH_USDC, MUCH_USDT):
        for exchanged in (False, True):
            assert not swaps(_decide(minute, held, exchanged=exchanged))


@pytest.mark.parametrize("minute", BETWEEN)
def test_a_break_is_remembered_while_the_rate_swings_back(minute: str) -> None:
    assert not swaps(_decide(minute, MUCH_USDC))
    assert bought(_decide(minute, MUCH_USDC, minutes=15)) == {"USDT"}, "without the memory it would have bought"


@pytest.mark.parametrize("minute", BREAK)
def test_the_evidence_names_the_leg_that_lost_and_exchanges_with_the_legs(minute: str) -> None:
    straight, mirrored = _decide(minute, MUCH_USDC), _decide(minute, MUCH_USDT, exchanged=True)
    assert "USDT trades" in straight.reason and "lower in USDC" in straight.reason
    assert "USDC trades" in mirrored.reason and "lower in USDT" in mirrored.reason


@pytest.mark.parametrize("minute", BREAK[1:])
@pytest.mark.parametrize("fallen", ["USDT", "USDC"])
def test_with_usd_prices_the_fallen_leg_is_sold_at_once_and_the_other_may_be_bought(minute: str, fallen: str) -> None:
    found = _history(minute, exchanged=fallen == "USDC")
    rate = float(found.close[-1])
    settings = params(**SETTINGS | {"issuers": _issuers_without_caps(), "peg": {"exit_loss": "10%"}})
    usd = {"USDT": 1.0 / rate} if fallen == "USDT" else {"USDC": rate}
    decision = decide(
        settings,
        {"USDC": 500e3, "USDT": 500e3},
        usd=usd,
        history={"USDC/USDT": found},
        now=int(found.time[-1]),
    )
    assert decision.urgent
    assert sold(decision) == {fallen}
    assert fallen not in bought(decision)


def _issuers_without_caps() -> dict[str, Any]:
    return {name: {"hazard": "2%", "loss": "15%"} for name in ("Circle", "Tether")}


@pytest.mark.parametrize("minute", CALM)
def test_on_a_calm_day_the_same_holdings_are_traded(minute: str) -> None:
    assert bought(_decide(minute, MUCH_USDC)) == {"USDT"}
    assert bought(_decide(minute, MUCH_USDT)) == {"USDC"}


def test_through_celsius_there_is_no_false_alarm() -> None:
    for day in range(12, 21):
        for time in ("00:30", "06:00", "11:35", "18:00"):
            decision = _decide(f"2022-06-{day} {time}", MUCH_USDC, episode="celsius_3ac_2022")
            assert bought(decision) == {"USDT"}, (day, time, decision.reason)


def test_single_trade_spikes_do_not_stop_a_purchase() -> None:
    calm = _history("2022-05-05 12:00")
    spiked = calm.close.copy()
    spiked[[-1, -4, -7, -9, -12]] = 1.10
    history = {"USDC/USDT": series(spiked.tolist(), end=int(calm.time[-1]))}
    assert bought(decide(params(**SETTINGS), MUCH_USDC, history=history, now=int(calm.time[-1]))) == {"USDT"}


def test_candles_after_the_block_change_nothing() -> None:
    """A provider that leaks later candles must not change a decision."""
    settings = params(**SETTINGS)
    long = _history("2022-05-12 07:00", minutes=1_300)
    known = Series("test", long.time[:900], long.close[:900], long.high[:900], long.low[:900], long.volume[:900])
    now = int(known.time[-1])
    strategy = ReserveRebalance(settings)
    with_future = strategy.decide(observe(settings, MUCH_USDC, history={"USDC/USDT": long}, now=now))
    without = strategy.decide(observe(settings, MUCH_USDC, history={"USDC/USDT": known}, now=now))
    assert with_future == without


@pytest.mark.parametrize("late", [900, 86_400])
def test_a_cross_rate_that_is_late_stops_purchases(late: int) -> None:
    calm = _history("2022-05-05 12:00")
    decision = decide(params(**SETTINGS), MUCH_USDC, history={"USDC/USDT": calm}, now=int(calm.time[-1]) + late)
    assert not swaps(decision)
    assert "cannot be checked" in decision.reason
