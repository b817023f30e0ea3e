"""What a chat's word is not enough for leads to the wallet page, with a link for one person."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from dao_bot.app.governing import own_page
from governance.ballots.single_choice import SingleChoice
from governance.discord.press import Verb
from governance.wallets.person import Person as Member
from governance.wallets.statement import Deed
from governance.web.invitations import INVITED
from tests.integration.discord.kit import play, until
from tests.integration.discord.parlour import open_parlour
from tests.integration.governance.town import ANN, Wallet

if TYPE_CHECKING:
    from dao_bot.devnet import Anvil, World
    from dao_bot.devnet.discord import Person

pytestmark = pytest.mark.usefixtures("keys")
ORIGIN = "https://vote.example.org"
SIGNED = {"use": "stewards", "approvals": "1", "signed_above": "0 USD"}


def with_page(data: dict[str, Any]) -> None:
    data["web"] = {"origin": ORIGIN, "listen": "127.0.0.1:8080"}


def test_approving_delegating_and_voting_lead_to_the_wallet_page(tmp_path: Path, world: World, anvil: Anvil) -> None:
    async def scene() -> None:
        async with open_parlour(tmp_path, world, anvil, SIGNED, change=with_page) as parlour:
            ann, steward = await parlour.member("ann", ANN), await parlour.steward("steward-1")
            proposal = await parlour.propose()
            question = await asyncio.to_thread(parlour.town.ask, "Which?", SingleChoice(("a", "b")))
            card = await parlour.card(proposal)
            await until(lambda: any("approve" in one for one in card.custom_ids()))
            answers = [
                await parlour.click(steward, card, Verb.APPROVE, proposal).answer(),
                await ann.type("delegate", parlour.news).answer(),
                await ann.type("vote", parlour.news, proposal=question.hash[:12]).answer(),
            ]
            assert all(answer.content.startswith(f"{ORIGIN}/#") for answer in answers)
            refused = await parlour.click(ann, card, Verb.APPROVE, proposal).answer()
            assert "Only stewards" in refused.content
            given = [event.body for event in parlour.town.office.desk.store.events() if event.kind == INVITED]
            assert [(one["errand"], one["subject"]) for one in given] == [
                ("approve", proposal), ("delegate", None), ("vote", question.hash),
            ]  # fmt: skip
            assert parlour.town.assembly.stands(proposal) == (), "a link is no word"

    play(scene, 120)


def test_freezing_and_ending_a_freeze_lead_stewards_to_the_wallet_page(
    tmp_path: Path, world: World, anvil: Anvil
) -> None:
    async def scene() -> None:
        async with open_parlour(tmp_path, world, anvil, SIGNED, change=with_page, started=False) as parlour:
            steward, ann = await parlour.steward("steward-1"), await parlour.member("ann", ANN)
            unlinked = await parlour.member("new", steward=True)
            await parlour.start()

            async def freeze(who: Person, **options: str) -> str:
                return (await who.type("freeze", parlour.news, **options).answer()).content

            links = [await freeze(steward), await freeze(unlinked)]
            assert parlour.town.assembly.frozen() is None, "a link stops nothing"
            recorded = await freeze(steward, reason="my account was taken")
            assert "are stopped" in recorded and "`/freeze`" in recorded
            links += [await freeze(steward), await freeze(unlinked)]
            assert all(link.startswith(f"{ORIGIN}/#") for link in links)
            again = await freeze(steward, reason="and again")
            assert "were stopped before" in again and "my account was taken" in again
            assert "for stewards" in await freeze(ann)
            given = [event.body for event in parlour.town.office.desk.store.events() if event.kind == INVITED]
            assert [one["errand"] for one in given] == ["freeze", "freeze", "unfreeze", "unfreeze"]
            held = parlour.town.assembly.frozen()
            assert held is not None
            await until(lambda: parlour.said(f"freeze · freeze {held.number}"))
            assert "`/freeze`" in parlour.said(f"freeze · freeze {held.number}")[0].text()

    play(scene, 120)


def test_without_a_wallet_page_freezing_needs_a_reason_or_the_command_line(
    tmp_path: Path, world: World, anvil: Anvil
) -> None:
    async def scene() -> None:
        async with open_parlour(tmp_path, world, anvil, SIGNED) as parlour:
            steward = await parlour.steward("steward-1")
            assert "dao-bot freeze" in (await steward.type("freeze", parlour.news).answer()).content
            recorded = (await steward.type("freeze", parlour.news, reason="taken").answer()).content
            assert "dao-bot unfreeze" in recorded and "`/freeze`" not in recorded
            assert "dao-bot unfreeze" in (await steward.type("freeze", parlour.news).answer()).content

    play(scene, 120)


def test_owners_are_led_to_the_page_to_sign_and_the_inbox_says_how(tmp_path: Path, world: World, anvil: Anvil) -> None:
    async def scene() -> None:
        async with open_parlour(tmp_path, world, anvil, SIGNED, change=with_page) as parlour:
            owner = await parlour.member("owner", Wallet(world.owner_keys[0], world.owners[0]))
            steward = await parlour.steward("steward-1")
            proposal = await parlour.propose()
            inbox = (await steward.type("inbox", parlour.news).answer()).content
            assert "only your wallet's signature counts; *Approve* on its card leads to the page" in inbox
            await asyncio.to_thread(parlour.town.stand_signed, "steward-1", proposal, Deed.APPROVE)
            await parlour.tick()
            inbox = (await owner.type("inbox", parlour.news).answer()).content
            assert "Sign" in inbox and "`/sign` leads to the page" in inbox
            answer = await owner.type("sign", parlour.news, proposal=proposal[:12]).answer()
            assert answer.content.startswith(f"{ORIGIN}/#")
            given = [event.body for event in parlour.town.office.desk.store.events() if event.kind == INVITED]
            assert [(one["errand"], one["subject"]) for one in given] == [("sign", proposal)]

    play(scene, 120)


def test_without_a_wallet_page_a_code_for_the_command_line_links_and_takes_away(
    tmp_path: Path, world: World, anvil: Anvil
) -> None:
    async def scene() -> None:
        async with open_parlour(tmp_path, world, anvil, SIGNED) as parlour:
            steward = parlour.local.person("steward", parlour.stewards.id)
            assembly, page = parlour.town.assembly, own_page(world.chain_id)

            async def sign(**options: object) -> None:
                said = (await steward.type("link", parlour.news, **options).answer()).content
                code = re.findall(r"`dao-bot link (\w+) --key", said)[0]
                message = assembly.request_of(code, page).message(ANN.address)
                await asyncio.to_thread(assembly.finish_link, page, message.text(), ANN.sign_text(message.text()))

            await sign()
            person = Member(parlour.local.guild.id, steward.id)
            assert [link.wallet for link in assembly.wallets(person)] == [ANN.address]
            await sign(remove=True)
            assert assembly.wallets(person) == ()

    play(scene, 120)
