"""Questions that are no batch: asked, shown, voted on in every kind, and told when they are over, over the wire."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from dao_bot.devnet.discord import Person
from dao_bot.devnet.discord.model import Message
from governance.ballots.approval import Approval
from governance.discord.press import Press, Verb
from governance.discord.questions import MOST_OPTIONS_TEXT
from tests.integration.discord.kit import play, until
from tests.integration.discord.parlour import Parlour, open_parlour
from tests.integration.discord.test_news import rounds
from tests.integration.governance.town import ANN, BOB, HOUR, MEMBERS, TOKEN

if TYPE_CHECKING:
    from dao_bot.devnet import Anvil, World

pytestmark = pytest.mark.usefixtures("keys")

OPTIONS = "Red; @everyone [now](https://evil.example); Green"
WRITTEN = {
    "weighted": ("red: 3, 3: 1", [1500, 0, 500]),
    "quadratic": ("3", [0, 0, 2000]),
    "ranked-choice": ("green, 2, red", [0, 0, 2000]),
    "copeland": ("green, red", None),
}
"""What Ann, who has 2000, types in which kind of ballot, and what that counts."""


async def ask(parlour: Parlour, steward: Person, kind: str) -> str:
    asked = steward.type(
        "ask", parlour.news, question=f"What @everyone **{kind}**?", options=OPTIONS, power="members", duration="1h",
        kind=kind,
    )  # fmt: skip
    answer = await asked.answer()
    assert "members vote" in answer.content
    (poll,) = (poll for poll in parlour.town.assembly.polls() if poll.method.kind == kind)
    return poll.hash


async def card_of(parlour: Parlour, subject: str) -> Message:
    await until(lambda: parlour.said(f"question · {subject}"))
    (card,) = parlour.said(f"question · {subject}")
    return card


def scores(parlour: Parlour, subject: str) -> list[int]:
    return [int(score) // TOKEN for score in parlour.town.assembly.tally(subject).tally.scores]


async def vote_in_every_kind(parlour: Parlour, ann: Person, bob: Person, asked: Mapping[str, str]) -> None:
    one, several = asked["single-choice"], asked["approval"]
    card = await card_of(parlour, one)
    assert "recorded" in (await ann.click(card, Press(Verb.VOTE, one, "3").custom_id).answer()).content
    await until(lambda: "100.0%" in card.text())
    menu = Press(Verb.CHOOSE, several).custom_id
    answer = await ann.choose(await card_of(parlour, several), menu, "1", "3").answer()
    assert "Red, Green" in answer.content
    await bob.choose(await card_of(parlour, several), menu, "3").answer()
    for kind, (written, counted) in WRITTEN.items():
        shown = (await card_of(parlour, asked[kind])).text()
        assert f"/vote proposal:{asked[kind][2:10]}" in shown
        answer = await ann.type("vote", parlour.news, proposal=asked[kind], choice=written).answer()
        assert "is recorded" in answer.content
        assert counted in (None, scores(parlour, asked[kind]))
    assert scores(parlour, one) == [0, 0, 2000] and scores(parlour, several) == [2000, 0, 2500]
    told = await ann.type("tally", parlour.news, proposal=several).answer()
    assert "Red: 80.0% · 2,000.00" in told.content and "Green: 100.0% · 2,500.00" in told.content
    assert "2 wallets voted with 2,500.00 of power; shares are of that, and may pass 100 % together" in told.content


def test_a_question_is_asked_voted_on_in_every_kind_and_told_once_across_restarts(
    tmp_path: Path, world: World, anvil: Anvil
) -> None:
    async def scene() -> None:
        async with open_parlour(tmp_path, world, anvil, MEMBERS) as parlour:
            parlour.town.fund({ANN: 2000, BOB: 500})
            ann, bob = await parlour.member("ann", ANN), await parlour.member("bob", BOB)
            steward = await parlour.steward("steward-1")
            refused = await ann.type(
                "ask", parlour.news, question="Mine?", options="a; b", power="members", duration="1h"
            ).answer()
            assert "Only stewards" in refused.content
            asked = {kind: await ask(parlour, steward, kind) for kind in ("single-choice", "approval", *WRITTEN)}
            card = await card_of(parlour, asked["single-choice"])
            assert "evil.example" in card.text() and "://" not in card.text()
            await parlour.kill()
            await parlour.start()
            await vote_in_every_kind(parlour, ann, bob, asked)
            wrong = await ann.type("vote", parlour.news, proposal=asked["ranked-choice"], choice="red").answer()
            assert "too short" in wrong.content
            inbox = await bob.type("inbox", parlour.news).answer()
            assert asked["weighted"][:10] in inbox.content
            listed = await bob.type("proposals", parlour.news).answer()
            assert asked["weighted"][:10] in listed.content
            await parlour.stop()
            missed = await asyncio.to_thread(parlour.town.ask, "While it was away?", Approval(("Yes", "No")))
            await parlour.later(HOUR + 1)
            await parlour.start()
            await until(lambda: all(parlour.said(f"result · {subject}") for subject in (*asked.values(), missed.hash)))
            await parlour.stop()
            await parlour.start()
            await rounds(parlour)
            for subject in (*asked.values(), missed.hash):
                (result,) = parlour.said(f"result · {subject}")
                (shown,) = parlour.said(f"question · {subject}")
                assert result.channel_id == shown.channel_id and shown.custom_ids() == []
            assert "Green has the most power" in parlour.said(f"result · {asked['single-choice']}")[0].text()
            assert parlour.local.messages.pinged == [] and parlour.local.messages.direct == []

    play(scene, 120)


def options_of(characters: int) -> list[str]:
    """Thirty whose lines on the card have so many characters together; the last one makes up for the rest."""
    options = [f"Option {number} {'x' * 76}" for number in range(1, 30)]
    before = sum(len(f"{number}. {option}\n") for number, option in enumerate(options, 1))
    return [*options, "y" * (characters - before - len("30. "))]


def test_a_question_shows_all_options_and_is_refused_where_its_card_has_no_room_for_them(
    tmp_path: Path, world: World, anvil: Anvil
) -> None:
    async def scene() -> None:
        async with open_parlour(tmp_path, world, anvil, MEMBERS) as parlour:
            parlour.town.fund({ANN: 2000})
            ann, steward = await parlour.member("ann", ANN), await parlour.steward("steward-1")

            async def answer(options: list[str]) -> str:
                asked = {"question": "W" * 300, "options": "; ".join(options), "power": "members", "duration": "1h"}
                return (await steward.type("ask", parlour.news, **asked).answer()).content

            refused = await answer(options_of(MOST_OPTIONS_TEXT + 1))
            assert "30 options do not fit" in refused and "2,801" in refused and "allowed: 2,800" in refused
            marked = options_of(MOST_OPTIONS_TEXT)
            marked[0] = marked[0].replace("x", "*")
            assert "2,876" in await answer(marked)
            assert parlour.town.assembly.polls() == ()
            options = options_of(MOST_OPTIONS_TEXT)
            assert "members vote" in await answer(options)
            (poll,) = parlour.town.assembly.polls()
            card = await card_of(parlour, poll.hash)
            assert all(f"{number}. {option}" in card.text() for number, option in enumerate(options, 1))
            await ann.type("vote", parlour.news, proposal=poll.hash, choice="30").answer()
            await until(lambda: "100.0%" in card.text())

    play(scene, 120)
