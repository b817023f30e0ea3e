"""The express lane: what is acknowledged there, and what is left to discord.py."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import discord
import pytest

from governance.acts.kinds import VOTED
from governance.discord import clerk, express
from governance.discord.express import Express
from governance.discord.press import Press, Verb
from tests.integration.discord.kit import play, until
from tests.integration.discord.parlour import BOTH, open_ballot
from tests.integration.governance.town import MEMBERS

if TYPE_CHECKING:
    from dao_bot.devnet import Anvil, World

GUILD = "77"
DONE = b"HTTP/1.1 204 No Content\r\nServer: test\r\n\r\n"


def event(number: int = 1, **changed: Any) -> dict[str, Any]:
    """INTERACTION_CREATE of a vote's button, as far as it matters."""
    custom_id = Press(Verb.VOTE, "0x" + "ab" * 32, "1").custom_id
    told = {"type": 3, "id": str(number), "token": f"t{number}", "guild_id": GUILD, "data": {"custom_id": custom_id}}
    return told | changed


class Api:
    """A server that says to each request what the test wants, in two pieces."""

    def __init__(self, *answers: bytes) -> None:
        self.answers = list(answers)
        self.asked: list[str] = []
        self.connections = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode()
                assert await reader.readexactly(30) == b'{"type":5,"data":{"flags":64}}'
                assert "Content-Length: 30" in head
                self.asked.append(head.split("\r\n", 1)[0])
                answer = self.answers.pop(0) if self.answers else DONE
                for piece in (answer[:20], answer[20:]):
                    writer.write(piece)
                    await writer.drain()
                if not answer:
                    break
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()


@asynccontextmanager
async def lane(api: Api, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Express]:
    """A lane to this server."""
    server = await asyncio.start_server(api.serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    monkeypatch.setattr(discord.http.Route, "BASE", f"http://127.0.0.1:{port}/api/v10")
    made = Express(GUILD)
    try:
        yield made
    finally:
        await made.close()
        server.close()
        await server.wait_closed()


def test_a_click_is_acknowledged_before_anything_is_made_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    async def scene() -> None:
        api, made = Api(), []
        async with lane(api, monkeypatch) as taking:
            assert taking.take(event(5), lambda: made.append(list(api.asked)))
            await until(lambda: made)
            assert made == [["POST /api/v10/interactions/5/t5/callback HTTP/1.1"]]
            assert taking.acknowledged(5) and not taking.acknowledged(5)

    play(scene)


NOT_FOR_IT: dict[str, object] = {
    "command": event(type=2),
    "another guild": event(guild_id="78"),
    "direct message": {key: value for key, value in event().items() if key != "guild_id"},
    "dialog": event(data={"custom_id": Press(Verb.VETO, "0x" + "ab" * 32).custom_id}),
    "not our button": event(data={"custom_id": "other:thing"}),
    "no button": event(data={}),
    "number as id": event(id=5),
    "id that is no number": event(id="5/../6"),
    "token with a path": event(token="a/../b"),  # noqa: S106 - what a hostile server would send
    "token with a header": event(token="a HTTP/1.1\r\nHost: evil"),  # noqa: S106 - as above
    "endless token": event(token="a" * 1001),
    "list": [],
    "nothing": None,
}


@pytest.mark.parametrize("told", NOT_FOR_IT.values(), ids=NOT_FOR_IT.keys())
def test_what_is_not_surely_ours_is_left_to_discord_py(told: object, monkeypatch: pytest.MonkeyPatch) -> None:
    async def scene() -> None:
        api = Api()
        async with lane(api, monkeypatch) as taking:
            assert not taking.take(told, lambda: None)
            assert api.connections == 0

    play(scene)


BAD = {
    "refused": b"HTTP/1.1 400 Bad Request\r\nContent-Length: 2\r\n\r\n{}",
    "limited": b"HTTP/1.1 429 Too Many Requests\r\nRetry-After: 1\r\nContent-Length: 0\r\n\r\n",
    "broken": b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n",
    "with a body": b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
    "more than one answer": DONE + DONE,
    "no HTTP": b"\x00" * 20_000,
    "endless head": b"HTTP/1.1 204 No Content\r\n" + b"X: y\r\n" * 4000,
    "closed without a word": b"",
}


@pytest.mark.parametrize("answer", BAD.values(), ids=BAD.keys())
def test_any_answer_but_the_one_leaves_the_click_to_discord_py_and_the_lane_goes_on(
    answer: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def scene() -> None:
        api, made = Api(answer), []
        async with lane(api, monkeypatch) as taking:
            assert taking.take(event(1), lambda: made.append(1))
            await until(lambda: made == [1])
            assert not taking.acknowledged(1)
            assert taking.take(event(2), lambda: made.append(2))
            await until(lambda: made == [1, 2])
            assert taking.acknowledged(2)
            assert api.connections == 2, "nobody writes to a line that said something odd"

    play(scene)


def test_a_line_stays_open_unless_the_answer_says_otherwise(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def scene() -> None:
        last = DONE.replace(b"Server: test", b"Connection: Close")
        api = Api(DONE, last, DONE)
        async with lane(api, monkeypatch) as taking:
            for number in range(3):
                acknowledged = asyncio.Event()
                taking.take(event(number), acknowledged.set)
                await acknowledged.wait()
            assert taking.acknowledged(0) and taking.acknowledged(2)
            assert api.connections == 2

    play(scene)


def test_a_silent_line_is_cut_and_who_waited_too_long_for_one_is_let_go(monkeypatch: pytest.MonkeyPatch) -> None:
    async def scene() -> None:
        monkeypatch.setattr(express, "_MOST_LINES", 1)
        monkeypatch.setattr(express, "GIVEN_UP", 0.1)
        monkeypatch.setattr(express, "_LONGEST_ANSWER", 0.3)
        api, made = Api(b"HTTP/1.1 204 No"), []
        async with lane(api, monkeypatch) as taking:
            taking.take(event(1), lambda: made.append(1))
            await until(lambda: api.asked)
            taking.take(event(2), lambda: made.append(2))
            await until(lambda: made == [1])
            assert taking.too_late == 1 and not taking.acknowledged(1)

    play(scene)


def test_where_nobody_answers_the_phone_clicks_are_left_to_discord_py(monkeypatch: pytest.MonkeyPatch) -> None:
    async def scene() -> None:
        async with lane(Api(), monkeypatch):
            monkeypatch.setattr(discord.http.Route, "BASE", "http://127.0.0.1:9/api/v10")
            taking, made = Express(GUILD), []
            for number in range(3):
                assert taking.take(event(number), lambda: made.append(1))
            await until(lambda: len(made) == 3)
            await taking.close()

    play(scene)


def test_in_a_burst_nothing_is_handed_on_while_somebody_waits_and_stopping_hands_on_all(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def scene() -> None:
        monkeypatch.setattr(express, "_MOST_LINES", 2)
        monkeypatch.setattr(express, "_PATIENCE", 60.0)
        clicks = 200
        api, made = Api(), []
        async with lane(api, monkeypatch) as taking:
            for number in range(clicks):
                taking.take(event(number), lambda: made.append(len(api.asked)))
            assert not taking.calm
            await taking.finish()
            await asyncio.sleep(0)
            assert len(made) == clicks
            assert made[0] >= clicks - 2
            assert sum(taking.acknowledged(number) for number in range(clicks)) == clicks

    play(scene)


@pytest.mark.usefixtures("keys")
def test_votes_go_through_the_lane_and_all_else_does_not(tmp_path: Path, world: World, anvil: Anvil) -> None:
    async def scene() -> None:
        async with open_ballot(tmp_path, world, anvil, BOTH) as (parlour, ann, proposal, card):
            counts = parlour.supervisor.clerk.counts
            assert "is recorded" in (await parlour.click(ann, card, Verb.VOTE, proposal, "1").answer()).content
            assert (counts.acknowledged, counts.express) == (1, 1)
            await ann.type("inbox", parlour.news).answer()
            assert (counts.acknowledged, counts.express) == (2, 1)

    play(scene, 120)


@pytest.mark.usefixtures("keys")
def test_of_a_click_in_the_lane_the_message_that_it_stood_on_is_not_kept(
    tmp_path: Path, world: World, anvil: Anvil, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def scene() -> None:
        kept: list[dict[str, Any]] = []
        take = Express.take

        def remembering(lane: Express, told: dict[str, Any], then: Callable[[], None]) -> bool:
            kept.append(told)
            return take(lane, told, then)

        monkeypatch.setattr(Express, "take", remembering)
        async with open_ballot(tmp_path, world, anvil, BOTH) as (parlour, ann, proposal, card):
            assert "is recorded" in (await parlour.click(ann, card, Verb.VOTE, proposal, "1").answer()).content
            assert [sorted({"data", "message"} & set(told)) for told in kept] == [["data"]]

    play(scene, 120)


@pytest.mark.usefixtures("keys")
def test_what_the_lane_acknowledged_is_recorded_though_the_bot_is_told_to_stop(
    tmp_path: Path, world: World, anvil: Anvil, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def scene() -> None:
        async with open_ballot(tmp_path, world, anvil, MEMBERS) as (parlour, ann, proposal, card):
            monkeypatch.setattr(Express, "calm", property(lambda lane: lane._hurried))
            monkeypatch.setattr(express, "_PATIENCE", 600.0)
            clicks = [parlour.click(ann, card, Verb.VOTE, proposal, "1") for _ in range(9)]
            for click in clicks:
                await click.until_acknowledged()
            await asyncio.sleep(0.1)
            assert parlour.town.office.desk.store.acts(proposal, VOTED) == ()
            await parlour.stop()
            assert len(parlour.town.office.desk.store.acts(proposal, VOTED)) == 9

    play(scene, 120)


@pytest.mark.usefixtures("keys")
def test_what_was_acknowledged_without_hearing_of_it_is_recorded_however_late_that_turns_out(
    tmp_path: Path, world: World, anvil: Anvil, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def scene() -> None:
        async with open_ballot(tmp_path, world, anvil, MEMBERS) as (parlour, ann, proposal, card):
            monkeypatch.setattr(express, "_no_content", lambda _head: False)
            monkeypatch.setattr(clerk, "GIVEN_UP", -1.0)
            assert "is recorded" in (await parlour.click(ann, card, Verb.VOTE, proposal, "1").answer()).content
            counts = parlour.supervisor.clerk.counts
            assert (counts.acknowledged, counts.express, counts.too_late) == (1, 0, 0)

    play(scene, 120)
