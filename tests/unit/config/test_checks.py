"""What must hold between sections, asked of raw data."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from dao_bot.config.checks import findings


def told(data: dict[str, Any]) -> dict[str, str]:
    return {".".join(map(str, path)): words for path, words in findings(data, Path())}


def test_liquidity_never_goes_through_a_module() -> None:
    base = {"use": "liquidity", "route": "multisig", "may": [{"collect": "fees"}]}
    data: dict[str, Any] = {"routes": {"module": {"key": "env:M"}}, "strategies": {"pool": base}}
    assert told(data) == {}
    data["strategies"]["pool"] = {**base, "route": "module"}
    assert "which no role can hold to a loss" in told(data)["strategies.pool.route"]
    data["strategies"]["pool"] = {**base, "autonomy": {"most": "delayed"}}
    assert "which no role can hold to a loss" in told(data)["strategies.pool.autonomy.most"]
    data["strategies"]["pool"] = {**base, "use": "buyback-burn", "route": "module"}
    assert told(data) == {}


@pytest.mark.parametrize(
    ("keeper", "module", "words"),
    [
        ({"key": "env:K"}, {"key": "env:M"}, None),
        ({"signer": "s.sock"}, {"roles": "0x"}, None),
        ({"key": "env:K"}, {"roles": "0x"}, "is missing"),
        ({"signer": "s.sock"}, {"key": "env:M"}, "the signer has this key"),
    ],
)
def test_the_keys_of_keeper_and_module_stand_in_one_place(
    keeper: dict[str, str], module: dict[str, str], words: str | None
) -> None:
    found = told({"treasury": {"keeper": keeper}, "routes": {"module": module}})
    assert found.get("routes.module.key", "").startswith(words or "")
    assert (words is None) == (found == {})
