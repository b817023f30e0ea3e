"""The card of a question that is no batch: what can be chosen, how, and how the vote stands; then what came of it."""

from __future__ import annotations

from dataclasses import dataclass

import discord

from dao_bot.cards.model import Tone
from dao_bot.cards.text import number
from dao_bot.domain.errors import BadInput, NotFound
from governance.acts.ballot_box import Counted
from governance.acts.freeze import Freeze
from governance.acts.polls import Poll
from governance.acts.stands import Stood
from governance.acts.terms import Terms
from governance.ballots.method import Method
from governance.ballots.options import LONGEST_OPTION
from governance.ballots.power import POWER_DECIMALS
from governance.discord.cards import COLOURS, asked_lines, card_buttons, footer, tally_lines, vote_items, vote_lines
from governance.discord.exhibit import QUESTION
from governance.discord.house import House
from governance.discord.places import Message
from governance.discord.words import MOST_TITLE, code, cut, plain, when

RESULT = "result"
MOST_OPTIONS_TEXT = 2800
"""Characters of all options on a card, with their numbers; Discord leaves no room for more beside the rest."""

_HOW = {
    "single-choice": ("Choose one.", "1"),
    "approval": ("Choose as many as you like; each gets your whole power.", "1, 2"),
    "weighted": ("Divide your power among them, in whatever parts.", "1: 60, 2: 40"),
    "quadratic": ("Divide your power among them; many small voices count more than a large one.", "1: 60, 2: 40"),
    "ranked-choice": (
        "Rank all of them, the best first; the least falls out until one has more than half.",
        "2, 1",
    ),
    "copeland": ("Rank them, the best first; who wins most of the comparisons in pairs prevails.", "2, 1"),
}
"""What to do, and how it is written, by the kind of ballot."""

KINDS = tuple(_HOW)


@dataclass(frozen=True, slots=True)
class QuestionExhibit:
    """One question as people see it now; see `Exhibit`. Stewards have no say in it beyond their own votes."""

    poll: Poll
    counted: Counted
    frozen: Freeze | None
    stood: tuple[Stood, ...] = ()
    value: int = 0

    @property
    def id(self) -> str:
        return self.poll.hash

    @property
    def part(self) -> str:
        return QUESTION

    @property
    def asks(self) -> Terms:
        return Terms(ballot=self.poll.terms)

    @property
    def waits(self) -> bool:
        return self.counted.closed is None

    @property
    def votes_open(self) -> bool:
        return self.waits


def question_exhibit(house: House, poll: Poll) -> QuestionExhibit:
    """The question as it stands. Where its time has passed, this closes it."""
    return QuestionExhibit(poll, house.assembly.tally(poll.hash), house.assembly.frozen())


def open_questions(house: House, now: int) -> list[Poll]:
    """Those that can be voted on, the oldest first."""
    return [poll for poll in house.assembly.polls() if now <= poll.subject.valid_until]


def question_named(house: House, subject_id: str) -> QuestionExhibit | None:
    """The question of that id, or of the beginning of it; None where it is none.

    Raises:
        BadInput: nothing can be named so.
    """
    try:
        poll = house.assembly.question(subject_id).poll
    except NotFound:
        return None
    return None if poll is None else question_exhibit(house, poll)


def require_room(method: Method) -> None:
    """Before a question is asked: whoever votes must see all that can be chosen.

    Raises:
        BadInput: its card has not enough room.
    """
    length = len("\n".join(_option_lines(method)))
    if length > MOST_OPTIONS_TEXT:
        raise BadInput(
            f"the {len(method.options)} options do not fit on a card in Discord",
            value=f"{length:,} characters with their numbers, and with a backslash before each sign that is markup",
            limit=f"{MOST_OPTIONS_TEXT:,}",
            next_step="Shorten the options, or ask about fewer of them",
        )


def question_card(exhibit: QuestionExhibit, house: House) -> Message:
    """The options with the numbers by which they can be named, and the vote."""
    poll, method = exhibit.poll, exhibit.poll.method
    embed = discord.Embed(
        title=plain(poll.title, MOST_TITLE),
        description=f"{cut(_option_lines(method), MOST_OPTIONS_TEXT)}\n\nWhat comes of it binds nothing by itself.",
        colour=COLOURS[Tone.ACTIVE if exhibit.waits else Tone.NEUTRAL],
    )
    embed.set_author(name=plain(house.name, 60))
    embed.add_field(name="Status", value=_status(exhibit), inline=True)
    embed.add_field(name="Ends", value=when(poll.subject.valid_until), inline=True)
    for heading, lines in (
        ("How to vote", how_to_vote(exhibit.id, method) if exhibit.waits else []),
        ("Held up", list(asked_lines(exhibit))),
        ("The vote", [*tally_lines(exhibit.counted), *_quorum(method)]),
    ):
        if lines:
            embed.add_field(name=heading, value=cut(lines), inline=False)
    embed.set_footer(text=footer(QUESTION, exhibit.id))
    return Message(embed, card_buttons(exhibit))


def _option_lines(method: Method) -> list[str]:
    return [f"{number}. {plain(option, 2 * LONGEST_OPTION)}" for number, option in enumerate(method.options, start=1)]


def how_to_vote(subject: str, method: Method) -> list[str]:
    """By a click where that says enough, by the command in any case."""
    what, written = _HOW.get(method.kind, ("", "1"))
    command = f"`/vote proposal:{subject[2:10]} choice:{written}`"
    clicks = "Click below, or type" if vote_items(subject, method) else "Type"
    return [line for line in (what, f"{clicks} {command}; without a choice, your wallet signs it on its page") if line]


def question_line(poll: Poll) -> str:
    """One that is open, in a list."""
    return f"{code(poll.hash[:10])} {plain(poll.title, 90)} — the vote ends {when(poll.subject.valid_until)}"


def question_text(exhibit: QuestionExhibit) -> str:
    """The card in short, for an answer that one user alone sees."""
    lines = [f"**{plain(exhibit.poll.title, MOST_TITLE)}** — {_status(exhibit)}"]
    lines += [*vote_lines(exhibit.counted), *(how_to_vote(exhibit.id, exhibit.poll.method) if exhibit.waits else [])]
    return cut(lines, 2000)


def result_of(exhibit: QuestionExhibit) -> Message | None:
    """What came of it; None while it is open."""
    if exhibit.waits:
        return None
    tally = exhibit.counted.tally
    lines = [
        f"**{plain(tally.outcome.reason, 500)}**",
        *tally_lines(exhibit.counted),
        f"Root of the votes {code(tally.votes_root)}",
        f"Count it again: {code(f'dao-bot tally {exhibit.id}')}",
    ]
    embed = discord.Embed(
        title="The vote is over",
        description=cut(lines, 4000),
        colour=COLOURS[Tone.GOOD if tally.outcome.passed else Tone.NEUTRAL],
    )
    embed.set_footer(text=footer(RESULT, exhibit.id))
    return Message(embed)


def _status(exhibit: QuestionExhibit) -> str:
    if exhibit.waits:
        return "Members vote"
    return "Decided" if exhibit.counted.tally.outcome.passed else "Not decided"


def _quorum(method: Method) -> list[str]:
    quorum = getattr(method, "quorum", 0)
    return [f"Quorum: {number(quorum, POWER_DECIMALS)} of power"] if quorum else []
