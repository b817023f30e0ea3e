"""The waker: APScheduler asks every moment whether a round is due, until a signal comes."""

from __future__ import annotations

import asyncio
import logging
import signal
from collections.abc import Callable

from dao_bot.engine.round import Round, Told

_WAKE_SECONDS = 0.5
"""Much less than a block of any chain, because it is a look at the record alone."""


def keep_running(round_: Round, tell: Callable[[list[Told]], None], every: float = _WAKE_SECONDS) -> None:
    """Play rounds when they are due, never two at once, until SIGTERM or SIGINT.

    What is being done then is finished, and nothing more is begun: at most one strategy's time limit, or one answer of
    a node. A second signal ends the process at once, which loses nothing either.
    """
    asyncio.run(_serve(round_, tell, every))


async def _serve(round_: Round, tell: Callable[[list[Told]], None], every: float) -> None:
    from apscheduler.schedulers.asyncio import AsyncIOScheduler

    # A round that takes longer than the interval is no error.
    logging.getLogger("apscheduler").setLevel(logging.ERROR)
    loop = asyncio.get_running_loop()
    ended = asyncio.Event()

    def end() -> None:
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.remove_signal_handler(number)
            signal.signal(number, signal.SIG_DFL)
        tell([Told("dao-bot", "stopping after what is being done; once more stops at once")])
        round_.stop()
        ended.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, end)
    playing = asyncio.Lock()

    async def play() -> None:
        async with playing:
            if not round_.stopping and await asyncio.to_thread(round_.is_due):
                tell(await asyncio.to_thread(round_.play))

    scheduler = AsyncIOScheduler()
    scheduler.add_job(play, "interval", seconds=every, max_instances=1, coalesce=True, misfire_grace_time=None)
    scheduler.start()
    await play()
    await ended.wait()
    scheduler.shutdown(wait=False)
    async with playing:
        return
