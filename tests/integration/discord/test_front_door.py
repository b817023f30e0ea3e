"""People act through Discord, over the wire, and exactly what they approved is executed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from dao_bot.domain.lifecycle import State
from governance.discord.press import Verb
from tests.integration.discord.kit import play, until
from tests.integration.discord.parlour import open_parlour
from tests.integration.governance.town import ANN, BOB, HOUR, MEMBERS, TOKEN

if TYPE_CHECKING:
    from dao_bot.devnet import Anvil, World

pytestmark = pytest.mark.usefixtures("keys")


def test_members_vote_on_a_card_and_exactly_the_approved_batch_is_executed(
    tmp_path: Path, world: World, anvil: Anvil
) -> None:
    async def scene() -> None:
        async with open_parlour(tmp_path, world, anvil, MEMBERS) as parlour:
            parlour.town.fund({ANN: 2000, BOB: 500})
            ann, bob = await parlour.member("ann", ANN), await parlour.member("bob", BOB)
            told = (Path(__file__).parents[3] / "docs" / "governance" / "discord.md").read_text(encoding="utf-8")
            assert [name for name in parlour.local.commands.by_name if f"`/{name}`" not in told] == []
            proposal = await parlour.propose()
            card = await parlour.card(proposal)
            assert card.attachments and card.attachments[0].data.startswith(b"\x89PNG")
            shown = card.text()
            assert shown.index("What changes") < shown.index("What it costs") < shown.index("How it can fail")
            assert parlour.town.office.stored(proposal).proposal.batch.batch_hash in shown

            await until(lambda: any("vote" in one for one in card.custom_ids()))
            answer = await parlour.click(ann, card, Verb.VOTE, proposal, "1").answer()
            assert "is recorded" in answer.content and "2,000" in answer.content
            assert not bob.sees(answer)
            assert "is recorded" in (await parlour.click(bob, card, Verb.VOTE, proposal, "2").answer()).content
            await until(lambda: "80.0%" in card.text())

            await parlour.later(HOUR + 1)
            assert await parlour.finish(proposal) is State.EXECUTED
            await until(lambda: parlour.said(f"outcome executed · {proposal}"))
            (decision,) = parlour.said(f"decision · {proposal}")
            assert "Approved" in decision.text() and decision.channel_id == card.channel_id
            assert parlour.town.office.executions() == 1
            assert parlour.town.assembly.tally(proposal).tally.total == 2500 * TOKEN
            await until(lambda: not any("vote" in one for one in card.custom_ids()))
            assert parlour.local.messages.pinged == [] and parlour.local.messages.direct == []
            parlour.town.office.desk.store.verify()

    play(scene, 120)
