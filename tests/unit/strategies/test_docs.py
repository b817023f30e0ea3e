"""The example of the strategy's page is what the strategy reads."""

from __future__ import annotations

from pathlib import Path

import yaml

from strategies.reserve_rebalance import Params

PAGE = Path(__file__).resolve().parents[3] / "docs" / "strategies" / "reserve-rebalance.md"


def test_the_example_is_valid() -> None:
    example = PAGE.read_text(encoding="utf-8").split("```yaml\n")[1].split("```")[0]
    raw = yaml.load(example, Loader=yaml.BaseLoader)["params"]
    found = Params.model_validate(raw)
    assert set(found.assets) == {"USDC", "USDT", "DAI", "aUSDC", "GOV"}
    assert found.assets["GOV"].own and found.cross_rates == ("USDC/USDT",)
