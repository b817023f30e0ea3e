"""Looking at one's own cards: a veto window runs only while people can see the card and clicks on it are recorded."""

from __future__ import annotations

import asyncio
import logging
import math
from functools import partial
from typing import TYPE_CHECKING

import discord

from dao_bot.domain.errors import DaoBotError
from governance.ballots.optimistic import Optimistic
from governance.discord.clerk import Clerk
from governance.discord.exhibit import CARD, MANDATE
from governance.discord.house import House
from governance.discord.places import Place, Places, place_of

if TYPE_CHECKING:
    from governance.discord.client import FrontDoor

INTERVAL = 30.0
"""Seconds; well below the gap that interrupts a veto window (120 unless the rule says otherwise)."""

_SLOWEST = 10.0
_LONGEST_WAIT = 60.0

log = logging.getLogger(__name__)


class Watch:
    """The loop that records what is seen."""

    def __init__(self, client: FrontDoor, house: House, clerk: Clerk, places: Places) -> None:
        self._client, self._house, self._clerk, self._places = client, house, clerk, places
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin, once."""
        if self._task is None:
            self._task = asyncio.create_task(self._keep())

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    @property
    def healthy(self) -> bool:
        """Whether Discord is heard in time and what is clicked is soon recorded."""
        latency = self._client.latency
        heard = self._client.is_ready() and not math.isnan(latency) and latency < _SLOWEST
        return heard and self._clerk.longest_wait < _LONGEST_WAIT

    async def look(self) -> None:
        """Once at every card that a veto window hangs on."""
        for subject, place in await self._clerk.in_thread(self._cards):
            healthy = self.healthy
            visible = healthy and place is not None and await self._visible(place)
            note = partial(self._house.assembly.saw_card, subject, visible=visible, healthy=healthy)
            await self._clerk.in_thread(note)

    async def _keep(self) -> None:
        while True:
            try:
                await self.look()
            except DaoBotError as error:
                log.warning("cards were not looked at, so veto windows stand still: %s", error)
            await asyncio.sleep(INTERVAL)

    def _cards(self) -> list[tuple[str, Place | None]]:
        found: list[tuple[str, Place | None]] = []
        for question in self._house.assembly.awaiting():
            ballot = question.terms.ballot
            if ballot is None or not isinstance(ballot.method, Optimistic):
                continue
            part = CARD if question.mandate is None else MANDATE
            found.append((question.subject.id, place_of(self._house.store.post(question.subject.id, part))))
        return found

    async def _visible(self, place: Place) -> bool:
        try:
            return self._places.seen_by(self._house.settings.roles.members) and await self._places.stands(place)
        except (discord.DiscordException, OSError, TimeoutError, DaoBotError):
            return False
