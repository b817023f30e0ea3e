"""Pegs: USD prices decide, cross rates only take trust away, and attribution needs independent witnesses."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest

from dao_bot.domain.units import WAD
from strategies.reserve_rebalance import pegs, universe
from strategies.reserve_rebalance.crossrates import CrossRate
from strategies.reserve_rebalance.pegs import Pegs, State
from tests.unit.strategies.kit import BASE, params, token

ASSETS = BASE["assets"] | {
    "BUSD": {"backing": {"Paxos": "100%"}},
    "ETH": {"peg": "none", "backing": {"Ether": "100%"}},
}
ISSUERS = BASE["issuers"] | {"Paxos": {"hazard": "2%", "loss": "10%"}, "Ether": {"hazard": "50%", "loss": "60%"}}
SETTINGS = params(assets=ASSETS, issuers=ISSUERS)
RESERVE = universe.build(SETTINGS, {symbol: token(symbol) for symbol in ASSETS})
AT = {symbol: i for i, symbol in enumerate(RESERVE.symbols)}


def assess(rates: Mapping[str, float] = {}, **usd: float | None) -> dict[str, State]:
    return _states(_assess(rates, **usd))


def _assess(rates: Mapping[str, float] = {}, **usd: float | None) -> Pegs:
    prices = {symbol: 2_000.0 if symbol == "ETH" else 1.0 for symbol in RESERVE.symbols} | usd
    wads = [None if prices[s] is None else round(prices[s] * WAD) for s in RESERVE.symbols]  # type: ignore[operator]  # checked
    cross = []
    for pair, rate in rates.items():
        base, quote = pair.split("/")
        cross.append(CrossRate(AT[base], AT.get(quote, -1), rate, pair))
    return pegs.assess(RESERVE, SETTINGS.peg, wads, cross)


def _states(found: Pegs) -> dict[str, State]:
    return dict(zip(RESERVE.symbols, found.states, strict=True))


def _buyable(found: Mapping[str, State]) -> set[str]:
    return {symbol for symbol, state in found.items() if state in pegs.BUYABLE}


def test_at_the_peg_everything_may_be_bought() -> None:
    assert _buyable(assess({"USDC/USDT": 1.0005})) == set(RESERVE.symbols)


@pytest.mark.parametrize(
    ("price", "state"),
    [
        (0.9951, State.ON_PEG),
        (0.9949, State.BELOW),
        (0.9901, State.BELOW),
        (0.9899, State.FALLEN),
        (1.0051, State.ABOVE),
    ],
)
def test_the_bound_is_measured_in_usd(price: float, state: State) -> None:
    assert assess(USDT=price)["USDT"] is state


def test_a_wider_noise_moves_the_exit_and_where_the_hazard_begins_but_not_what_may_be_bought() -> None:
    settings = params(
        assets=ASSETS | {"DAI": ASSETS["DAI"] | {"noise": "2%"}, "wDAI": {"wraps": "DAI"}}, issuers=ISSUERS
    )
    reserve = universe.build(settings, {symbol: token(symbol) for symbol in settings.assets})
    usd = [round((0.985 if "DAI" in symbol else 1.0) * WAD) for symbol in reserve.symbols]
    found = pegs.assess(reserve, settings.peg, usd, [])
    states = dict(zip(reserve.symbols, found.states, strict=True))
    assert states["DAI"] is states["wDAI"] is State.BELOW
    assert np.array_equal(pegs.raised_hazard(reserve, settings.peg, found), reserve.hazard)
    deeper = [round(usd_of / WAD * 0.99 * WAD) if usd_of < WAD else usd_of for usd_of in usd]
    found = pegs.assess(reserve, settings.peg, deeper, [])
    assert dict(zip(reserve.symbols, found.states, strict=True))["DAI"] is State.FALLEN
    assert pegs.raised_hazard(reserve, settings.peg, found).max() > reserve.hazard.max()


def test_without_a_usd_price_nothing_is_known() -> None:
    assert assess(USDT=None)["USDT"] is State.UNPRICED


@pytest.mark.parametrize(("pair", "rate"), [("USDC/USDT", 1.02), ("USDC/USDT", 0.98), ("USDT/USDC", 1.02)])
def test_a_single_contradicting_pair_stops_both_sides(pair: str, rate: float) -> None:
    found = assess({pair: rate})
    assert found["USDC"] is found["USDT"] is State.UNATTRIBUTED


def test_a_cross_rate_that_the_usd_prices_explain_stops_only_the_fallen_side() -> None:
    found = assess({"USDC/USDT": 1.0 / 0.97}, USDT=0.97)
    assert found["USDT"] is State.FALLEN and found["USDC"] is State.ON_PEG


def test_independent_witnesses_that_agree_attribute_a_fall() -> None:
    found = assess({"USDC/USDT": 1.02, "BUSD/USDT": 1.02, "BUSD/USDC": 1.0})
    assert found["USDT"] is State.FALLEN
    assert found["USDC"] is found["BUSD"] is State.ON_PEG


def test_exchanging_the_legs_exchanges_the_verdict() -> None:
    found = assess({"USDT/USDC": 1.02, "BUSD/USDC": 1.02, "BUSD/USDT": 1.0})
    assert found["USDC"] is State.FALLEN
    assert found["USDT"] is found["BUSD"] is State.ON_PEG


def test_witnesses_that_were_not_seen_to_agree_attribute_nothing() -> None:
    found = assess({"USDC/USDT": 1.02, "BUSD/USDT": 1.02})
    assert not {"USDC", "USDT", "BUSD"} & _buyable(found)


def test_witnesses_of_one_issuer_are_one_witness() -> None:
    """In March 2023 USDC and DAI fell together: to the two of them it looked as if the others had risen."""
    found = assess({"USDC/USDT": 1.02, "DAI/USDT": 1.02, "DAI/USDC": 1.0})
    assert found["USDT"] is State.UNATTRIBUTED


def test_a_common_fall_of_two_clears_nobody() -> None:
    found = assess({"USDT/USDC": 1.03, "USDT/BUSD": 1.03, "BUSD/USDC": 1.0})
    assert not {"USDC", "USDT", "BUSD"} & _buyable(found)


def test_wrappers_and_whoever_leans_on_a_suspect_issuer_are_stopped_too() -> None:
    found = assess(USDC=0.97)
    assert found["aUSDC"] is State.LEANING and found["DAI"] is State.LEANING
    assert found["USDT"] is State.ON_PEG


def test_an_exchange_rate_in_usd_that_contradicts_the_feed_stops_purchases() -> None:
    assert assess({"USDC/USD": 0.98})["USDC"] is State.UNATTRIBUTED


def test_a_floating_asset_is_a_weak_witness() -> None:
    assert assess({"ETH/USDT": 2_000 * 1.008})["USDT"] is State.ON_PEG
    assert assess({"ETH/USDT": 2_000 * 1.02})["USDT"] is State.UNATTRIBUTED


def test_a_deviation_raises_the_hazard_of_the_issuer_that_it_is_backed_by() -> None:
    calm = pegs.raised_hazard(RESERVE, SETTINGS.peg, _assess())
    np.testing.assert_array_equal(calm, RESERVE.hazard)
    raised = pegs.raised_hazard(RESERVE, SETTINGS.peg, _assess(USDT=0.98))
    tether = RESERVE.failures.index("issuer Tether")
    assert raised[tether] == pytest.approx(RESERVE.hazard[tether] + (2.0 - 0.3) * 10)
    assert (np.delete(raised, tether) == np.delete(calm, tether)).all()


def test_noise_raises_nothing() -> None:
    np.testing.assert_array_equal(pegs.raised_hazard(RESERVE, SETTINGS.peg, _assess(USDT=0.9971)), RESERVE.hazard)


def test_no_order_of_the_cross_rates_changes_the_states() -> None:
    rates: dict[str, Any] = {"USDC/USDT": 1.02, "BUSD/USDT": 1.02, "BUSD/USDC": 1.0, "DAI/USDT": 1.015}
    assert assess(rates) == assess(dict(reversed(rates.items())))
