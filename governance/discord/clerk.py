"""Between Discord and the core: acknowledge first, then act in a thread, then answer with what was recorded.

Discord waits three seconds for an acknowledgement. It promises nothing: what was done is told afterwards, when it is in
the record. So acknowledgements come before everything else, also before acts that were acknowledged earlier.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TypeVar

import discord

from dao_bot.domain.errors import DaoBotError
from governance.discord.acts import VoteRequest
from governance.discord.express import GIVEN_UP, Express
from governance.discord.reply import Reply, error_reply, send_reply

Work = Callable[[], Reply]
Votes = Callable[[Sequence[VoteRequest]], list[Reply]]
Result = TypeVar("Result")

MOST_WAITING = 20_000
"""Acts that were acknowledged and not done yet; beyond it, people are asked to come back."""

_AT_ONCE = 256
_FEW = 4
_PATIENCE, _LOOK_AGAIN = 3.0, 0.02
_MOST_AT_ONCE = 48
_ALREADY_ACKNOWLEDGED = 40060

log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Act:
    work: Work | VoteRequest
    since: float
    done: asyncio.Future[Reply]


@dataclass(slots=True)
class Counts:
    """What happened since the start, for tests and for people who wonder.

    Attributes:
        express: of those that were acknowledged, how many in the express lane.
    """

    acknowledged: int = 0
    express: int = 0
    too_late: int = 0
    acted: int = 0
    failed: int = 0


def _set_event() -> asyncio.Event:
    event = asyncio.Event()
    event.set()
    return event


@dataclass(slots=True)
class Clerk:
    """Acts are done one after another, as they came, votes many in one commit; reads beside them, two at a time."""

    votes: Votes
    express: Express
    counts: Counts = field(default_factory=Counts)
    _waiting: deque[_Act] = field(default_factory=deque)
    _unacknowledged: int = 0
    _in_hand: int = 0
    _pump: asyncio.Task[None] | None = None
    _acknowledging: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(_MOST_AT_ONCE))
    _idle: asyncio.Event = field(default_factory=_set_event)
    _acting: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(1, "discord-acts"))
    _reading: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(2, "discord-reads"))

    async def act(self, interaction: discord.Interaction, work: Work | VoteRequest) -> None:
        """Acknowledge, vote or do `work`, which records something, and tell what came of it."""
        with self._holding():
            await self._act(interaction, work)

    async def _act(self, interaction: discord.Interaction, work: Work | VoteRequest) -> None:
        if not await self._acknowledge(interaction):
            return
        if len(self._waiting) >= MOST_WAITING:
            await send_reply(interaction, Reply("Too many people act at this moment. Nothing was recorded; try again."))
            return
        loop = asyncio.get_running_loop()
        act = _Act(work, loop.time(), loop.create_future())
        self._waiting.append(act)
        if self._pump is None or self._pump.done():
            self._pump = asyncio.create_task(self._act_all())
        await send_reply(interaction, await act.done)

    async def read(self, interaction: discord.Interaction, work: Work) -> None:
        """Acknowledge, and tell what `work` finds."""
        with self._holding():
            if await self._acknowledge(interaction):
                reply = await asyncio.get_running_loop().run_in_executor(self._reading, _done, work)
                await send_reply(interaction, reply)

    async def in_thread(self, work: Callable[[], Result]) -> Result:
        """The same for what nobody waits for."""
        return await asyncio.get_running_loop().run_in_executor(self._reading, work)

    @property
    def longest_wait(self) -> float:
        """Seconds that the oldest act that is not done has been waiting."""
        if not self._waiting:
            return 0.0
        return asyncio.get_running_loop().time() - self._waiting[0].since

    async def finish(self, within: float = 20.0) -> None:
        """Answer everything that was acknowledged; call it while the client still runs."""
        try:
            async with asyncio.timeout(within):
                await self.express.finish()
                await asyncio.sleep(0)
                await self._idle.wait()
        except TimeoutError:
            log.warning("%d answers were not shown; what they were about is recorded or refused", self._in_hand)

    async def close(self) -> None:
        """Do what was acknowledged, also where nobody can be told any more."""
        await self.express.close()
        await asyncio.sleep(0)
        while self._pump is not None and not self._pump.done():
            await self._pump
        self._acting.shutdown()
        self._reading.shutdown()

    @contextmanager
    def _holding(self) -> Iterator[None]:
        self._in_hand += 1
        self._idle.clear()
        try:
            yield
        finally:
            self._in_hand -= 1
            if not self._in_hand:
                self._idle.set()

    async def _acknowledge(self, interaction: discord.Interaction) -> bool:
        """Whether the user sees that something is being done; if not, nothing will be.

        What has waited here for so long that Discord must have given it up is let go, for the sake of those behind it;
        but not what may be acknowledged already, because then somebody waits for an answer.
        """
        loop = asyncio.get_running_loop()
        arrived = loop.time()
        self._unacknowledged += 1
        try:
            if self.express.acknowledged(interaction.id):
                self.counts.acknowledged += 1
                self.counts.express += 1
                return True
            unclear = self.express.unclear(interaction.id)
            async with self._acknowledging:
                if not unclear and loop.time() - arrived > GIVEN_UP:
                    self.counts.too_late += 1
                    return False
                await interaction.response.defer(ephemeral=True, thinking=True)
        except discord.HTTPException as error:
            if error.code != _ALREADY_ACKNOWLEDGED:
                self.counts.too_late += 1
                log.warning("interaction %s was not acknowledged: %s", interaction.id, error)
                return False
        except (OSError, TimeoutError) as error:
            self.counts.too_late += 1
            log.warning("interaction %s was not acknowledged: %s", interaction.id, error)
            return False
        finally:
            self._unacknowledged -= 1
        self.counts.acknowledged += 1
        return True

    async def _act_all(self) -> None:
        loop = asyncio.get_running_loop()
        while self._waiting:
            await self._until_calm(self._waiting[0].since + _PATIENCE)
            acts = self._next()
            replies = await loop.run_in_executor(self._acting, self._do, [act.work for act in acts])
            for act, reply in zip(acts, replies, strict=True):
                self.counts.acted += 1
                act.done.set_result(reply)

    def _next(self) -> list[_Act]:
        """The oldest act; if it is a vote, with all votes right after it."""
        acts = [self._waiting.popleft()]
        if isinstance(acts[0].work, VoteRequest):
            while self._waiting and len(acts) < _AT_ONCE and isinstance(self._waiting[0].work, VoteRequest):
                acts.append(self._waiting.popleft())
        return acts

    def _do(self, works: Sequence[Work | VoteRequest]) -> list[Reply]:
        requests = [work for work in works if isinstance(work, VoteRequest)]
        if not requests:
            return [_done(work) for work in works if not isinstance(work, VoteRequest)]
        made: list[Reply] = []

        def vote() -> Reply:
            made.extend(self.votes(requests))
            return made[0]

        failed = _done(vote)
        return made or [failed] * len(requests)

    async def _until_calm(self, ends: float) -> None:
        """Threads and the loop share one interpreter, so acts wait while acknowledgements are due, but not for ever."""
        while self._unacknowledged > _FEW or not self.express.calm:
            if asyncio.get_running_loop().time() > ends:
                return
            await asyncio.sleep(_LOOK_AGAIN)


def _done(work: Work) -> Reply:
    try:
        return work()
    except DaoBotError as error:
        return error_reply(error)
    except Exception:  # a bug in one act must not stop the acts that wait behind it; the log has it, the user is told
        log.exception("an interaction failed")
        return Reply("Something failed inside the bot. `/inbox` shows what of yours is recorded.")
