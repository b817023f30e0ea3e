"""What a thief would change freezes approvals, also while the bot was away."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from dao_bot.devnet.discord import GOVERNANCE_BOT, Permission
from governance.acts.kinds import ROLES, ROLES_NOTED
from tests.integration.discord.kit import play, until
from tests.integration.discord.parlour import Parlour, open_parlour, open_vote, recorded
from tests.integration.governance.town import ANN, MEMBERS

if TYPE_CHECKING:
    from dao_bot.devnet import Anvil, World

pytestmark = pytest.mark.usefixtures("keys")


def _two_stewards(parlour: Parlour) -> None:
    for name in ("mallory", "trudy"):
        parlour.local.person(name, parlour.stewards.id)


def _webhook(parlour: Parlour) -> None:
    parlour.local.guild.add_webhook(parlour.news.id, "dao-bot")


def _permission(parlour: Parlour) -> None:
    parlour.local.allow_bot(GOVERNANCE_BOT | Permission.MENTION_EVERYONE)


CHANGES = [(_two_stewards, "given or taken 2 times"), (_webhook, "webhooks"), (_permission, "own permissions")]


@pytest.mark.parametrize("away", [False, True], ids=["live", "while the bot was away"])
@pytest.mark.parametrize(("change", "why"), CHANGES, ids=["roles", "webhooks", "permissions"])
def test_a_change_that_a_thief_would_make_freezes_approvals(
    tmp_path: Path, world: World, anvil: Anvil, change: Callable[[Parlour], None], why: str, away: bool
) -> None:
    async def scene() -> None:
        async with open_parlour(tmp_path, world, anvil, MEMBERS) as parlour:
            if away:
                await parlour.stop()
            change(parlour)
            if away:
                await parlour.start()
            await until(lambda: parlour.town.assembly.frozen())
            held = parlour.town.assembly.frozen()
            assert held is not None and why in held.reason and held.by == "alarm of discord"
            await until(lambda: parlour.said(f"freeze · freeze {held.number}"))

    play(scene, 120)


@pytest.mark.parametrize("away", [False, True], ids=["live", "while the bot was away"])
def test_a_webhook_that_is_removed_freezes_and_then_no_vote_counts_through_discord(
    tmp_path: Path, world: World, anvil: Anvil, away: bool
) -> None:
    async def scene() -> None:
        async with open_parlour(tmp_path, world, anvil, MEMBERS, started=False) as parlour:
            parlour.town.fund({ANN: 2000})
            ann = await parlour.member("ann", ANN)
            parlour.local.guild.add_webhook(parlour.forum.id, "announcements")
            await parlour.start()
            assert parlour.town.assembly.frozen() is None, "what was there before the bot first came is not a change"
            proposal, _ = await open_vote(parlour)
            if away:
                await parlour.stop()
            parlour.local.guild.remove_webhook(parlour.forum.id)
            if away:
                await parlour.start()
            await until(lambda: parlour.town.assembly.frozen())
            held = parlour.town.assembly.frozen()
            assert held is not None and "webhooks in the bot's channels changed" in held.reason
            refused = await ann.type("vote", parlour.news, proposal=proposal[:12], choice="for").answer()
            assert "stopped since" in refused.content
            assert recorded(parlour, proposal) == 0

    play(scene, 120)


def test_one_new_steward_and_members_who_come_and_go_freeze_nothing(tmp_path: Path, world: World, anvil: Anvil) -> None:
    async def scene() -> None:
        async with open_parlour(tmp_path, world, anvil, MEMBERS) as parlour:
            parlour.local.person("steward", parlour.stewards.id)
            for number in range(5):
                parlour.local.person(f"member {number}", parlour.members.id)
            gone = parlour.local.person("gone", parlour.members.id)
            parlour.local.guild.leave(gone.id)
            store, guild = parlour.town.office.desk.store, parlour.local.guild.id

            def noted() -> int:
                last = store.last_act(ROLES, ROLES_NOTED, guild)
                return 0 if last is None else len(last.body["roles"]["members"])

            await until(lambda: noted() == 5)
            assert parlour.town.assembly.frozen() is None

    play(scene, 120)
