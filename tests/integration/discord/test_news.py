"""Digests and reminders: once, at their time, to those who want them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from governance.discord.press import Verb
from tests.integration.discord.kit import play, until
from tests.integration.discord.parlour import Parlour, open_parlour, open_vote
from tests.integration.governance.town import ANN, BOB, CAT, MEMBERS

if TYPE_CHECKING:
    from dao_bot.devnet import Anvil, World

pytestmark = pytest.mark.usefixtures("keys")
DAY = 86_400


async def rounds(parlour: Parlour, more: int = 2) -> None:
    """The board has looked at everything again."""
    client = parlour.supervisor.client
    assert client is not None
    seen = client.board.rounds
    client.board.wake()
    await until(lambda: client.board.rounds >= seen + more)


def test_only_linked_members_who_did_not_vote_or_opt_out_are_reminded_once(
    tmp_path: Path, world: World, anvil: Anvil
) -> None:
    def remind(data: dict[str, Any]) -> None:
        data["discord"]["reminders"] = ["30m", "10m"]

    async def scene() -> None:
        async with open_parlour(tmp_path, world, anvil, MEMBERS, change=remind) as parlour:
            parlour.town.fund({ANN: 2000, BOB: 500, CAT: 700})
            ann, bob = await parlour.member("ann", ANN), await parlour.member("bob", BOB)
            cat, _ = await parlour.member("cat", CAT), await parlour.member("without a wallet")
            inbox = await cat.type("inbox", parlour.news).answer()
            await cat.click(inbox, inbox.custom_ids()[0]).answer()
            proposal, card = await open_vote(parlour)
            await parlour.click(ann, card, Verb.VOTE, proposal, "1").answer()
            await rounds(parlour)
            assert parlour.local.messages.pinged == []
            await parlour.later(45 * 60)
            await until(lambda: parlour.local.messages.pinged)
            await rounds(parlour)
            await parlour.stop()
            await parlour.start()
            await rounds(parlour)
            assert parlour.local.messages.pinged == [bob.id]
            (reminder,) = parlour.said(f"reminder 1800 0 · {proposal}")
            assert reminder.channel_id == card.channel_id and parlour.local.messages.direct == []

    play(scene, 180)


def test_the_digest_comes_once_a_day_after_its_hour_and_not_in_quiet_hours(
    tmp_path: Path, world: World, anvil: Anvil
) -> None:
    def daily(data: dict[str, Any]) -> None:
        data["discord"] |= {"digest": "06:00", "quiet": {"begin": "22:00", "end": "08:00"}}

    async def scene() -> None:
        async with open_parlour(tmp_path, world, anvil, MEMBERS, change=daily, started=False) as parlour:
            now = anvil.timestamp()
            midnight = (now // DAY + 1) * DAY
            await parlour.later(midnight + 7 * 3600 - now)
            await parlour.start()
            await rounds(parlour)
            day = midnight // DAY
            assert parlour.said(f"digest · day {day}") == [], "after its hour, but it is quiet until eight"
            await parlour.later(2 * 3600)
            await until(lambda: parlour.said(f"digest · day {day}"))
            await parlour.stop()
            await parlour.start()
            await rounds(parlour)
            (digest,) = parlour.said(f"digest · day {day}")
            assert "Nothing is open" in digest.text() and digest.channel_id == parlour.news.id

    play(scene, 180)
