"""docs/backtest.md: its market is one, its commands are there; docs/market-file.md is what the settings say."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from typer.testing import CliRunner

from dao_bot.app.backtesting import parse_moment, parts_of
from dao_bot.app.main import app
from dao_bot.backtest.assembly import assemble, players_of
from dao_bot.backtest.market_file import load_market
from dao_bot.backtest.reference import reference
from dao_bot.backtest.run import run
from dao_bot.backtest.sweep import parse_ranges
from dao_bot.config.template import write_template

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "backtest.md").read_text(encoding="utf-8")
COMMANDS = [line for block in re.findall(r"```bash\n(.*?)```", PAGE, re.S) for line in block.strip().splitlines()]


def test_the_reference_is_what_the_settings_say() -> None:
    committed = (ROOT / "docs" / "market-file.md").read_text(encoding="utf-8")
    assert committed == reference(), "run: python -m dao_bot.backtest.reference > docs/market-file.md"


def test_the_market_of_the_page_is_one(tmp_path: Path) -> None:
    (block,) = re.findall(r"```yaml file=market.yaml\n(.*?)```", PAGE, re.S)
    (tmp_path / "market.yaml").write_text(block)
    parts = parts_of(ROOT / "strategies.yaml")
    settings = load_market(tmp_path / "market.yaml", (*parts.facts.tokens, parts.facts.native.symbol))
    assert set(settings.events) <= set(parts.config.streams)
    assert {file.pair for file in settings.files} == {price for price in settings.prices.values() if "/" in str(price)}


def test_the_first_run_of_the_page_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (script,) = re.findall(r"```python file=make_candles.py\n(.*?)```", PAGE, re.S)
    exec(compile(script, "make_candles.py", "exec"), {})  # noqa: S102 - the page's own code
    (block,) = re.findall(r"```yaml file=first/market.yaml\n(.*?)```", PAGE, re.S)
    (tmp_path / "market.yaml").write_text(block)
    write_template(tmp_path / "strategies.yaml")
    parts = parts_of(tmp_path / "strategies.yaml")
    settings = load_market(tmp_path / "market.yaml", (*parts.facts.tokens, parts.facts.native.symbol))
    begin = parse_moment("2026-01-01")
    players = players_of(parts.config, ["reserve"])
    result = run(assemble(parts, settings, tmp_path, players=players, begin=begin, end=begin + 3600))
    assert [visit.ending for visit in result.visits] == ["proposal"], "USDT is above its cap"


@pytest.mark.parametrize("command", [line for line in COMMANDS if line.startswith("dao-bot ")])
def test_the_commands_of_the_page_have_these_options(command: str) -> None:
    words = shlex.split(command)
    shown = CliRunner().invoke(app, [words[1], "--help"], env={"COLUMNS": "200", "TERM": "dumb", "NO_COLOR": "1"})
    assert shown.exit_code == 0
    for word in words[2:]:
        assert not word.startswith("--") or word in shown.output
    parse_ranges([words[place + 1] for place, word in enumerate(words) if word == "--vary"])
    for place, word in enumerate(words):
        if word in ("--from", "--to"):
            assert parse_moment(words[place + 1])
