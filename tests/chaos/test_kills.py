"""Kills without number: at every place, several times in one life, at any moment, with slow blocks."""

from __future__ import annotations

import random
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.integration.engine import life
from tests.integration.engine.kills import EXECUTED, REJECTED, Killer, points
from tests.integration.engine.zygote import Zygote

if TYPE_CHECKING:
    from dao_bot.devnet import Anvil, World

pytestmark = pytest.mark.chaos

LIVES_WITH_SEVERAL_KILLS = 60
KILLS_AT_ANY_MOMENT = 30
KILLS_BETWEEN_SLOW_BLOCKS = 20


@pytest.fixture
def killer(tmp_path: Path, world: World, anvil: Anvil) -> Iterator[Killer]:
    """The strategy decides in its own process here."""
    with Zygote(world, tmp_path, own_process=True) as zygote:
        yield Killer(zygote, anvil, world, tmp_path)


@pytest.fixture
def chance() -> random.Random:
    seed = random.randrange(2**32)
    sys.stdout.write(f"seed {seed}\n")
    return random.Random(seed)


@pytest.fixture
def empty(killer: Killer) -> Path:
    return life.settle_down(killer.directory / "empty", killer.anvil.url)


@pytest.fixture
def proposed(killer: Killer, empty: Path) -> Path:
    killer.prepare("propose", empty)
    return empty


def test_a_run_may_be_killed_at_every_place(killer: Killer, empty: Path) -> None:
    trace = killer.trace("propose", empty)
    trace = trace[: trace.index("store.propose.after_commit") + 1]
    assert killer.kill_at_each("propose", empty, list(points(trace)), "live", EXECUTED) == []


def test_a_keeper_may_be_killed_at_every_place(killer: Killer, proposed: Path) -> None:
    trace = killer.trace("live", proposed)
    assert killer.kill_at_each("live", proposed, list(points(trace)), "live", EXECUTED) == []


def test_a_rejection_may_be_killed_at_every_place(killer: Killer, empty: Path) -> None:
    killer.prepare("queue", empty)
    trace = killer.trace("reject", empty)
    assert killer.kill_at_each("reject", empty, list(points(trace)), "reject", REJECTED) == []


def test_a_life_may_be_interrupted_again_and_again(killer: Killer, empty: Path, chance: random.Random) -> None:
    places = list(points(killer.trace("live", empty)))
    for _ in range(LIVES_WITH_SEVERAL_KILLS):
        with killer.undone():
            config = killer.copy(empty)
            # A restarted life is shorter: places that it does not reach let it end, which is fine too.
            chosen = chance.sample(places, 4)
            for point in chosen:
                killer.zygote.kill("live", config, point.name, point.occurrence)
            assert killer.restarted(config, "live", EXECUTED) == [], [str(point) for point in chosen]


def test_a_life_may_be_interrupted_at_any_moment(killer: Killer, empty: Path, chance: random.Random) -> None:
    for _ in range(KILLS_AT_ANY_MOMENT):
        with killer.undone():
            config, moment = killer.copy(empty), chance.uniform(0, 2.5)
            killer.zygote.kill_after("live", config, moment)
            assert killer.restarted(config, "live", EXECUTED) == [], f"killed after {moment} s"


def test_a_life_may_be_interrupted_between_slow_blocks(killer: Killer, proposed: Path, chance: random.Random) -> None:
    anvil = killer.anvil
    for _ in range(KILLS_BETWEEN_SLOW_BLOCKS):
        with killer.undone():
            config, moments = killer.copy(proposed), [chance.uniform(0, 2.5) for _ in range(2)]
            anvil.rpc("evm_setAutomine", False)
            anvil.rpc("evm_setIntervalMining", 1)
            try:
                for moment in moments:
                    killer.zygote.kill_after("live", config, moment)
                problems = killer.restarted(config, "live", EXECUTED)
            finally:
                anvil.rpc("evm_setIntervalMining", 0)
                anvil.rpc("evm_setAutomine", True)
            assert not problems, "\n".join([f"killed after {moments} s", *problems])
