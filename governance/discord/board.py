"""What is posted, kept in step with the record: each thing once, edited when it changes, never lost, never repeated.

Nothing is remembered here that the record does not hold. Each round asks the record what there is to show, and brings
Discord to it: the intent is noted before a message is sent and its place after; what was sent in between and not noted
is looked for before it is sent again. So an outage or a restart only delays.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, TypeVar

import discord

from dao_bot.cards.picture import proposal_picture
from dao_bot.domain.errors import DaoBotError
from dao_bot.domain.failpoints import reach
from dao_bot.domain.hashing import digest
from dao_bot.domain.lifecycle import State
from dao_bot.engine.log_ids import log_ids
from dao_bot.store.store import Store
from dao_bot.store.values import StoredPost, StoredProposal
from governance.acts.freeze import Freeze
from governance.acts.mandates import used_mandate
from governance.discord.cards import Asked, card_buttons, card_embed, footer, marker, thread_name, thread_title
from governance.discord.clerk import Clerk
from governance.discord.exhibit import CARD, MANDATE, QUESTION, Exhibit
from governance.discord.house import House
from governance.discord.mandates import mandate_card, mandate_exhibits
from governance.discord.news import digest_day, digest_of, digest_subject, due_reminder, reminded, reminders_of
from governance.discord.places import Message, Place, Places, place_of
from governance.discord.questions import RESULT, QuestionExhibit, question_card, question_exhibit, result_of
from governance.discord.tidings import decision_of, freeze_of, outcome_of, unfreeze_of

if TYPE_CHECKING:
    from governance.discord.client import FrontDoor

DECISION, DIGEST, FREEZE, UNFREEZE = "decision", "digest", "freeze", "unfreeze"
Result = TypeVar("Result")
_CURSOR = "cursor"

SHORTEST_PAUSE, LONGEST_PAUSE = 1.5, 5.0
"""Seconds between two rounds: what changes meanwhile is one edit."""

_AFTER_REFUSAL = 30.0
_MOST_NEW = 200
_EARLY = frozenset({State.DRAFT, State.SIMULATED, State.PENDING})
"""Before the keeper has asked the approval rule, nobody knows whether a mandate covers it."""

log = logging.getLogger(__name__)


class Board:
    """The loop that keeps Discord in step."""

    def __init__(self, client: FrontDoor, house: House, clerk: Clerk) -> None:
        settings = house.settings
        self._house, self._clerk = house, clerk
        self.places = Places(client, int(settings.guild), int(settings.channels.proposals), int(settings.channels.news))
        self._awake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._settled: set[str] = set()
        self._said: set[tuple[str, str]] = set()
        self._threaded: set[int] = set()
        self._reminded: set[tuple[str, int]] = set()
        self._not_before: dict[str, float] = {}
        self._pictures: dict[tuple[str, bool], bytes | None] = {}
        self._lost: set[str] = set()
        self.rounds = 0

    def start(self) -> None:
        """Begin, once."""
        if self._task is None:
            self._task = asyncio.create_task(self._keep())

    def wake(self) -> None:
        """Something may have changed."""
        self._awake.set()

    def deleted(self, message_id: str) -> None:
        """Somebody deleted a message; if it is one of ours it is posted again."""
        self._lost.add(message_id)
        self.wake()

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _keep(self) -> None:
        while True:
            began = time.monotonic()
            self._awake.clear()
            try:
                await self.round()
            except (DaoBotError, discord.DiscordException, OSError, TimeoutError) as error:
                log.warning("what is posted is not in step: %s", error)
            except Exception:  # a bug in one round must not end the board; the next round tries again
                log.exception("a round of the board failed")
            self.rounds += 1
            await asyncio.sleep(max(0.0, began + SHORTEST_PAUSE - time.monotonic()))
            try:
                async with asyncio.timeout(LONGEST_PAUSE):  # `wait_for` may lose that this is to stop (Python 3.11)
                    await self._awake.wait()
            except TimeoutError:
                continue

    async def round(self) -> None:
        """Bring everything into step once."""
        await self._tell_freezes()
        await self._bring_mandates()
        await self._clerk.in_thread(self._take_note_of_lost)
        exhibits = await self._clerk.in_thread(self._collect)
        for exhibit in exhibits:
            await self._in_step(
                exhibit.id, partial(self._bring, exhibit), log_ids(exhibit.stored.proposal.run, exhibit.id)
            )
        questions = await self._clerk.in_thread(self._questions)
        for question in questions:
            await self._in_step(question.id, partial(self._bring_question, question), {})
        await self._tell_news([*exhibits, *questions])

    async def _in_step(self, subject: str, bring: Callable[[], Awaitable[None]], ids: Mapping[str, object]) -> None:
        """One at a time: what Discord refuses of one keeps nothing of the others back."""
        if time.monotonic() < self._not_before.get(subject, 0.0):
            return
        facts = {"subject": subject, **ids}
        try:
            await bring()
        except discord.NotFound as error:
            log.warning("something of %s was deleted meanwhile: %s", subject, error, extra={"facts": facts})
        except (discord.DiscordException, OSError, TimeoutError) as error:
            log.warning("%s is not in step: %s", subject, error, extra={"facts": facts})
            self._not_before[subject] = time.monotonic() + _AFTER_REFUSAL

    async def _tell_news(self, exhibits: Sequence[Asked]) -> None:
        """The digest and reminders, each once, when their time has come."""
        now = await self._clerk.in_thread(self._house.now)
        day = digest_day(self._house, now)
        if day is not None and (digest_subject(day), DIGEST) not in self._said:
            message = await self._clerk.in_thread(lambda: digest_of(self._house, day, now))
            await self._once(digest_subject(day), DIGEST, int(self._house.settings.channels.news), message)
        for exhibit in exhibits:
            before = due_reminder(self._house, exhibit, now)
            if before is not None and (exhibit.id, before) not in self._reminded:
                await self._remind(exhibit, before)

    async def _remind(self, exhibit: Asked, before: int) -> None:
        users = await self._clerk.in_thread(lambda: reminded(self._house, exhibit.id))
        post = await self._write(lambda store: store.post(exhibit.id, exhibit.part))
        place = place_of(post)
        if place is None:
            return
        for part, message in reminders_of(exhibit, before, users):
            await self._once(exhibit.id, part, self.places.thread_of(place), message)
        self._reminded.add((exhibit.id, before))

    async def _tell_freezes(self) -> None:
        """Each freeze and its end, where everybody reads it."""
        held, begun, ended = await self._clerk.in_thread(self._freezes)
        news = int(self._house.settings.channels.news)
        if held is not None:
            await self._once(
                f"freeze {held.number}", FREEZE, news, freeze_of(held, has_page=self._house.invite is not None)
            )
        for subject in begun - ended - ({f"freeze {held.number}"} if held else set()):
            await self._once(subject, UNFREEZE, news, unfreeze_of(subject))

    def _freezes(self) -> tuple[Freeze | None, set[str], set[str]]:
        store = self._house.store
        begun = {post.subject for post in store.posts(FREEZE) if post.message is not None}
        ended = {post.subject for post in store.posts(UNFREEZE) if post.message is not None}
        return self._house.assembly.frozen(), begun, ended

    def _collect(self) -> list[Exhibit]:
        """Open proposals, new ones whatever became of them, and those whose end was not told yet."""
        house, store = self._house, self._house.store
        treasury = house.services.treasury
        known = {post.subject for post in store.posts(CARD)}
        wanted: dict[str, StoredProposal] = {
            stored.id: stored for stored in store.open_proposals(treasury.safe, chain_id=treasury.chain_id)
        }
        latest = {stored.id: stored for stored in house.latest(_MOST_NEW)}
        for subject in self._new("proposals", CARD, {stored.id: stored.number for stored in latest.values()}):
            wanted[subject] = latest[subject]
        for subject in known:
            if subject not in wanted and subject not in self._settled:
                wanted[subject] = store.proposal(subject)
        ready = [stored for stored in wanted.values() if stored.state not in _EARLY or stored.id in known]
        return [house.exhibit_of(stored) for stored in sorted(ready, key=lambda one: one.number)]

    def _questions(self) -> list[QuestionExhibit]:
        """Open ones, new ones whatever became of them, and those whose result was not told yet."""
        house, now = self._house, self._house.now()
        polls = house.assembly.polls()
        self._new("questions", QUESTION, {poll.hash: number for number, poll in enumerate(polls, start=1)})
        known = {post.subject for post in house.store.posts(QUESTION)}
        wanted = [poll for poll in polls if poll.hash in known or now <= poll.subject.valid_until]
        return [question_exhibit(house, poll) for poll in wanted if poll.hash not in self._settled]

    def _take_note_of_lost(self) -> None:
        """Cards that somebody has deleted are posted again."""
        lost, store = self._lost.copy(), self._house.store
        self._lost -= lost
        for part in (CARD, QUESTION) if lost else ():
            for post in store.posts(part):
                if post.message in lost:
                    store.lose_post(post.subject, part, _after(post))

    def _new(self, what: str, part: str, numbers: Mapping[str, int]) -> list[str]:
        """Recorded since the last look, also by an earlier process, by ids. The very first look shows no history.

        Args:
            numbers: of the latest ones, by which they follow each other.
        """
        store = self._house.store
        newest = max(numbers.values(), default=0)
        cursor, now = store.post(what, _CURSOR), int(time.time())
        if cursor is not None and cursor.shows == str(newest):
            return []
        since = newest if cursor is None else int(cursor.shows or 0)
        found = [subject for subject, number in numbers.items() if number > since]
        with store.transaction("discord_cursor"):
            store.intend_post(what, _CURSOR, now)
            for subject in found:
                store.intend_post(subject, part, now)
            store.show_post(what, _CURSOR, str(newest))
        return found

    async def _bring_question(self, exhibit: QuestionExhibit) -> None:
        name = thread_title(exhibit.id, exhibit.poll.title)
        place = await self._bring_card((exhibit.id, QUESTION), name, question_card(exhibit, self._house), None)
        result = result_of(exhibit)
        if result is not None:
            await self._once(exhibit.id, RESULT, self.places.thread_of(place), result)
            self._settled.add(exhibit.id)

    async def _bring(self, exhibit: Exhibit) -> None:
        mandate = await self._write(lambda store: used_mandate(store, exhibit.id))
        home = place_of(await self._write(lambda store: store.post(mandate, MANDATE))) if mandate else None
        subject = (exhibit.id, CARD)
        place = await self._bring_card(subject, thread_name(exhibit), await self._card(exhibit), home)
        thread = self.places.thread_of(place)
        decided = decision_of(exhibit)
        if decided is not None:
            await self._once(exhibit.id, DECISION, thread, decided)
        ended = outcome_of(exhibit)
        if ended is not None:
            await self._once(exhibit.id, ended[0], thread, ended[1])
            self._settled.add(exhibit.id)
        else:
            self._settled.discard(exhibit.id)

    async def _bring_mandates(self) -> None:
        """Each has one thread; the cards of batches that it approves are posted there."""
        for exhibit in await self._clerk.in_thread(lambda: mandate_exhibits(self._house)):
            subject = (exhibit.id, MANDATE)
            if exhibit.waits or exhibit.state.state == "approved" or subject in self._said:
                name = thread_title(exhibit.id, exhibit.state.proposed.mandate.title)
                await self._bring_card(subject, name, mandate_card(exhibit, self._house), None)
                self._said.add(subject)

    async def _bring_card(self, subject: tuple[str, str], name: str, message: Message, home: Place | None) -> Place:
        """Post or edit. `home`: the card of a mandate, in whose thread it belongs."""
        post, new = await self._intended(*subject)
        place = place_of(post)
        if place is None:
            return await self._post_card(name, message, post, home, new=new)
        try:
            await self._open_thread(place, name)
            if post.shows == message.shows:
                return place
            await self.places.change(place, message, post.shows)
        except discord.NotFound:
            await self._write(lambda store: store.lose_post(*subject, _after(post)))
            return await self._bring_card(subject, name, message, home)
        await self._write(lambda store: store.show_post(*subject, message.shows))
        return place

    async def _post_card(
        self, name: str, message: Message, post: StoredPost, home: Place | None, *, new: bool
    ) -> Place:
        mark = footer(post.part, post.subject)
        if home is not None:
            thread = self.places.thread_of(home)
            found = None if new else await self.places.find(thread, mark, post.at)
            place = found or await self.places.say(thread, message, nonce_of(post))
        else:
            found = None if new else await self.places.find_card(marker(post.subject), mark, post.at)
            place = found or await self.places.open(name, message, nonce_of(post))
        reach("discord.card.posted")
        await self._write(
            lambda store: store.place_post(post.subject, post.part, str(place.channel), str(place.message))
        )
        await self._open_thread(place, name)
        if found is None:
            await self._write(lambda store: store.show_post(post.subject, post.part, message.shows))
        return place

    async def _open_thread(self, place: Place, name: str) -> None:
        """Also where an earlier process got no further than the card."""
        if place.message not in self._threaded:
            await self.places.open_thread(place, name)
            self._threaded.add(place.message)

    async def _once(self, subject: str, part: str, channel: int, message: Message) -> None:
        """Say something one time."""
        if (subject, part) in self._said:
            return
        post, new = await self._intended(subject, part)
        if post.message is None:
            found = None if new else await self.places.find(channel, footer(part, subject), post.at)
            place = found or await self.places.say(channel, message, nonce_of(post))
            reach("discord.said")
            await self._write(lambda store: store.place_post(subject, part, str(place.channel), str(place.message)))
        self._said.add((subject, part))

    async def _intended(self, subject: str, part: str) -> tuple[StoredPost, bool]:
        """What is known of a post, noted now if it was not; and whether it was not."""

        def look(store: Store) -> tuple[StoredPost, bool]:
            known = store.post(subject, part)
            return (store.intend_post(subject, part, int(time.time())), True) if known is None else (known, False)

        return await self._write(look)

    async def _write(self, what: Callable[[Store], Result]) -> Result:
        return await self._clerk.in_thread(lambda: what(self._house.store))

    async def _card(self, exhibit: Exhibit) -> Message:
        picture = await self._clerk.in_thread(lambda: self._picture(exhibit))
        embed = card_embed(exhibit, self._house.name, pictured=picture is not None)
        drawn = "outcome" if exhibit.card.outcome is not None else "plan"
        return Message(embed, card_buttons(exhibit), picture, drawn if picture is not None else "")

    def _picture(self, exhibit: Exhibit) -> bytes | None:
        """Drawn when it is proposed and when it is executed."""
        key = (exhibit.id, exhibit.card.outcome is not None)
        if key not in self._pictures:
            self._pictures[key] = proposal_picture(exhibit.card)
        return self._pictures[key]


def nonce_of(post: StoredPost) -> str:
    """The same for the same intention: Discord then hands out what it has instead of posting again (for minutes)."""
    return str(int(digest([post.subject, post.part, post.at])[2:17], 16))


def _after(post: StoredPost) -> int:
    """Now; in a second of its own, because in the same one the new intention would have the `nonce_of` the old one."""
    return max(int(time.time()), post.at + 1)
