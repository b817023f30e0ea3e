"""`dao-bot backtest` and `dao-bot crisis` as a person runs them."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from pyarrow import parquet

from tests.integration.app.kit import command
from tests.integration.backtest import world

ROOT = Path(__file__).parents[3]
MARKET = """\
start: {USDC: '500000', USDT: '1500000', DAI: '200000', LUSD: '50000'}
prices: {USDC: 1 USD, USDT: USDT/USD, DAI: 1 USD, LUSD: 1 USD, DAO: 2.50 USD, WETH: 2000 USD, ETH: 2000 USD}
files:
  - {path: usdt.csv, pair: USDT/USD, columns: {high: null, low: null, volume: null}, interval: 5m, stamp: close}
delay: 10m
runway: {monthly_burn: 60000 USD, months: 12}
"""


def dao_bot(*arguments: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "dao_bot.app.main", *map(str, arguments)]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=120, check=False)


@pytest.fixture
def desk(tmp_path: Path) -> Path:
    """A directory with the shipped configuration, a market and its candles."""
    (tmp_path / "strategies.yaml").write_text((ROOT / "strategies.yaml").read_text())
    (tmp_path / "market.yaml").write_text(MARKET)
    rows = [
        f"{np.datetime64('2023-11-14T00:00') + np.timedelta64(5 * i, 'm')}:00Z,{1 - (i % 7) * 1e-4}" for i in range(600)
    ]
    (tmp_path / "usdt.csv").write_text("\n".join(["time,close", *rows]) + "\n")
    return tmp_path


SPAN = ("--from", "2023-11-15", "--to", "2023-11-15 03:00")


def test_a_backtest_prints_facts_and_writes_its_report(desk: Path) -> None:
    ended = dao_bot("backtest", "reserve", *SPAN, "--out", "report", "--json", cwd=desk)
    assert ended.returncode == 0, ended.stderr
    facts = json.loads(ended.stdout)
    assert facts["measures"]["start_value"] == pytest.approx(2_250_000, rel=1e-3)
    assert facts["measures"]["executed"] >= 1
    assert facts["assumptions"]["delay_seconds"] == 600
    names = {path.name for path in (desk / "report").iterdir()}
    parts = {f"{name}.parquet" for name in ("marks", "fills", "positions", "visits")}
    assert names == {"report.html", "result.json", *parts}


def test_all_strategies_play_on_one_treasury_and_their_report_stands_alone(tmp_path: Path) -> None:
    world.write(tmp_path)
    ended = dao_bot("backtest", "all", "--from", world.FROM, "--to", world.TO, "--out", "report", cwd=tmp_path)
    assert ended.returncode == 0, ended.stderr
    assert "Backtest of reserve, buyback, market, curator" in ended.stdout and "fees earned" in ended.stdout
    page = (tmp_path / "report" / "report.html").read_text()
    assert page.count("<svg") == 4 and "position 1: made with" in page and "burnt" in page and "paid out" in page
    assert not re.search(r"<(?:script|link|img|iframe)\b|https?://(?!www\.w3\.org/)", page)
    facts = json.loads((tmp_path / "report" / "result.json").read_text())
    (judged,) = (each for each in facts["purchases"] if each["token"] == "DAO")
    assert (judged["strategy"], judged["allowed_above_twap_bps"], judged["stretches"]) == ("buyback", 20.0, 3)
    for told in (ended.stdout, page):
        assert f"Was it good to buy DAO? buyback: {judged['verdict']}" in told
        assert f"{judged['above_twap_bps']:+.1f} bp; at most +20 bp is good" in told
    assert facts["measures"]["earned"] > 0 and facts["assumptions"]["trading"]
    positions = parquet.read_table(tmp_path / "report" / "positions.parquet").to_pylist()
    assert {row["strategy"] for row in positions} == {"market"}


def test_a_sweep_tries_every_value(desk: Path) -> None:
    ended = dao_bot("backtest", "reserve", *SPAN, "--vary", "turnover=10%,30%", "--jobs", "2", "--json", cwd=desk)
    assert ended.returncode == 0, ended.stderr
    points = json.loads(ended.stdout)
    assert [each["point"] for each in points] == [{"turnover": "10%"}, {"turnover": "30%"}]
    assert points[0]["measures"]["turnover"] < points[1]["measures"]["turnover"]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("backtest", "reserv", *SPAN), "no strategy"),
        (("backtest", "reserve", "--from", "soon", "--to", "later"), "not a moment"),
        (("backtest", "reserve", *SPAN, "--market", "other.yaml"), "other.yaml"),
        (("backtest", "reserve", *SPAN, "--vary", "turnover"), "not a range"),
        (("backtest", "reserve", *SPAN, "--vary", "turnovr=1%"), "turnovr"),
        (("backtest", "reserve", "--from", "2021-01-01", "--to", "2021-02-01"), "does not reach"),
        (("crisis", "--data", "nowhere"), "no data of any crisis"),
    ],
)
def test_what_is_wrong_is_said_in_one_line_and_exit_code_2(
    desk: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], says: str
) -> None:
    monkeypatch.chdir(desk)
    ended = command(*arguments)
    assert ended.code == 2, ended
    assert says in ended.err
    assert "Traceback" not in ended.err
