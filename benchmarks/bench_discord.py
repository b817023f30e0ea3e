"""The front door under load: 5,000 clicks at once, and 200 a second, with keeper and solver at work beside it.

Run by `make bench`; prints one JSON line for the steady load and one for the bursts. Everything is real but Discord
itself: the local one runs in this process and measures, from a user's click to its acknowledgement, what a user waits;
`dao-bot discord`, `dao-bot run` and a solver in a loop (`dao-bot plan`) are processes of their own, each in a session
of its own, by which Linux shares out the processors, as it does among services. Every vote must be in the record
exactly once when it is over.
"""

from __future__ import annotations

import asyncio
import gc
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import uvloop
import yaml

from dao_bot.app.demo import demo_config
from dao_bot.app.wiring import open_desk
from dao_bot.config.source import read_source
from dao_bot.devnet.discord import GOVERNANCE_BOT, LocalDiscord, Person, UserInteraction
from dao_bot.devnet.discord.interactions import ACKNOWLEDGE_WITHIN, NotAnswered
from dao_bot.devnet.discord.model import ChannelType, Message
from dao_bot.devnet.discord.server import TOKEN
from dao_bot.devnet.running import RunningWorld, start_world
from dao_bot.devnet.toolchain import ensure_toolchain
from governance.acts.kinds import VOTED
from governance.discord.press import Press, Verb

PEOPLE, RUNS, WITHIN = 5_000, 5, 3.0
RATE, SECONDS, P99 = 200, 10, 0.1
_DAO_BOT = Path(sys.executable).with_name("dao-bot")


def main() -> int:
    """Exit code 1 when an acknowledged vote is not in the record exactly once; `ok` says whether limits are kept."""
    with (
        tempfile.TemporaryDirectory() as home,
        start_world(ensure_toolchain(), block_time=2) as running,
        asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner,
    ):
        return 0 if runner.run(_bench(Path(home), running)) else 1


async def _bench(home: Path, running: RunningWorld) -> bool:
    async with LocalDiscord() as local:
        local.allow_bot(GOVERNANCE_BOT)
        members = local.guild.add_role("members")
        people = [local.person(f"member {number}", members.id) for number in range(PEOPLE)]
        config = _configure(home, running, local, members.id)
        environment = {**os.environ, "DAO_BOT_KEEPER_KEY": running.world.keeper_key, "DAO_BOT_DISCORD_TOKEN": TOKEN}
        with _process("discord", config, environment, home) as bot, _process("run", config, environment, home):
            proposal, card = await _card(local, config, environment)
            with _solver(config, environment):
                office = _Office(config, environment, proposal, bot)
                with _uncollected():
                    steady = await _steady(people, card, proposal, office)
                bursts = []
                for run in range(RUNS):
                    with _uncollected():
                        bursts.append(await _burst(people, card, proposal, office, run))
    print(json.dumps(steady))
    told = {"bench": "discord burst", "clicks": PEOPLE, "runs": bursts, "limit_seconds": WITHIN}
    told["ok"] = all(run["ok"] for run in bursts)
    print(json.dumps(told), flush=True)
    return all(phase["stored"] == phase["acknowledged"] for phase in (steady, *bursts))


def _configure(home: Path, running: RunningWorld, local: LocalDiscord, role: str) -> Path:
    """The demo's treasury; each member of the role has one vote, and a vote lasts as long as this does."""
    path = home / "strategies.yaml"
    path.write_text(demo_config(), encoding="utf-8")
    data = read_source(path).data
    data["treasury"]["chain"]["rpcs"] = [
        {"url": running.anvil.url, "operator": "one"},
        {"url": f"{running.anvil.url}/", "operator": "two"},
    ]
    data["governance"] = {"power": {"members": {"sources": [{"use": "role", "role": "members"}]}}}
    data["approvals"] = {"vote": {"use": "ballot", "power": "members", "duration": "6h", "quorum": "1"}}
    data["strategies"] = {"reserve": {**data["strategies"]["reserve"], "approval": "vote"}}
    channel = local.guild.add_channel("proposals", ChannelType.FORUM)
    news = local.guild.add_channel("news")
    data["discord"] = {
        "token": "env:DAO_BOT_DISCORD_TOKEN",
        "guild": local.guild.id,
        "channels": {"proposals": channel.id, "news": news.id},
        "roles": {"members": [role]},
        "server": local.url,
    }
    path.write_text(yaml.safe_dump(data, sort_keys=False), encoding="utf-8")
    return path


@contextmanager
def _process(name: str, config: Path, environment: dict[str, str], home: Path) -> Iterator[int]:
    with (home / f"{name}.log").open("w") as log:
        process = subprocess.Popen(
            [_DAO_BOT, name, "-c", config], env=environment, stdout=log, stderr=log, start_new_session=True
        )
        try:
            yield process.pid
        finally:
            process.terminate()
            process.wait(60)


@contextmanager
def _solver(config: Path, environment: dict[str, str]) -> Iterator[None]:
    """The reserve's problem, solved again and again."""
    loop = f"while true; do '{_DAO_BOT}' plan reserve -c '{config}' --json; done"
    process = subprocess.Popen(
        ["sh", "-c", loop],
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        yield
    finally:
        os.killpg(process.pid, 15)
        process.wait(60)


async def _card(local: LocalDiscord, config: Path, environment: dict[str, str]) -> tuple[str, Message]:
    """The first proposal's card, once it can be voted on."""
    ends = time.monotonic() + 300
    while time.monotonic() < ends:
        for message in local.messages.by_id.values():
            for custom_id in message.custom_ids():
                if f":{Verb.VOTE}:" in custom_id:
                    return custom_id.split(":")[2], message
        await asyncio.sleep(0.2)
    raise SystemExit("no card appeared")


class _Office:
    """The record, and the bot's process, looked at from beside."""

    def __init__(self, config: Path, environment: dict[str, str], proposal: str, bot: int) -> None:
        os.environ.update(environment)
        self._config, self._proposal = config, proposal
        self._bot = Path(f"/proc/{bot}/stat")

    def costs(self) -> tuple[float, float]:
        """Processor seconds of the bot (0 where the system does not tell) and of this process so far."""
        if not self._bot.exists():
            return 0.0, time.process_time()
        told = self._bot.read_text().rpartition(")")[2].split()
        return (int(told[11]) + int(told[12])) / os.sysconf("SC_CLK_TCK"), time.process_time()

    def votes(self) -> list[str]:
        """Keys of all recorded votes."""
        with open_desk(self._config) as desk:
            return [act.key for act in desk.store.acts(self._proposal, VOTED)]


@contextmanager
def _uncollected() -> Iterator[None]:
    """What the local Discord remembers of all clicks takes the collector up to a second; the original never stops."""
    gc.collect()
    gc.freeze()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


async def _steady(people: list[Person], card: Message, proposal: str, office: _Office) -> dict[str, Any]:
    before, began_at = len(await asyncio.to_thread(office.votes)), office.costs()
    clicks: list[UserInteraction] = []
    began = time.monotonic()
    for number in range(RATE * SECONDS):
        clicks.append(people[number % PEOPLE].click(card, Press(Verb.VOTE, proposal, "1").custom_id))
        left = began + (number + 1) / RATE - time.monotonic()
        if left > 0:
            await asyncio.sleep(left)
    acknowledging = await _acknowledged(clicks, began_at, office)
    stored = await _settle(clicks, before, office)
    waits = _waits(clicks)
    p99 = waits[int(len(waits) * 0.99) - 1] if waits else float("inf")
    return {
        "bench": "discord steady",
        "clicks_per_second": RATE,
        "clicks": len(clicks),
        "acknowledged": len(waits),
        "stored": stored,
        **acknowledging,
        "bot_cpu_ms_per_click": _each(began_at[0], office.costs()[0], clicks),
        "p50_ms": round(waits[len(waits) // 2] * 1000, 1) if waits else None,
        "p99_ms": round(p99 * 1000, 1),
        "limit_ms": P99 * 1000,
        "ok": p99 < P99 and stored == len(clicks) == len(waits),
    }


async def _burst(people: list[Person], card: Message, proposal: str, office: _Office, run: int) -> dict[str, Any]:
    before, began_at = len(await asyncio.to_thread(office.votes)), office.costs()
    press = Press(Verb.VOTE, proposal, str(1 + run % 2)).custom_id
    began = time.monotonic()
    clicks = [person.click(card, press) for person in people]
    made = time.monotonic() - began
    acknowledging = await _acknowledged(clicks, began_at, office)
    stored = await _settle(clicks, before, office)
    waits = _waits(clicks)
    return {
        "acknowledged": len(waits),
        "stored": stored,
        **acknowledging,
        "bot_cpu_ms_per_click": _each(began_at[0], office.costs()[0], clicks),
        "clicked_within_seconds": round(made, 3),
        "slowest_seconds": round(waits[-1], 3) if waits else None,
        "ok": len(waits) == stored == len(clicks) and waits[-1] <= WITHIN,
    }


async def _acknowledged(clicks: list[UserInteraction], began: tuple[float, float], office: _Office) -> dict[str, float]:
    """Waits until none is due any more; what one click has cost until then, and how busy the machine was."""
    with suppress(NotAnswered):
        for click in clicks:
            await click.until_acknowledged(ACKNOWLEDGE_WITHIN)
    bot, local = office.costs()
    return {
        "bot_cpu_ms_to_acknowledge": _each(began[0], bot, clicks),
        "local_discord_cpu_ms": _each(began[1], local, clicks),
        "load_average": round(os.getloadavg()[0], 1),
    }


def _each(before: float, after: float, clicks: list[UserInteraction]) -> float:
    """Milliseconds for each click."""
    return round((after - before) * 1000 / len(clicks), 3)


async def _settle(clicks: list[UserInteraction], before: int, office: _Office) -> int:
    """How many votes were recorded, when no more are coming; each one under a key of its own."""
    known, since = -1, time.monotonic()
    while time.monotonic() - since < 20:
        keys = await asyncio.to_thread(office.votes)
        assert len(keys) == len(set(keys)), "a vote was recorded twice"
        if len(keys) != known:
            known, since = len(keys), time.monotonic()
        if known - before >= len(clicks):
            break
        await asyncio.sleep(1.0)
    return known - before


def _waits(clicks: list[UserInteraction]) -> list[float]:
    return sorted(click.seconds for click in clicks if click.seconds is not None)


if __name__ == "__main__":
    sys.exit(main())
