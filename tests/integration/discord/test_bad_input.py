"""Whatever Discord brings: no recorded vote is lost or counted twice, and nothing is called recorded that is not."""

from __future__ import annotations

import asyncio
import re
import time
from pathlib import Path
from typing import TYPE_CHECKING

import discord
import pytest

from dao_bot.devnet.discord.interactions import NotAnswered
from dao_bot.devnet.discord.people import NotVisible
from dao_bot.domain.lifecycle import State
from governance.acts.stands import Stand
from governance.discord.press import Press, Verb
from tests.integration.discord.kit import play, until
from tests.integration.discord.parlour import BOTH, open_ballot, open_parlour, open_vote, recorded
from tests.integration.governance.town import ANN, BOB, CAT, HOUR, MEMBERS, STEWARDS, TOKEN

if TYPE_CHECKING:
    from dao_bot.devnet import Anvil, World

pytestmark = pytest.mark.usefixtures("keys")


def test_clicks_that_come_twice_are_recorded_once_and_the_last_choice_counts(
    tmp_path: Path, world: World, anvil: Anvil
) -> None:
    async def scene() -> None:
        async with open_ballot(tmp_path, world, anvil, MEMBERS) as (parlour, ann, proposal, card):
            double = [parlour.click(ann, card, Verb.VOTE, proposal, "1") for _ in range(2)]
            answers = [(await one.answer()).content for one in double]
            assert all("recorded" in one for one in answers)
            again = double[0]
            ann.replay(again, {"component_type": 2, "custom_id": Press(Verb.VOTE, proposal, "1").custom_id})
            ann.replay(again, {"component_type": 2, "custom_id": Press(Verb.VOTE, proposal, "2").custom_id})
            await parlour.click(ann, card, Verb.VOTE, proposal, "2").answer()
            assert recorded(parlour, proposal) == 3, "two clicks and the last one; what was replayed is none"
            counted = parlour.town.assembly.tally(proposal)
            assert [int(score) // TOKEN for score in counted.tally.scores] == [0, 2000, 0]

    play(scene, 120)


def test_a_click_that_was_acknowledged_too_late_records_nothing(tmp_path: Path, world: World, anvil: Anvil) -> None:
    async def scene() -> None:
        async with open_ballot(tmp_path, world, anvil, MEMBERS) as (parlour, ann, proposal, card):
            late = parlour.click(ann, card, Verb.VOTE, proposal, "1")
            parlour.local.clock.advance(3.5)
            with pytest.raises(NotAnswered):
                await late.until_acknowledged(within=2.0)
            await until(lambda: parlour.supervisor.clerk.counts.too_late == 1)
            assert recorded(parlour, proposal) == 0

    play(scene, 120)


def test_a_vote_after_the_end_is_refused_with_the_time(tmp_path: Path, world: World, anvil: Anvil) -> None:
    async def scene() -> None:
        async with open_parlour(tmp_path, world, anvil, MEMBERS) as parlour:
            parlour.town.fund({ANN: 2000, BOB: 900})
            ann, bob = await parlour.member("ann", ANN), await parlour.member("bob", BOB)
            proposal, card = await open_vote(parlour)
            await parlour.click(ann, card, Verb.VOTE, proposal, "1").answer()
            await parlour.later(HOUR + 1)
            late = await parlour.click(bob, card, Verb.VOTE, proposal, "2").answer()
            assert "vote is over; nothing was recorded" in late.content
            await parlour.tick()
            forged = bob.click(card, Press(Verb.VOTE, proposal, "2").custom_id, forged=True)
            assert "nothing was recorded" in (await forged.answer()).content
            assert recorded(parlour, proposal) == 1

    play(scene, 120)


def test_the_end_of_a_vote_goes_by_the_chain_when_the_clocks_of_host_and_discord_lie(
    tmp_path: Path, world: World, anvil: Anvil, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def scene() -> None:
        day, honest = 86_400, time.time
        async with open_parlour(tmp_path, world, anvil, MEMBERS) as parlour:
            parlour.town.fund({ANN: 2000, BOB: 900})
            ann, bob = await parlour.member("ann", ANN), await parlour.member("bob", BOB)
            proposal, card = await open_vote(parlour)
            monkeypatch.setattr(time, "time", lambda: honest() + day)
            parlour.local.clock.advance(day)
            early = parlour.click(ann, card, Verb.VOTE, proposal, "1")
            assert discord.utils.snowflake_time(int(early.id)).timestamp() > honest() + day / 2
            assert "is recorded" in (await early.answer()).content, "both clocks say that it is over"
            await parlour.later(HOUR + 1)
            monkeypatch.setattr(time, "time", lambda: honest() - day)
            parlour.local.clock.advance(-2 * day)
            late = parlour.click(bob, card, Verb.VOTE, proposal, "2")
            assert discord.utils.snowflake_time(int(late.id)).timestamp() < honest() - day / 2
            assert "vote is over; nothing was recorded" in (await late.answer()).content, "both say that it is not"
            assert await parlour.finish(proposal) is State.EXECUTED
            assert recorded(parlour, proposal) == 1

    play(scene, 120)


def test_what_one_person_alone_sees_is_not_for_another(tmp_path: Path, world: World, anvil: Anvil) -> None:
    async def scene() -> None:
        async with open_parlour(tmp_path, world, anvil, MEMBERS) as parlour:
            ann, bob = await parlour.member("ann", ANN), await parlour.member("bob", BOB)
            inbox = await ann.type("inbox", parlour.news).answer()
            (button,) = inbox.custom_ids()
            with pytest.raises(NotVisible):
                bob.click(inbox, button)
            stolen = await bob.click(inbox, button, forged=True).answer()
            assert "for somebody else" in stolen.content
            assert "will not be reminded" in (await ann.click(inbox, button).answer()).content

    play(scene, 120)


def test_buttons_that_nobody_made_do_nothing(tmp_path: Path, world: World, anvil: Anvil) -> None:
    async def scene() -> None:
        async with open_ballot(tmp_path, world, anvil, MEMBERS) as (parlour, ann, proposal, card):
            for custom_id in ("dao:vote", "x" * 100, "dao:execute:0x00:1", f"dao:vote:{proposal}:-1"):
                with pytest.raises(NotAnswered):
                    await ann.click(card, custom_id, forged=True).until_acknowledged(within=0.3)
            for choice in ("0", "9", "99999999999999999999"):
                forged = ann.click(card, Press(Verb.VOTE, proposal, choice).custom_id, forged=True)
                assert "is recorded" not in (await forged.answer()).content
            other = ann.click(card, Press(Verb.VOTE, "0x" + "ab" * 32, "1").custom_id, forged=True)
            assert "is recorded" not in (await other.answer()).content
            assert recorded(parlour, proposal) == 0

    play(scene, 120)


def test_who_has_no_role_may_nothing_and_an_unset_role_is_nobodys(tmp_path: Path, world: World, anvil: Anvil) -> None:
    async def scene() -> None:
        async with open_parlour(tmp_path, world, anvil, BOTH) as parlour:
            proposal, card = await open_vote(parlour)
            stranger = parlour.local.person("stranger")
            for act in (
                parlour.click(stranger, card, Verb.VOTE, proposal, "1"),
                parlour.click(stranger, card, Verb.APPROVE, proposal),
                parlour.click(stranger, card, Verb.DETAILS, proposal),
                stranger.type("inbox", parlour.news),
                stranger.type("treasury", parlour.news),
                stranger.type("freeze", parlour.news, reason="mine"),
                stranger.type("strategies", parlour.news, action="pause", strategy="reserve"),
            ):
                answer = (await act.answer()).content
                assert "This is for" in answer or "only stewards" in answer.lower(), answer
            member = await parlour.member("member", ANN)
            assert "nly stewards" in (await member.type("freeze", parlour.news, reason="x").answer()).content
            assert parlour.town.assembly.frozen() is None
            assert parlour.town.assembly.stands(proposal) == ()

    play(scene, 120)


def test_a_stolen_steward_account_without_the_wallet_approves_nothing(
    tmp_path: Path, world: World, anvil: Anvil
) -> None:
    async def scene() -> None:
        async with open_parlour(tmp_path, world, anvil, BOTH) as parlour:
            thief = await parlour.member("thief", CAT, steward=True)
            proposal, card = await open_vote(parlour)
            answer = await parlour.click(thief, card, Verb.APPROVE, proposal).answer()
            assert "have linked no steward" in answer.content
            assert parlour.town.assembly.stands(proposal) == ()

    play(scene, 120)


def test_names_titles_and_reasons_with_markup_ping_nobody_and_lead_nowhere(
    tmp_path: Path, world: World, anvil: Anvil
) -> None:
    async def scene() -> None:
        evil = "@everyone <@&{0}> [win](https://evil.example) discord.gg/x `x` **b** " + "t" * 3800
        async with open_parlour(tmp_path, world, anvil, BOTH) as parlour:
            steward = await parlour.steward("steward-1")
            parlour.local.guild.rename(steward.id, "@everyone **x**")
            proposal, card = await open_vote(parlour)
            veto = parlour.click(steward, card, Verb.VETO, proposal)
            await veto.dialog()
            await steward.submit(veto, reason=evil.format(parlour.stewards.id)[:500]).answer()
            await until(lambda: "vetoes" in card.text())
            await parlour.tick()
            await until(lambda: parlour.said(f"decision · {proposal}"))
            shown = "\n".join(message.text() for message in parlour.local.messages.by_id.values())
            assert not re.search(r"https?://(?!127\.0\.0\.1)|discord\.gg/", shown)
            assert "@everyone" not in shown.replace("@\u200beveryone", "")
            assert parlour.local.messages.pinged == [] and parlour.local.messages.direct == []

    play(scene, 120)


def test_a_member_who_leaves_keeps_the_vote_and_a_role_that_is_deleted_stops_the_next(
    tmp_path: Path, world: World, anvil: Anvil
) -> None:
    async def scene() -> None:
        async with open_parlour(tmp_path, world, anvil, MEMBERS) as parlour:
            parlour.town.fund({ANN: 2000, BOB: 500})
            ann, bob = await parlour.member("ann", ANN), await parlour.member("bob", BOB)
            proposal, card = await open_vote(parlour)
            await parlour.click(ann, card, Verb.VOTE, proposal, "1").answer()
            parlour.local.guild.leave(ann.id)
            parlour.local.guild.delete_role(parlour.members.id)
            answer = await parlour.click(bob, card, Verb.VOTE, proposal, "2").answer()
            assert "This is for members" in answer.content
            await parlour.later(HOUR + 1)
            assert await parlour.finish(proposal) is State.EXECUTED
            assert parlour.town.assembly.tally(proposal).tally.votes == 1

    play(scene, 120)


def test_answers_of_discord_that_fail_lose_no_vote_and_record_none_twice(
    tmp_path: Path, world: World, anvil: Anvil
) -> None:
    async def scene() -> None:
        async with open_parlour(tmp_path, world, anvil, MEMBERS) as parlour:
            parlour.town.fund({ANN: 2000, BOB: 500})
            ann, bob = await parlour.member("ann", ANN), await parlour.member("bob", BOB)
            proposal, card = await open_vote(parlour)
            callback, answer = r"/interactions/.*/callback", r"/webhooks/.*/messages/@original"
            parlour.local.faults.fail("POST", callback, 503, after=True)
            lost = await parlour.click(ann, card, Verb.VOTE, proposal, "1").answer()
            assert "is recorded" in lost.content, "acknowledged, though the answer to that was lost"
            parlour.local.faults.limit("PATCH", answer, 0.2)
            parlour.local.faults.fail("PATCH", answer, 502)
            assert "is recorded" in (await parlour.click(bob, card, Verb.VOTE, proposal, "2").answer()).content
            parlour.local.faults.limit("PATCH", r"/channels/\d+/messages/\d+", 0.2, everywhere=True, times=2)
            await until(lambda: "80.0%" in card.text())
            assert recorded(parlour, proposal) == 2

    play(scene, 120)


def test_recorded_is_said_only_after_the_commit(
    tmp_path: Path, world: World, anvil: Anvil, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def scene() -> None:
        async with open_ballot(tmp_path, world, anvil, MEMBERS) as (parlour, ann, proposal, card):
            store = parlour.town.office.desk.store
            with store.transaction("somebody_else"):
                click = parlour.click(ann, card, Verb.VOTE, proposal, "1")
                await click.until_acknowledged()
                await asyncio.sleep(0.5)
                assert click.original is not None and click.original.loading, "acknowledged, and nothing promised"
            assert "is recorded" in (await click.answer()).content
            assert recorded(parlour, proposal) == 1

    play(scene, 120)


def test_a_withdrawn_veto_and_a_wallet_that_is_linked_twice_are_told_in_words(
    tmp_path: Path, world: World, anvil: Anvil
) -> None:
    async def scene() -> None:
        async with open_parlour(tmp_path, world, anvil, BOTH) as parlour:
            steward = await parlour.steward("steward-1")
            proposal, card = await open_vote(parlour)
            assert "approves" in (await parlour.click(steward, card, Verb.APPROVE, proposal).answer()).content
            assert [one.stand for one in parlour.town.assembly.stands(proposal)] == [Stand.APPROVE]
            with pytest.raises(Exception, match="linked to somebody else"):
                await parlour.member("other", STEWARDS["steward-1"])

    play(scene, 120)
