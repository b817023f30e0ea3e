"""The section `history` of strategies.yaml."""

from __future__ import annotations

from pathlib import Path

import pytest

from dao_bot.config.load import load_text
from dao_bot.config.problems import ConfigErrors

SHIPPED = Path(__file__).resolve().parents[3] / "strategies.yaml"
HISTORY = """
history:
  files:
    - path: candles.parquet
      pair: {pair}
      rows: {{pair: USDCUSDT}}
      interval: 1m
      stamp: open
"""


def test_files_of_candles_are_part_of_the_configuration() -> None:
    config = load_text(SHIPPED.read_text() + HISTORY.format(pair="USDC/USDT"), SHIPPED)
    (file,) = config.history.files
    assert (file.pair, file.interval, file.rows) == ("USDC/USDT", 60, {"pair": "USDCUSDT"})
    assert load_text(SHIPPED.read_text(), SHIPPED).history.files == ()


def test_a_mistake_in_them_is_told_with_its_line() -> None:
    with pytest.raises(ConfigErrors) as errors:
        load_text(SHIPPED.read_text() + HISTORY.format(pair="USDCUSDT"), SHIPPED)
    line = len(SHIPPED.read_text().splitlines()) + 5
    assert f"strategies.yaml:{line}:" in str(errors.value)
    assert "history.files[0].pair" in str(errors.value)
