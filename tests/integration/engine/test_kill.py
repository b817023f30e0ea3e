"""A keeper that is killed at any place and started again executes what was approved exactly once.

The places are found by tracing a whole life: before and after every commit and every request to a node. Here each name
is tried where it is reached first; of a keeper, what is no mere reading also where it is reached last; of a rejection,
only what is written. `make chaos` tries every place.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.integration.engine import life
from tests.integration.engine.kills import EXECUTED, REJECTED, Killer, first_writes, firsts, firsts_and_lasts
from tests.integration.engine.zygote import Zygote

if TYPE_CHECKING:
    from dao_bot.devnet import Anvil, World

Count = Callable[[str, list[str]], None]

PLACES = {"run": 30, "keeper": 140, "rejection": 100}
"""There were at least so many. Fewer means that something is not traced any more: find out what before changing it."""


@pytest.fixture
def killer(tmp_path: Path, world: World, anvil: Anvil) -> Iterator[Killer]:
    with Zygote(world, tmp_path) as zygote:
        yield Killer(zygote, anvil, world, tmp_path)


@pytest.fixture
def count(capsys: pytest.CaptureFixture[str]) -> Count:
    """Tells how many places a trace has, and holds that they do not get fewer."""

    def tell(what: str, trace: list[str]) -> None:
        with capsys.disabled():
            sys.stdout.write(f"\n{len(trace)} places in the life of a {what} where it may be killed\n")
        assert len(trace) >= PLACES[what]

    return tell


def test_a_run_that_is_killed_anywhere_is_done_once(killer: Killer, count: Count) -> None:
    empty = life.settle_down(killer.directory / "empty", killer.anvil.url)
    trace = killer.trace("propose", empty)
    trace = trace[: trace.index("store.propose.after_commit") + 1]
    count("run", trace)
    assert killer.kill_at_each("propose", empty, firsts(trace), "live", EXECUTED) == []


def test_a_keeper_that_is_killed_anywhere_executes_once(killer: Killer, count: Count) -> None:
    proposed = life.settle_down(killer.directory / "proposed", killer.anvil.url)
    killer.prepare("propose", proposed)
    trace = killer.trace("live", proposed)
    count("keeper", trace)
    assert killer.kill_at_each("live", proposed, firsts_and_lasts(trace), "live", EXECUTED) == []


def test_a_rejection_that_is_killed_at_any_commit_or_send_uses_the_nonce_once(killer: Killer, count: Count) -> None:
    queued = life.settle_down(killer.directory / "queued", killer.anvil.url)
    killer.prepare("queue", queued)
    trace = killer.trace("reject", queued)
    count("rejection", trace)
    assert killer.kill_at_each("reject", queued, first_writes(trace), "reject", REJECTED) == []
