"""The section `history` of strategies.yaml."""

from __future__ import annotations

from pathlib import Path

import pytest

from dao_bot.config.load import load_text
from dao_bot.config.problems import ConfigErrors
from dao_bot.market.history_settings import HistorySettings

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


@pytest.mark.parametrize("moment", ["2022-05-12", "2022-05-12 08:00", "12.5.2022 08:00 UTC", "2022-13-12 08:00 UTC"])
def test_a_replay_needs_a_whole_moment_in_utc(moment: str) -> None:
    assert HistorySettings.model_validate({"as_of": "2022-05-12 08:00 UTC"}).as_of == 1_652_342_400
    with pytest.raises(ValueError, match="not a moment"):
        HistorySettings.model_validate({"as_of": moment})


def test_a_replay_is_refused_in_mode_live() -> None:
    text = SHIPPED.read_text().replace("mode: devnet", "mode: live") + "\nhistory: {as_of: 2022-05-12 08:00 UTC}\n"
    with pytest.raises(ConfigErrors, match="which is for replays"):
        load_text(text, SHIPPED)


def test_a_mistake_in_them_is_told_with_its_line() -> None:
    with pytest.raises(ConfigErrors) as errors:
        load_text(SHIPPED.read_text() + HISTORY.format(pair="USDCUSDT"), SHIPPED)
    line = len(SHIPPED.read_text().splitlines()) + 5
    assert f"strategies.yaml:{line}:" in str(errors.value)
    assert "history.files[0].pair" in str(errors.value)
