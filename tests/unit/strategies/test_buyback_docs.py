"""The example of the strategy's page is what the strategy reads."""

from __future__ import annotations

from pathlib import Path

import yaml

from strategies.buyback_burn import BuybackBurn, Params

PAGE = Path(__file__).resolve().parents[3] / "docs" / "strategies" / "buyback-burn.md"


def test_the_example_is_valid() -> None:
    example = PAGE.read_text(encoding="utf-8").split("```yaml\n")[1].split("```")[0]
    found = Params.model_validate(yaml.load(example, Loader=yaml.BaseLoader)["params"])
    assert (found.token, found.slices, found.budget.period) == ("GOV", 14, 7 * 86_400)
    streams = {need.stream for need in BuybackBurn(found).needs() if need.kind == "events"}  # type: ignore[attr-defined]
    assert streams == {"gov-transfers", "usdc-transfers", "gov-weth-swaps"}
