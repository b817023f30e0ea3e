"""The code in docs/write-a-strategy.md runs as it is printed."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import yaml

from dao_bot.domain.addresses import Address
from dao_bot.domain.units import WAD
from dao_bot.engine.decide import StrategyProcess, kinds
from dao_bot.strategy import (
    Block,
    Gas,
    Holding,
    Holdings,
    Observation,
    Prices,
    RunId,
    Swap,
    Token,
    TokenPrice,
    Transfer,
)

PAGE = Path(__file__).resolve().parents[2] / "docs" / "write-a-strategy.md"
USDC = Token(1, Address("0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48"), "USDC", 6)
RECIPIENT = "0x00000000000000000000000000000000000000Aa"


def _write_files(directory: Path) -> None:
    for name, code in re.findall(r"```python file=(\S+)\n(.*?)```", PAGE.read_text(), re.S):
        (directory / name).write_text(code)


def _process(directory: Path) -> StrategyProcess:
    config = yaml.safe_load(re.search(r"```yaml\n(.*?)```", PAGE.read_text(), re.S).group(1))  # type: ignore[union-attr]
    strategy = config["strategies"]["sweep"]
    params = {**strategy["params"], "to": RECIPIENT.lower()}
    return StrategyProcess(
        "sweep", strategy["use"], directory, params, kinds([Swap, Transfer]), kinds([Holdings, Prices, Gas])
    )


def test_its_lines_of_configuration_fit_into_what_init_writes(tmp_path: Path) -> None:
    from dao_bot.config.load import load_config
    from dao_bot.config.template import template

    _write_files(tmp_path)
    block = re.search(r"```yaml\nstrategies:\n(.*?)```", PAGE.read_text(), re.S)
    assert block is not None
    sweep = block.group(1).replace('"0x…"', f'"{RECIPIENT}"')
    written = template().replace("\nstore:", f"{sweep}\nstore:")
    (tmp_path / "strategies.yaml").write_text(written)
    assert "sweep" in load_config(tmp_path / "strategies.yaml").strategies


def test_the_tests_on_the_page_pass(tmp_path: Path) -> None:
    _write_files(tmp_path)
    result = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_sweep.py"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert "2 passed" in result.stdout, result.stdout + result.stderr


def test_the_strategy_on_the_page_decides_in_its_worker_process(tmp_path: Path) -> None:
    _write_files(tmp_path)
    process = _process(tmp_path)
    assert process.problems() == []
    needs = process.describe()
    assert needs == (Holdings(), Prices(("USDC",)))
    data = {needs[0]: {USDC: Holding(260_000 * 10**6)}, needs[1]: {USDC: TokenPrice(USDC, WAD)}}
    seen = Observation(RunId("sweep", 0), Block(1, 1, "0x" + "00" * 32, 0), {"USDC": USDC}, data)
    decision = process.decide(seen)
    (transfer,) = decision.operations
    assert isinstance(transfer, Transfer)
    assert transfer.amount == USDC.amount(60_000 * 10**6)
