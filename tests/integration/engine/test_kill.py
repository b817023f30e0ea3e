"""A keeper that is killed at any place and started again executes what was approved exactly once.

The places are found by tracing a whole life: before and after every commit and every request to a node. Here each name
is tried where it is reached first and last; `make chaos` tries every place.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.integration.engine import life
from tests.integration.engine.kills import Killer, firsts_and_lasts
from tests.integration.engine.zygote import Zygote

if TYPE_CHECKING:
    from dao_bot.devnet import Anvil, World

PLACES_OF_A_RUN = 30
PLACES_OF_THE_KEEPER = 150
"""There were at least so many. Fewer means that something is not traced any more: find out what before changing it."""


@pytest.fixture
def killer(tmp_path: Path, world: World, anvil: Anvil) -> Iterator[Killer]:
    with Zygote(world, tmp_path) as zygote:
        yield Killer(zygote, anvil, world, tmp_path)


def test_a_run_that_is_killed_anywhere_is_done_once(killer: Killer, capsys: pytest.CaptureFixture[str]) -> None:
    empty = life.settle_down(killer.directory / "empty", killer.anvil.url)
    trace = killer.zygote.trace("propose", killer.copy(empty))
    trace = trace[: trace.index("store.propose.after_commit") + 1]
    with capsys.disabled():
        sys.stdout.write(f"\n{len(trace)} places of a run\n")
    assert len(trace) >= PLACES_OF_A_RUN
    assert killer.kill_at_each("propose", empty, firsts_and_lasts(trace)) == []


def test_a_keeper_that_is_killed_anywhere_executes_once(killer: Killer, capsys: pytest.CaptureFixture[str]) -> None:
    proposed = life.settle_down(killer.directory / "proposed", killer.anvil.url)
    killer.zygote.play("propose", proposed)
    snapshot = killer.anvil.snapshot()
    trace = killer.zygote.trace("live", killer.copy(proposed))
    killer.anvil.revert(snapshot)
    with capsys.disabled():
        sys.stdout.write(f"\n{len(trace)} places of the keeper\n")
    assert len(trace) >= PLACES_OF_THE_KEEPER
    assert killer.kill_at_each("live", proposed, firsts_and_lasts(trace)) == []
