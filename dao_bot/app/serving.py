"""`dao-bot web` and `dao-bot invite`: the wallet page, and links to it."""

from __future__ import annotations

import asyncio
import logging
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from dao_bot.app.exits import DONE
from dao_bot.app.logs import saying
from dao_bot.app.output import print_json, print_text
from dao_bot.app.wiring import Desk, make_assembly, open_desk
from dao_bot.config.web_settings import WebSettings
from dao_bot.domain.errors import BadInput

if TYPE_CHECKING:
    from governance.web.server import WalletPage

_HERE = "command-line"
"""The guild of those who are invited from here."""


def web(path: Path, as_json: bool = False) -> int:
    """Serve the wallet page until SIGTERM or SIGINT."""
    from governance.web.running import serve

    with saying("wallet page", as_json=as_json) as say:
        with open_desk(path) as desk:
            settings = _settings(desk)
            if not as_json:
                logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", stream=sys.stderr)
            listen, page = settings.listen, make_page(desk, settings)

            def started(_: int) -> None:
                say(f"The wallet page of {desk.config.treasury.name} is at {settings.origin}, served from {listen}.")

            async def run() -> None:
                stop, loop = asyncio.Event(), asyncio.get_running_loop()
                for number in (signal.SIGTERM, signal.SIGINT):
                    loop.add_signal_handler(number, stop.set)
                await serve(page, listen.host, listen.port, stop, started)

            asyncio.run(run())
        say("Stopped.")
    return DONE


@contextmanager
def page_beside(desk: Desk, say: Callable[[str], None]) -> Iterator[None]:
    """The page in this process, where the configuration wants it so; says where it is."""
    settings = desk.config.web
    if settings is None or settings.own_process:
        yield
        return
    from governance.web.running import serving_beside

    with serving_beside(make_page(desk, settings), settings.listen.host, settings.listen.port):
        say(f"is at {settings.origin}, served from {settings.listen}.")
        yield


def make_page(desk: Desk, settings: WebSettings) -> WalletPage:
    """The page of a treasury that is open for work."""
    from governance.web.desk import WebDesk
    from governance.web.running import wallet_page

    treasury = desk.config.treasury
    web_desk = WebDesk(desk.services, desk.store, settings.origin, treasury.name, treasury.chain.name)
    return wallet_page(web_desk, make_assembly(desk), settings.proxies)


def invite(path: Path, errand_name: str, subject_id: str | None, user: str, as_facts: bool) -> int:
    """Record a link to the page, and print it; whoever has it can use it, once."""
    from governance.wallets.person import Person
    from governance.web.errands import Errand
    from governance.web.invitations import LIFETIME, address_of
    from governance.web.invitations import invite as give

    if errand_name not in set(Errand):
        raise BadInput("the wallet page is not for that", value=errand_name, limit=", ".join(Errand))
    errand = Errand(errand_name)
    with open_desk(path) as desk:
        origin = _settings(desk).origin
        subject = None if subject_id is None else make_assembly(desk).question(subject_id).subject.id
        now = desk.services.endpoints.pin().timestamp
        url = address_of(origin, give(desk.store, errand, Person(_HERE, user), now, name=user, subject=subject))
    if as_facts:
        print_json({"url": url, "errand": errand, "user": user, "subject": subject, "expires": now + LIFETIME})
    else:
        print_text(f"{url}\nFor {user} alone: it works once, within {LIFETIME // 60} minutes.")
    return DONE


def _settings(desk: Desk) -> WebSettings:
    if desk.config.web is None:
        raise BadInput(
            "no wallet page is configured",
            next_step="Add a section `web` with its `origin` to the configuration; see docs/governance/wallet-page.md",
        )
    return desk.config.web
