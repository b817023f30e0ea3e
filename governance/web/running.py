"""Serving the page: on an event loop of its own, until it is told to stop."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from aiohttp import web

from dao_bot.domain.errors import BadInput
from governance.assembly import Assembly
from governance.wallets.sign_in import Purpose
from governance.wallets.statement import Deed
from governance.web.desk import WebDesk
from governance.web.errand.delegating import Delegating
from governance.web.errand.freezing import Freezing, Unfreezing
from governance.web.errand.linking import Linking
from governance.web.errand.port import ErrandDesk
from governance.web.errand.question import Questions
from governance.web.errand.signing import Signing
from governance.web.errand.standing import Standing
from governance.web.errand.voting import Voting
from governance.web.errands import Errand
from governance.web.server import WalletPage

_IDLE = 30.0
"""Seconds after which a connection without a request is closed."""


def wallet_page(desk: WebDesk, assembly: Assembly, proxies: int) -> WalletPage:
    """The page with everything that people may come for."""
    questions = Questions(desk, assembly)
    errands: dict[Errand, ErrandDesk] = {
        Errand.LINK: Linking(desk, assembly, Purpose.LINK),
        Errand.UNLINK: Linking(desk, assembly, Purpose.UNLINK),
        Errand.VOTE: Voting(assembly, questions),
        Errand.APPROVE: Standing(assembly, questions, Deed.APPROVE),
        Errand.VETO: Standing(assembly, questions, Deed.VETO),
        Errand.DELEGATE: Delegating(assembly),
        Errand.FREEZE: Freezing(assembly),
        Errand.UNFREEZE: Unfreezing(assembly),
        Errand.SIGN: Signing(desk),
    }
    return WalletPage(desk, errands, proxies)


async def serve(page: WalletPage, host: str, port: int, stop: asyncio.Event, started: Callable[[int], None]) -> None:
    """Serve until `stop` is set; `started` is told the port.

    Raises:
        BadInput: the address cannot be listened on.
    """
    runner = web.AppRunner(page.application(), access_log=None, keepalive_timeout=_IDLE, shutdown_timeout=5.0)
    await runner.setup()
    try:
        try:
            await web.TCPSite(runner, host, port).start()
        except OSError as error:
            raise BadInput(
                f"the wallet page cannot listen: {error.strerror}",
                value=f"{host}:{port}",
                next_step="Choose another port under web.listen, or stop what uses this one",
            ) from error
        started(runner.addresses[0][1])
        await stop.wait()
    finally:
        await runner.cleanup()


@contextmanager
def serving_beside(page: WalletPage, host: str, port: int) -> Iterator[int]:
    """Serve from a thread of its own; yields the port.

    Raises:
        BadInput: the address cannot be listened on.
    """
    loop, stop, began = asyncio.new_event_loop(), asyncio.Event(), threading.Event()
    outcome: list[int | BaseException] = []

    def started(port: int) -> None:
        outcome.append(port)
        began.set()

    def run() -> None:
        try:
            loop.run_until_complete(serve(page, host, port, stop, started))
        except BaseException as error:  # noqa: BLE001 - handed over to the thread that waits
            outcome.append(error)
            began.set()
        finally:
            loop.close()

    thread = threading.Thread(target=run, name="wallet-page")
    thread.start()
    began.wait()
    (first, *_) = outcome
    if isinstance(first, BaseException):
        thread.join()
        raise first
    try:
        yield first
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join()
