"""One bot for a guild: a second one waits for its turn, and takes over when the first has ended or died."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

from dao_bot.domain.errors import Conflict, DaoBotError
from dao_bot.engine.seat import Seat
from dao_bot.store.store import Store

LEASE_SECONDS = 120
"""Within this time of the chain a bot that died on another machine is followed by the next one."""

_RENEW_EVERY, _ASK_AGAIN = 15.0, 2.0
_LONGEST_WITHOUT = 75.0
"""Seconds after which a bot that cannot renew its lease must stop, well before anybody else may have it."""


class Turn:
    """The right to serve a guild, of one of all bots that share a record.

    Bots at a SQLite file are of one machine: the lock is free when a process ends, however it ends. On a server the
    right is a lease, counted in the chain's time.

    Args:
        now: the chain's time, epoch seconds.
    """

    def __init__(self, store: Store, guild: str, seat: Seat, now: Callable[[], int]) -> None:
        self._store, self._guild, self._seat, self._now = store, guild, seat, now
        self._name = f"discord:{guild}"

    @contextmanager
    def taken(self, tell: Callable[[str], None]) -> Iterator[None]:
        """Wait until nobody else has it, and say so; it is given back at the end."""
        with ExitStack() as held:
            told = False
            while (other := self._other(held)) is not None:
                if not told:
                    tell(
                        f"Another bot serves guild {self._guild}: {other}. This one waits, and takes over when it ends."
                    )
                told = True
                time.sleep(_ASK_AGAIN)
            yield

    async def kept(self) -> None:
        """Keep it until this is cancelled.

        Raises:
            Conflict: it is lost, so this bot must serve no longer.
        """
        renewed = time.monotonic()
        while True:
            await asyncio.sleep(_RENEW_EVERY)
            if not self._seat.is_one_of_several:
                continue
            try:
                other = await asyncio.to_thread(self._lease)
            except DaoBotError as error:
                if time.monotonic() - renewed > _LONGEST_WITHOUT:
                    raise self._lost(f"it cannot be renewed: {error}") from error
                continue
            if other is not None:
                raise self._lost(other)
            renewed = time.monotonic()

    def _other(self, held: ExitStack) -> str | None:
        """Who has it; None when it is ours now, and given back with `held`."""
        if self._seat.is_one_of_several:
            other = self._lease()
            if other is None:
                held.callback(self._store.release, self._name, self._seat.name)
            return other
        try:
            held.enter_context(self._seat.taken())
        except Conflict as conflict:
            return str(conflict.value)
        return None

    def _lease(self) -> str | None:
        now = self._now()
        if self._store.lease(self._name, self._seat.name, now, LEASE_SECONDS):
            return None
        return self._store.lease_holder(self._name, now) or "one that has just ended"

    def _lost(self, why: str) -> Conflict:
        return Conflict(
            f"this bot has lost its turn to serve guild {self._guild}",
            value=why,
            next_step="Start it again: it waits for its turn",
        )
