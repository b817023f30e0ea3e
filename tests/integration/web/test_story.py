"""The whole way, over the wire: Discord, the wallet page in a real browser, the keeper, and the Safe on the chain."""

from __future__ import annotations

import asyncio
import concurrent.futures
import queue
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from dao_bot.app.serving import make_page
from dao_bot.devnet.discord import Person
from dao_bot.domain.lifecycle import State
from dao_bot.safe.transaction import rejection
from governance.discord import board
from governance.discord.press import Verb
from governance.web.running import serving_beside
from tests.integration.discord.kit import play, until
from tests.integration.discord.parlour import BOTH, TOKEN_VARIABLE, Parlour, open_parlour, open_vote
from tests.integration.discord.test_outages import unfreeze
from tests.integration.engine.kit import KEEPER_VARIABLE
from tests.integration.governance.town import ANN, BOB, CAT, HOUR, TOKEN
from tests.integration.web.kit import free_port, visiting
from tests.integration.web.wallets import BrowserWallet

if TYPE_CHECKING:
    from playwright.sync_api import Browser

    from dao_bot.devnet import Anvil, World

Here = Callable[[Callable[[], None]], Coroutine[Any, Any, None]]


def play_beside(scene: Callable[[Here], Coroutine[Any, Any, None]]) -> None:
    """The scene runs in a thread of its own, and what it gives to `here` in this one, to which the browser belongs."""
    given: queue.Queue[tuple[Callable[[], None], concurrent.futures.Future[None]]] = queue.Queue()

    async def here(work: Callable[[], None]) -> None:
        done: concurrent.futures.Future[None] = concurrent.futures.Future()
        given.put((work, done))
        await asyncio.wrap_future(done)

    with concurrent.futures.ThreadPoolExecutor(1) as thread:
        played = thread.submit(play, lambda: scene(here), 180)
        while not played.done():
            try:
                work, done = given.get(timeout=0.05)
            except queue.Empty:
                continue
            try:
                done.set_result(work())
            except BaseException as error:  # noqa: BLE001 - the scene raises it
                done.set_exception(error)
    played.result()


async def link_on_the_page(parlour: Parlour, browser: Browser, here: Here, who: Person) -> None:
    """`/link`, then the page that it leads to, with Ann's wallet in the browser."""
    answer = await who.type("link", parlour.news).answer()
    assert not parlour.people["bob"].sees(answer), "the link is for one person"

    def visit() -> None:
        with visiting(browser, BrowserWallet(ANN, parlour.town.office.world.chain_id)) as visitor:
            visitor.choose_wallet(answer.content.split()[0])
            visitor.press("Link this wallet")
            visitor.sees("Your wallet is linked")
            assert visitor.complaints == []

    await here(visit)


async def nonce_moves(parlour: Parlour, proposal: str) -> None:
    """Owners execute something else at the nonce that the approved batch was given."""
    office = parlour.town.office
    first = office.stored(proposal).nonce
    assert first is not None
    await asyncio.to_thread(office.submit_as_stranger, rejection(office.world.safe, first))
    await parlour.tick()
    assert office.stored(proposal).nonce == first + 1


def test_people_link_delegate_vote_freeze_and_approve_and_exactly_that_batch_is_executed(
    tmp_path: Path, world: World, anvil: Anvil, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(KEEPER_VARIABLE, world.keeper_key)
    monkeypatch.setenv(TOKEN_VARIABLE, "local-discord-token")
    monkeypatch.setattr(board, "SHORTEST_PAUSE", 0.2)
    monkeypatch.setattr(board, "LONGEST_PAUSE", 0.5)
    port = free_port()
    rule = {**BOTH, "stewards": {"approvals": "1"}}

    def with_page(data: dict[str, Any]) -> None:
        data["web"] = {"origin": f"http://127.0.0.1:{port}", "listen": f"127.0.0.1:{port}"}

    async def scene(here: Here) -> None:
        async with open_parlour(tmp_path, world, anvil, rule, change=with_page) as parlour:
            office = parlour.town.office
            settings = office.desk.config.web
            assert settings is not None
            with serving_beside(make_page(office.desk, settings), "127.0.0.1", port):
                await asyncio.to_thread(parlour.town.fund, {ANN: 2000, BOB: 500, CAT: 700})
                bob, cat = await parlour.member("bob", BOB), await parlour.member("cat", CAT)
                ann, steward = await parlour.member("ann"), await parlour.steward("steward-1")
                await link_on_the_page(parlour, browser, here, ann)
                circle = await cat.type("delegate", parlour.news, to=CAT.address).answer()
                assert "cannot delegate to itself" in circle.content
                handed = await cat.type("delegate", parlour.news, to=BOB.address).answer()
                assert "follows" in handed.content and BOB.address in handed.content

                proposal, card = await open_vote(parlour)
                approved = office.stored(proposal).proposal.batch.batch_hash
                said = await ann.type(
                    "vote", parlour.news, proposal=proposal, choice="for", reason="As planned"
                ).answer()
                assert "**For** with 2,000.00 of power" in said.content
                parlour.local.gateway.drop()
                clicked = parlour.click(bob, card, Verb.VOTE, proposal, "2")
                assert "is recorded" in (await clicked.answer()).content
                (session,) = parlour.local.gateway.sessions.values()
                assert session.resumes == 1
                await until(lambda: "1,200.00" in card.text())  # Bob's, and what Cat handed on to him

                await steward.type("freeze", parlour.news, reason="Somebody speaks for us").answer()
                refused = await parlour.click(bob, card, Verb.VOTE, proposal, "1").answer()
                assert "stopped" in refused.content
                held = parlour.town.assembly.frozen()
                assert held is not None
                await parlour.stop()
                await asyncio.to_thread(unfreeze, parlour, held.number)
                await parlour.start()
                await until(lambda: any("approve" in one for one in card.custom_ids()))
                assert "approves" in (await parlour.click(steward, card, Verb.APPROVE, proposal).answer()).content

                await parlour.later(HOUR + 1)
                await parlour.tick()
                assert office.state(proposal) is State.QUEUED
                await nonce_moves(parlour, proposal)
                assert await parlour.finish(proposal) is State.EXECUTED
                await until(lambda: parlour.said(f"outcome executed · {proposal}"))
                (approval,) = office.desk.store.approvals(proposal)
                assert approval.approval.batch_hash == approved == office.stored(proposal).proposal.batch.batch_hash
                assert office.received() == 1000 * TOKEN and len(parlour.cards(proposal)) == 1
                scores = [int(score) // TOKEN for score in parlour.town.assembly.tally(proposal).tally.scores]
                assert scores == [2000, 1200, 0]
                await vetoed(parlour, steward)
                office.desk.store.verify()

    play_beside(scene)


async def vetoed(parlour: Parlour, steward: Person) -> None:
    """The next batch is stopped by a steward's word, and nothing of it is executed."""
    office = parlour.town.office
    operation = office.payment("USDC", 500)
    proposal = await asyncio.to_thread(office.propose, operation, nominal=3600)
    await parlour.tick()
    card = await parlour.card(proposal)
    await until(lambda: any("veto" in one for one in card.custom_ids()))
    asked = parlour.click(steward, card, Verb.VETO, proposal)
    await asked.dialog()
    assert "vetoes" in (await steward.submit(asked, reason="The wrong payee").answer()).content
    await parlour.tick()
    assert office.state(proposal) is State.DEFEATED
    await until(lambda: parlour.said(f"outcome defeated · {proposal}"))
    assert office.received() == 1000 * TOKEN
