"""What can wait for a good moment: the daily digest, and reminders of votes that end soon."""

from __future__ import annotations

from collections.abc import Iterator

import discord

from dao_bot.cards.model import Tone
from dao_bot.domain.lifecycle import OPEN_STATES, State
from governance.discord.acts import wants_reminders
from governance.discord.cards import COLOURS, Asked, footer
from governance.discord.exhibit import Exhibit
from governance.discord.house import House
from governance.discord.mandates import mandate_exhibits, mandate_line
from governance.discord.places import Message
from governance.discord.questions import open_questions, question_line
from governance.discord.words import code, cut, plain, when

DAY = 86_400
MOST_REMINDED = 80
"""In one message: so many mentions fit into its 2,000 characters."""


def digest_day(house: House, now: int) -> int | None:
    """The day whose digest is to be posted at the chain time `now`; None before its hour and in quiet hours."""
    at, quiet = house.settings.digest, house.settings.quiet
    if at is None or now % DAY < at or (quiet is not None and quiet.quiet(now)):
        return None
    return now // DAY


def digest_of(house: House, day: int, now: int) -> Message:
    """What is open, what was done since yesterday, and what stands still."""
    latest = house.latest(200)
    open_ = [house.exhibit_of(stored, now) for stored in latest if stored.state in OPEN_STATES]
    done = [stored for stored in latest if stored.state is State.EXECUTED and stored.changed_at > now - DAY]
    lines = [line for exhibit in open_ for line in _open(exhibit)]
    lines += [mandate_line(one) for one in mandate_exhibits(house) if one.waits]
    lines += [question_line(poll) for poll in open_questions(house, now)]
    lines = lines or ["Nothing is open."]
    if done:
        lines.append("**Executed in the last 24 hours**")
        lines += [_executed(house.exhibit_of(stored)) for stored in done]
    lines += [
        f"**{plain(name, 60)} is paused**: {plain(state.reason)}"
        for name in house.services.strategies
        if (state := house.store.strategy_state(name)).paused
    ]
    held = house.assembly.frozen()
    if held is not None:
        lines.insert(0, f"**Approvals are frozen** since {when(held.at)}: {plain(held.reason)}")
    head = house.store.head()
    lines.append(f"The record stands at event {head.number}: {code(head.hash)}")
    embed = discord.Embed(title=f"{plain(house.name, 60)} today", description=cut(lines, 4000))
    embed.set_footer(text=footer("digest", digest_subject(day)))
    return Message(embed)


def digest_subject(day: int) -> str:
    """Under which a day's digest is noted."""
    return f"day {day}"


def due_reminder(house: House, exhibit: Asked, now: int) -> int | None:
    """Seconds before the end of the reminder that is due; of several that were missed only the last one."""
    counted, quiet = exhibit.counted, house.settings.quiet
    if not exhibit.votes_open or counted is None or counted.tally.ends is None:
        return None
    if exhibit.frozen is not None or (quiet is not None and quiet.quiet(now)):
        return None
    ends, opens = counted.tally.ends, counted.opened.ballot.opens
    due = [before for before in house.settings.reminders if opens <= ends - before <= now < ends]
    return min(due, default=None)


def reminded(house: House, proposal_id: str) -> list[int]:
    """Ids of the linked members of this guild who have power in a vote, have not voted, and did not opt out."""
    guild = house.settings.guild
    waiting = [person for person in house.assembly.not_voted(proposal_id) if person.guild == guild]
    return sorted(int(person.user) for person in waiting if wants_reminders(house, int(person.user)))


def reminders_of(exhibit: Asked, before: int, users: list[int]) -> Iterator[tuple[str, Message]]:
    """(part, message), for so many at once as a message names; it notifies nobody else."""
    assert exhibit.counted is not None and exhibit.counted.tally.ends is not None, "it is due"
    for start in range(0, len(users), MOST_REMINDED):
        part = f"reminder {before} {start // MOST_REMINDED}"
        some = tuple(users[start : start + MOST_REMINDED])
        text = f"The vote ends {when(exhibit.counted.tally.ends)}. The button under `/inbox` ends these reminders."
        embed = discord.Embed(description=text, colour=COLOURS[Tone.ACTIVE])
        embed.set_footer(text=footer(part, exhibit.id))
        yield part, Message(embed, content=" ".join(f"<@{user}>" for user in some), mention=some)


def _open(exhibit: Exhibit) -> Iterator[str]:
    card = exhibit.card
    yield f"{code(exhibit.id[:10])} {plain(card.title, 90)} — {plain(card.status.words)}"
    counted = exhibit.counted
    if exhibit.votes_open and counted is not None and counted.tally.ends is not None:
        yield f"the vote ends {when(counted.tally.ends)}"


def _executed(exhibit: Exhibit) -> str:
    return f"{plain(exhibit.card.title, 90)} — {plain(exhibit.card.story.result or '', 200)}"
