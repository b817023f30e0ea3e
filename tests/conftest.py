"""Fixtures of the local chain: one anvil for each test worker, snapshot and revert around each test."""

from __future__ import annotations

import gc
import re
import time
from collections.abc import Callable, Generator, Iterator
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from dao_bot.devnet import Anvil, RunningWorld, Toolchain, World


def pytest_configure(config: pytest.Config) -> None:
    """The suite draws the same examples each time, `make chaos` new ones."""
    from hypothesis import settings

    settings.register_profile("repeatable", derandomize=True, database=None)
    settings.register_profile("new", derandomize=False)
    settings.load_profile("new" if config.option.markexpr == "chaos" else "repeatable")


def pytest_collection_finish() -> None:
    """What was imported stays: the garbage collector need not go through it again and again, which took a tenth."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--forbid-skips", metavar="REGEX", help="a test that is skipped for a reason like this counts as failed"
    )


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Where everything is installed (`--forbid-skips`), a skipped test is a test that did not hold."""
    report = yield
    pattern = item.config.getoption("--forbid-skips")
    if pattern and report.skipped and re.search(pattern, str(report.longrepr), re.IGNORECASE):
        report.outcome = "failed"
    return report


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """The fault matrix as a table: what was expected beforehand, and what was seen on the chain."""
    reports = [report for told in ("passed", "failed") for report in terminalreporter.stats.get(told, [])]
    faults = [value for report in reports for name, value in report.user_properties if name == "fault"]
    if not faults:
        return
    terminalreporter.section("fault matrix")
    for what, expected, seen in sorted(faults):
        terminalreporter.line(f"expected {expected}  seen {seen}  {what}")
    expected, seen = (sum(row[column] for row in faults) for column in (1, 2))
    most = max(row[2] for row in faults)
    terminalreporter.line(f"{len(faults)} cases: {expected} effects expected, {seen} seen, never more than {most}")


@pytest.fixture(scope="session")
def toolchain() -> Toolchain:
    """anvil and the contracts, installed on first use."""
    from dao_bot.devnet import ensure_toolchain

    return ensure_toolchain()


@pytest.fixture(scope="session")
def running_world(toolchain: Toolchain) -> Iterator[RunningWorld]:
    """The demo world of this worker. Use `world`, or take a snapshot and revert to it: tests share this one."""
    from dao_bot.devnet import start_world

    with start_world(toolchain) as running:
        yield running


@pytest.fixture
def anvil(running_world: RunningWorld) -> Iterator[Anvil]:
    """The chain of the demo world; what a test does to it is undone afterwards."""
    anvil = running_world.anvil
    snapshot = anvil.snapshot()
    # A revert turns the clock back too; without this, the chain would lag behind the tests.
    anvil.set_time(max(int(time.time()), anvil.timestamp() + 1))
    yield anvil
    anvil.revert(snapshot)


@pytest.fixture
def world(running_world: RunningWorld, anvil: Anvil) -> World:
    """The demo world on `anvil`, as new for each test."""
    assert anvil is running_world.anvil
    return running_world.world


@pytest.fixture
def fresh_anvil(toolchain: Toolchain) -> Iterator[Callable[..., Anvil]]:
    """Starts empty chains, with the keyword arguments of `Anvil`; they are stopped after the test."""
    from dao_bot.devnet import Anvil

    started: list[Anvil] = []

    def start(**options: Any) -> Anvil:
        anvil = Anvil(toolchain.anvil, **options)
        started.append(anvil)
        return anvil

    yield start
    for anvil in started:
        anvil.stop()
