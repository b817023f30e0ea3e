"""Restarts, crashes and outages delay; they lose nothing and post nothing twice."""

from __future__ import annotations

import asyncio
import time
import weakref
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from dao_bot.domain import failpoints
from dao_bot.domain.errors import BadInput
from dao_bot.domain.lifecycle import State
from dao_bot.engine.log_ids import log_ids
from governance.acts.kinds import VOTED
from governance.discord import board, supervise
from governance.discord.board import Board
from governance.discord.client import FrontDoor
from governance.discord.press import Verb
from governance.wallets.statement import Deed
from tests.integration.discord.kit import play, until
from tests.integration.discord.parlour import BOTH, Parlour, open_ballot, open_parlour, open_vote
from tests.integration.governance.town import ANN, BOB, HOUR, MEMBERS, STEWARDS

if TYPE_CHECKING:
    from dao_bot.devnet import Anvil, World

pytestmark = pytest.mark.usefixtures("keys")


class Crash(BaseException):
    """The process dies here."""


@pytest.fixture
def crash() -> Iterator[list[str]]:
    """Places at which the process dies once; a place that was reached is removed."""
    places: list[str] = []

    def reached(name: str) -> None:
        if name in places:
            places.remove(name)
            raise Crash(name)

    failpoints.install(reached)
    yield places
    failpoints.install(None)


def test_a_restart_in_the_middle_keeps_buttons_votes_and_posts(tmp_path: Path, world: World, anvil: Anvil) -> None:
    async def scene() -> None:
        async with open_parlour(tmp_path, world, anvil, MEMBERS) as parlour:
            parlour.town.fund({ANN: 2000, BOB: 500})
            ann, bob = await parlour.member("ann", ANN), await parlour.member("bob", BOB)
            proposal, card = await open_vote(parlour)
            await parlour.click(ann, card, Verb.VOTE, proposal, "1").answer()
            await parlour.stop()
            await parlour.start()
            answer = await parlour.click(bob, card, Verb.VOTE, proposal, "2").answer()
            assert "is recorded" in answer.content
            await parlour.stop()
            await parlour.later(HOUR + 1)
            assert await parlour.finish(proposal) is State.EXECUTED
            await parlour.start()
            await until(lambda: parlour.said(f"outcome executed · {proposal}"))
            await until(lambda: not any("vote" in one for one in card.custom_ids()))
            rounds = parlour.supervisor.client.board.rounds if parlour.supervisor.client else 0
            await until(lambda: parlour.supervisor.client and parlour.supervisor.client.board.rounds > rounds + 1)
            for footer in ("card", "decision", "outcome executed"):
                assert len(parlour.said(f"{footer} · {proposal}")) == 1, footer

    play(scene, 180)


def test_what_was_proposed_and_decided_while_the_bot_was_away_is_told_and_older_history_is_not(
    tmp_path: Path, world: World, anvil: Anvil
) -> None:
    async def scene() -> None:
        async with open_parlour(tmp_path, world, anvil, MEMBERS, started=False) as parlour:
            old = await parlour.propose()
            await parlour.later(HOUR + 1)
            await parlour.tick()
            assert parlour.town.office.state(old) is State.DEFEATED
            await parlour.start()
            assert parlour.cards(old) == [], "the first start shows no history"
            await parlour.stop()
            operation = parlour.town.office.payment("USDC", 500)
            missed = await asyncio.to_thread(parlour.town.office.propose, operation, nominal=3600)
            await parlour.tick()
            await parlour.later(HOUR + 1)
            await parlour.tick()
            assert parlour.town.office.state(missed) is State.DEFEATED
            await parlour.start()
            await until(lambda: parlour.said(f"outcome defeated · {missed}"))
            assert len(parlour.cards(missed)) == 1
            assert parlour.cards(old) == []

    play(scene, 180)


@pytest.mark.parametrize("forum", [True, False], ids=["forum", "text channel"])
def test_a_crash_between_posting_and_noting_it_posts_nothing_twice(
    tmp_path: Path, world: World, anvil: Anvil, crash: list[str], forum: bool
) -> None:
    async def scene() -> None:
        async with open_parlour(tmp_path, world, anvil, MEMBERS, forum=forum) as parlour:
            crash.append("discord.card.posted")
            proposal = await parlour.propose()
            await until(lambda: not crash)
            await parlour.kill()
            parlour.local.clock.advance(600.0)
            await parlour.start()
            card = await parlour.card(proposal)
            await until(lambda: any("vote" in one for one in card.custom_ids()))
            assert len(parlour.cards(proposal)) == 1
            thread = parlour.local.guild.channels[card.id]
            assert thread.is_thread and proposal[2:10] in thread.name
            crash.append("discord.said")
            await parlour.later(HOUR + 1)
            await parlour.tick()
            await until(lambda: not crash)
            await parlour.kill()
            parlour.local.clock.advance(600.0)
            await parlour.start()
            await until(lambda: parlour.said(f"outcome defeated · {proposal}"))
            assert len(parlour.said(f"decision · {proposal}")) == 1
            assert len(parlour.said(f"outcome defeated · {proposal}")) == 1

    play(scene, 180)


def test_a_socket_that_drops_is_resumed_and_what_was_clicked_meanwhile_is_recorded(
    tmp_path: Path, world: World, anvil: Anvil
) -> None:
    async def scene() -> None:
        async with open_ballot(tmp_path, world, anvil, MEMBERS) as (parlour, ann, proposal, card):
            parlour.local.gateway.drop()
            click = parlour.click(ann, card, Verb.VOTE, proposal, "1")
            parlour.local.clock.advance(-30.0)
            assert "is recorded" in (await click.answer()).content
            (session,) = parlour.local.gateway.sessions.values()
            assert session.resumes == 1
            parlour.local.gateway.invalidate(resumable=False)
            await until(lambda: parlour.local.gateway.identifies == 2 and parlour.local.gateway.connected)
            await until(parlour.running_client_is_ready)
            changed = await parlour.click(ann, card, Verb.VOTE, proposal, "2").answer()
            assert "in place of the one before" in changed.content
            assert len(parlour.town.office.desk.store.acts(proposal, VOTED)) == 2

    play(scene, 180)


def test_a_card_that_discord_refuses_is_logged_with_the_ids_of_its_proposal(
    tmp_path: Path, world: World, anvil: Anvil, caplog: pytest.LogCaptureFixture
) -> None:
    async def scene() -> None:
        async with open_parlour(tmp_path, world, anvil, MEMBERS) as parlour:
            parlour.local.faults.fail("POST", r"/channels/\d+/(messages|threads)", 403)
            proposal = await parlour.propose()
            run = parlour.town.office.stored(proposal).proposal.run
            await until(lambda: "is not in step" in caplog.text)
            (line,) = [record for record in caplog.records if "is not in step" in record.message]
            assert line.facts == {"subject": proposal, **log_ids(run, proposal)}  # type: ignore[attr-defined]

    play(scene, 120)


def test_a_refused_handshake_or_login_is_tried_again(
    tmp_path: Path, world: World, anvil: Anvil, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def scene() -> None:
        clients: list[weakref.ref[FrontDoor]] = []

        def made(*arguments: Any) -> FrontDoor:
            client = FrontDoor(*arguments)
            clients.append(weakref.ref(client))
            return client

        monkeypatch.setattr(supervise, "FrontDoor", made)
        async with open_parlour(tmp_path, world, anvil, MEMBERS, started=False) as parlour:
            parlour.local.gateway.refuse_handshakes = 1
            parlour.local.faults.fail("GET", "/users/@me", 503)
            await parlour.start()
            assert parlour.supervisor.attempts == 3, "login refused, handshake refused, connected"
            assert clients[0]() is None, "what was refused takes up no memory"
            ann = await parlour.member("ann", ANN)
            assert "Nothing awaits you" in (await ann.type("inbox", parlour.news).answer()).content

    play(scene, 180)


def test_a_token_or_an_intent_that_discord_refuses_ends_the_bot_with_what_to_do(
    tmp_path: Path, world: World, anvil: Anvil
) -> None:
    async def scene() -> None:
        async with open_parlour(tmp_path, world, anvil, MEMBERS, started=False) as parlour:
            parlour.local.gateway.privileged_intents = 0
            with pytest.raises(BadInput, match="Server Members Intent"):
                await parlour.start()
            parlour.running = None
            parlour.local.token = "another"
            parlour.local.gateway.privileged_intents = 1 << 1
            with pytest.raises(BadInput, match="refuses the bot's token"):
                await parlour.supervisor_with_its_old_token()
            parlour.running = None

    play(scene, 120)


def test_a_card_that_somebody_deleted_is_posted_again_though_it_was_posted_in_the_same_second(
    tmp_path: Path, world: World, anvil: Anvil, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def scene() -> None:
        second = time.time()
        monkeypatch.setattr(board, "time", SimpleNamespace(time=lambda: second, monotonic=time.monotonic))
        async with open_parlour(tmp_path, world, anvil, MEMBERS, forum=False) as parlour:
            proposal, card = await open_vote(parlour)
            parlour.local.messages.delete(card.channel_id, card.id)
            await until(lambda: any(one is not card for one in parlour.cards(proposal)))
            assert len(parlour.cards(proposal)) == 1

    play(scene, 120)


def test_what_is_woken_while_it_is_told_to_stop_stops(
    tmp_path: Path, world: World, anvil: Anvil, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def nothing(_board: Board) -> None:
        return

    async def scene() -> None:
        async with open_parlour(tmp_path, world, anvil, MEMBERS) as parlour:
            client = parlour.supervisor.client
            assert client is not None
            monkeypatch.setattr(Board, "round", nothing)
            monkeypatch.setattr(board, "SHORTEST_PAUSE", 0.0)

            async def stopped(turns: int) -> None:
                made = Board(client, client.house, client.clerk)
                made.start()
                await until(lambda: made.rounds)
                made.wake()
                for _ in range(turns):
                    await asyncio.sleep(0)
                await asyncio.wait_for(made.stop(), 5)

            for turns in range(6):
                await stopped(turns)

    play(scene, 60)


def test_a_veto_window_runs_only_while_the_card_is_seen(tmp_path: Path, world: World, anvil: Anvil) -> None:
    rule = {"use": "optimistic", "power": "members", "veto_power": "1000", "window": "90s"}

    async def scene() -> None:
        async with open_parlour(tmp_path, world, anvil, rule) as parlour:
            proposal, _ = await open_vote(parlour)

            async def pass_time(steps: int) -> None:
                client = parlour.supervisor.client
                for _ in range(steps):
                    await parlour.later(40)
                    if client is not None:
                        await client.watch.look()

            await pass_time(2)
            await parlour.stop()
            await parlour.later(1000)
            await parlour.tick()
            assert parlour.town.office.state(proposal) is State.ACTIVE, "nobody could say no while the bot was away"
            await parlour.start()
            await pass_time(4)
            await parlour.tick()
            assert parlour.town.office.state(proposal) is not State.ACTIVE

    play(scene, 180)


def test_a_freeze_is_told_once_and_stops_approvals_until_wallets_end_it(
    tmp_path: Path, world: World, anvil: Anvil
) -> None:
    async def scene() -> None:
        async with open_parlour(tmp_path, world, anvil, BOTH) as parlour:
            steward = await parlour.steward("steward-1")
            proposal, card = await open_vote(parlour)
            await parlour.click(steward, card, Verb.APPROVE, proposal).answer()
            asked = await steward.type("freeze", parlour.news, reason="my account was taken").answer()
            assert "stopped" in asked.content
            held = parlour.town.assembly.frozen()
            assert held is not None
            await until(lambda: parlour.said(f"freeze · freeze {held.number}"))
            await until(lambda: not any("approve" in one for one in card.custom_ids()))
            forged = steward.click(card, f"dao:approve:{proposal}:", forged=True)
            assert "stopped" in (await forged.answer()).content
            await parlour.stop()
            await parlour.start()
            assert len(parlour.said(f"freeze · freeze {held.number}")) == 1
            await asyncio.to_thread(unfreeze, parlour, held.number)
            await until(lambda: parlour.said(f"unfreeze · freeze {held.number}"))
            await until(lambda: any("approve" in one for one in card.custom_ids()))

    play(scene, 180)


def unfreeze(parlour: Parlour, number: int) -> None:
    """Two stewards' wallets."""
    assembly = parlour.town.assembly
    for name in ("steward-1", "steward-2"):
        statement = assembly.statement(Deed.UNFREEZE, STEWARDS[name].address, str(number))
        assembly.unfreeze_signed(statement, STEWARDS[name].sign_text(statement.text()))
