"""What a chat's word is not enough for leads to the wallet page, with a link for one person."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from governance.ballots.single_choice import SingleChoice
from governance.discord.press import Verb
from governance.web.invitations import INVITED
from tests.integration.discord.kit import play, until
from tests.integration.discord.parlour import open_parlour
from tests.integration.governance.town import ANN

if TYPE_CHECKING:
    from dao_bot.devnet import Anvil, World

pytestmark = pytest.mark.usefixtures("keys")
ORIGIN = "https://vote.example.org"
SIGNED = {"use": "stewards", "approvals": "1", "signed_above": "0 USD"}


def test_approving_delegating_and_voting_lead_to_the_wallet_page(tmp_path: Path, world: World, anvil: Anvil) -> None:
    def with_page(data: dict[str, Any]) -> None:
        data["web"] = {"origin": ORIGIN, "listen": "127.0.0.1:8080"}

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
