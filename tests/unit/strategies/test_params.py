"""What stewards write is checked whole, and said in their words."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest
from pydantic import ValidationError

from dao_bot.domain.units import WAD
from tests.unit.strategies.kit import BASE, params


def test_ratios_money_and_names_are_read_as_written() -> None:
    found = params()
    assert found.monthly_burn == 60_000 * WAD
    assert found.issuers["Circle"].cap == 60 * WAD // 100
    assert found.assets["DAI"].backing == {"Circle": 35 * WAD // 100, "Maker": 65 * WAD // 100}


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"assets": BASE["assets"] | {"USDC": {"backing": {"Circl": "100%"}}}}, "did you mean Circle"),
        ({"assets": BASE["assets"] | {"USDC": {"backing": {"Circle": "90%"}}}}, "must sum to 100 %"),
        ({"assets": BASE["assets"] | {"USDC": {}}}, "look riskless"),
        ({"assets": BASE["assets"] | {"aUSDC": {"wraps": "USDCC"}}}, "did you mean USDC"),
        ({"assets": {"A": {"wraps": "B"}, "B": {"wraps": "A"}}}, "a circle"),
        ({"assets": BASE["assets"] | {"gGOV": {"wraps": "GOV"}}}, "the DAO's own token"),
        ({"turnover": "120%"}, "between 0% and 100%"),
        ({"turnover": "0.2"}, "not a ratio"),
        ({"monthly_burn": "60000"}, "not an amount of money"),
        ({"buckets": {"instant": {"at_least": "50%", "at_most": "40%"}, "day": {}}}, "greater than at_most"),
        ({"quote_sizes": ["5000 USD", "1000 USD"]}, "must grow"),
        ({"cross_rates": ["USDC/EURC"]}, "not two different assets"),
        ({"chains": {"ethereum": BASE["chains"]["ethereum"], "base": BASE["chains"]["ethereum"]}}, "several chains"),
        ({"peg": {"bound": "10bps"}}, "cannot be noise"),
        ({"runway_month": "6"}, "Extra inputs"),
    ],
)
def test_what_is_wrong_is_named(changes: dict[str, Any], complaint: str) -> None:
    with pytest.raises(ValidationError, match=complaint):
        params(**changes)


def test_more_than_two_hundred_assets_are_refused() -> None:
    many = {f"T{i}": {"backing": {"Circle": "100%"}} for i in range(201)}
    with pytest.raises(ValidationError, match="at most 200"):
        params(assets=many)


def test_reading_the_parameters_loads_no_solver() -> None:
    code = (
        "import sys, strategies.reserve_rebalance as r; r.ReserveRebalance.Params; "
        "print(sorted({'cvxpy', 'clarabel', 'highspy', 'scipy', 'pandas'} & set(sys.modules)))"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"
