"""A strategy of somebody else works the same from a file beside the config and from an installed distribution."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import sysconfig
from pathlib import Path
from typing import Any

import pytest
import yaml

from dao_bot.app.demo import demo_config
from dao_bot.devnet import Anvil, World

PAGE = Path(__file__).resolve().parents[3] / "docs" / "write-a-strategy.md"
RECIPIENT = "0x90F79bf6EB2c4f870365E785982E1f101E93b906"


def _code() -> str:
    (code,) = re.findall(r"```python file=sweep.py\n(.*?)```", PAGE.read_text(), re.S)
    return str(code)


def _configuration(directory: Path, url: str, use: str) -> Path:
    config: dict[str, Any] = yaml.load(demo_config(), Loader=yaml.BaseLoader)  # noqa: S506 - strings only
    config["treasury"]["chain"]["rpcs"] = [{"url": url, "operator": "local"}]
    config["treasury"]["tokens"]["DAO"]["hold_only"] = True
    config["treasury"]["address_book"] = {"Operations": RECIPIENT}
    config["strategies"] = {
        "sweep": {
            "use": use,
            "schedule": {"cron": "0 9 * * mon"},
            "approval": "two-owners",
            "params": {"token": "USDC", "to": RECIPIENT, "keep": "200000 USD", "smallest": "10000 USD"},
        }
    }
    path = directory / "strategies.yaml"
    path.write_text(yaml.safe_dump(config, sort_keys=False))
    return path


def _other_environment(directory: Path) -> Path:
    """A Python with this program and a distribution of somebody else that offers the strategy `our-sweep`."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", directory], check=True)
    python = directory / "bin" / "python"
    asked = "import sysconfig; print(sysconfig.get_path('purelib'))"
    packages = Path(subprocess.run([python, "-c", asked], check=True, capture_output=True, text=True).stdout.strip())
    ours = sysconfig.get_path("purelib")
    (packages / "ours.pth").write_text(f"import site; site.addsitedir({ours!r})\n")
    (packages / "our_dao.py").write_text(_code())
    metadata = packages / "our_dao-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: our-dao\nVersion: 1.0\n")
    (metadata / "entry_points.txt").write_text("[dao_bot.strategies]\nour-sweep = our_dao:Sweep\n")
    return python


def _planned(python: Path | str, config: Path) -> dict[str, Any]:
    answer = subprocess.run(
        [python, "-m", "dao_bot.app.main", "plan", "sweep", "--json", "-c", config],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "DAO_BOT_KEEPER_KEY": "0x" + "11" * 32},
    )
    assert answer.returncode == 0, answer.stdout + answer.stderr
    card: dict[str, Any] = json.loads(answer.stdout)
    return card


@pytest.mark.parametrize("origin", ["file", "distribution"])
def test_it_is_planned_up_to_the_card(tmp_path: Path, anvil: Anvil, world: World, origin: str) -> None:
    if origin == "file":
        (tmp_path / "sweep.py").write_text(_code())
        python, use = Path(sys.executable), "./sweep.py:Sweep"
    else:
        python, use = _other_environment(tmp_path / "env"), "our-sweep"
    card = _planned(python, _configuration(tmp_path, anvil.url, use))
    (payment,) = card["payments"]
    assert (payment["symbol"], payment["amount"]["units"]) == ("USDC", str(100_000 * 10**6))
    assert payment["recipients"] == [{"address": RECIPIENT, "label": "Operations"}]
    assert not any(rule["violated"] for rule in card["rules"])
