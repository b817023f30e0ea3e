"""Two bots never serve one guild; the second says that it waits, and takes over."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from dao_bot.domain.errors import Conflict
from dao_bot.engine.seat import Seat
from dao_bot.store.store import Store, open_store
from governance.discord import turn
from governance.discord.turn import LEASE_SECONDS, Turn

GUILD = "77"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(f"sqlite:///{tmp_path}/record.sqlite3") as opened:
        yield opened


@pytest.fixture(autouse=True)
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turn, "_ASK_AGAIN", 0.01)
    monkeypatch.setattr(turn, "_RENEW_EVERY", 0.0)


class Chain:
    """A clock."""

    def __init__(self) -> None:
        self.time = 1000

    def now(self) -> int:
        return self.time


def of_server(store: Store, name: str, chain: Chain) -> Turn:
    return Turn(store, GUILD, Seat(name), chain.now)


def of_file(store: Store, file: Path, chain: Chain) -> Turn:
    return Turn(store, GUILD, Seat("machine", file, wait=0.0), chain.now)


def serve(one: Turn) -> tuple[threading.Thread, list[str], threading.Event, threading.Event]:
    """A bot in a thread: what it says, and whether it serves; it ends when the last event is set."""
    said: list[str] = []
    serving, ended = threading.Event(), threading.Event()

    def run() -> None:
        with one.taken(said.append):
            serving.set()
            ended.wait(30)

    thread = threading.Thread(target=run)
    thread.start()
    return thread, said, serving, ended


@pytest.mark.parametrize("on_server", [False, True], ids=["file", "server"])
def test_a_second_bot_says_that_it_waits_and_begins_when_the_first_has_ended(
    store: Store, tmp_path: Path, on_server: bool
) -> None:
    chain = Chain()
    one, two = (
        of_server(store, name, chain) if on_server else of_file(store, tmp_path / "lock", chain) for name in "ab"
    )
    first, said_first, serves_first, end_first = serve(one)
    assert serves_first.wait(30)
    second, said_second, serves_second, end_second = serve(two)
    while not said_second:
        assert second.is_alive()
    assert not serves_second.is_set()
    assert "This one waits" in said_second[0] and said_first == []
    end_first.set()
    assert serves_second.wait(30)
    end_second.set()
    first.join(30)
    second.join(30)
    assert len(said_second) == 1, "it says so once"


def test_the_lease_of_a_bot_that_died_ends_with_the_stated_time_of_the_chain(store: Store) -> None:
    chain = Chain()
    assert store.lease(f"discord:{GUILD}", "dead", chain.time, LEASE_SECONDS)
    thread, said, serving, ended = serve(of_server(store, "alive", chain))
    while not said:
        assert thread.is_alive()
    assert "dead" in said[0]
    chain.time += LEASE_SECONDS - 1
    assert not serving.wait(0.1)
    chain.time += 1
    assert serving.wait(30)
    ended.set()
    thread.join(30)


def test_a_bot_whose_lease_somebody_else_has_serves_no_longer(store: Store) -> None:
    chain = Chain()
    mine = of_server(store, "mine", chain)

    async def scene() -> None:
        with mine.taken(lambda _: None):
            keeping = asyncio.create_task(mine.kept())
            await asyncio.sleep(0.05)
            assert not keeping.done()
            chain.time += LEASE_SECONDS
            while not store.lease(f"discord:{GUILD}", "other", chain.time, LEASE_SECONDS):
                chain.time += LEASE_SECONDS
            with pytest.raises(Conflict, match="lost its turn"):
                await keeping

    asyncio.run(scene())
    assert store.lease_holder(f"discord:{GUILD}", chain.time) == "other", "what is another's is not given back"


def test_a_bot_that_cannot_renew_its_lease_serves_no_longer(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    chain = Chain()
    mine = of_server(store, "mine", chain)
    monkeypatch.setattr(turn, "_LONGEST_WITHOUT", 0.05)
    with pytest.raises(Conflict, match="cannot be renewed"), mine.taken(lambda _: None):
        monkeypatch.setattr(chain, "now", _unreachable)
        mine._now = _unreachable
        asyncio.run(mine.kept())


def _unreachable() -> int:
    raise Conflict("no node answers")
