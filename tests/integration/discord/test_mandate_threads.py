"""A mandate has one thread, in which it is decided and in which its batches are told."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from dao_bot.devnet.discord import Person
from dao_bot.domain.lifecycle import State
from governance.discord.press import Press, Verb
from tests.integration.discord.kit import play, until
from tests.integration.discord.parlour import open_parlour
from tests.integration.governance.test_mandates import mandate, propose
from tests.integration.governance.town import HOUR

if TYPE_CHECKING:
    from dao_bot.devnet import Anvil, World

pytestmark = pytest.mark.usefixtures("keys")


@pytest.mark.parametrize("forum", [True, False], ids=["forum", "text channel"])
def test_a_mandate_is_approved_on_its_card_and_its_batches_are_told_in_its_thread(
    tmp_path: Path, world: World, anvil: Anvil, forum: bool
) -> None:
    async def scene() -> None:
        rule = {"use": "stewards", "approvals": "1"}
        async with open_parlour(tmp_path, world, anvil, rule, forum=forum) as parlour:
            steward = await parlour.steward("steward-1")
            made = mandate(parlour.town)
            subject = await asyncio.to_thread(propose, parlour.town, made)
            await until(lambda: parlour.said(f"mandate · {subject}"))
            (card,) = parlour.said(f"mandate · {subject}")
            assert "5,000.00 USD may leave the Safe" in card.text() and made.hash in card.text()
            answer = await steward.click(card, Press(Verb.APPROVE, subject).custom_id).answer()
            assert "approves" in answer.content
            await until(lambda: "approved" in card.text())
            proposal = await asyncio.to_thread(
                parlour.town.office.propose, parlour.town.office.payment("USDC", 1000), nominal=3600
            )
            assert await parlour.finish(proposal) is State.EXECUTED
            await until(lambda: parlour.said(f"outcome executed · {proposal}"))
            (told,) = parlour.cards(proposal)
            assert told.channel_id == card.id, "the thread of a card has the card's id"
            (outcome,) = parlour.said(f"outcome executed · {proposal}")
            assert outcome.channel_id == card.id
            assert len([one for one in parlour.local.guild.channels.values() if one.is_thread]) == 1
            await until(lambda: "1,000" in card.text() or "999." in card.text())

    play(scene, 180)


def test_a_mandate_is_listed_suggested_shown_and_decided_by_its_id_and_strangers_are_suggested_nothing(
    tmp_path: Path, world: World, anvil: Anvil
) -> None:
    async def scene() -> None:
        async with open_parlour(tmp_path, world, anvil, {"use": "stewards", "approvals": "1"}) as parlour:
            steward, ann = await parlour.steward("steward-1"), await parlour.member("ann")
            stranger = parlour.local.person("stranger")
            made = mandate(parlour.town)
            subject = await asyncio.to_thread(propose, parlour.town, made)
            news = parlour.news

            async def offered(who: Person) -> list[str]:
                suggestions = await who.start_typing("proposal", news, "proposal", subject[2:8]).suggestions()
                return [str(one["value"]) for one in suggestions]

            assert (await offered(ann), await offered(stranger)) == ([subject], [])
            listed = (await ann.type("proposals", news).answer()).content
            assert subject[:10] in listed and "1 more of 1 stewards" in listed
            shown = await ann.type("proposal", news, proposal=subject[2:10]).answer()
            assert "5,000.00 USD may leave the Safe" in shown.content and made.hash in shown.content
            assert "0 of 1 stewards approve" in shown.content
            mine = await steward.type("proposal", news, proposal=subject[2:10]).answer()
            answer = await steward.click(mine, Press(Verb.APPROVE, subject).custom_id).answer()
            assert "approves" in answer.content
            assert "approved" in (await ann.type("proposals", news).answer()).content
            await parlour.later(25 * HOUR)
            assert subject[:10] not in (await ann.type("proposals", news).answer()).content
            assert "expired" in (await ann.type("proposals", news, all=True).answer()).content

    play(scene, 120)
