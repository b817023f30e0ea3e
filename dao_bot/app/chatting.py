"""`dao-bot discord`: the front door in Discord, in a process of its own that holds no key."""

from __future__ import annotations

import asyncio
import gc
import logging
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from dao_bot.app.exits import DONE
from dao_bot.app.logs import saying
from dao_bot.app.wiring import Desk, make_assembly, open_desk
from dao_bot.domain.errors import BadInput

if TYPE_CHECKING:
    from governance.discord.house import House, Invite
    from governance.discord.turn import Turn
    from governance.wallets.person import Person


_SWITCH = 0.001
"""Seconds: threads that act must not keep the loop from acknowledging."""

_COLLECT = 700, 10, 1000
"""As usual, but for the last: everything is gone through only after millions of new objects. With thousands of clicks
in hand that takes half a second each time, and finds nothing."""


def chat(path: Path, as_json: bool = False) -> int:
    """Serve the configured guild until SIGTERM or SIGINT, once no other bot does.

    Raises:
        BadInput: no Discord is configured, or it refuses the token or the intents.
        Conflict: another bot has taken over.
    """
    with saying("discord", as_json=as_json) as say:
        with open_desk(path) as desk:
            house = make_house(desk)
            turn = make_turn(desk, house)
            with turn.taken(say):
                say(f"dao-bot serves guild {house.settings.guild} for {house.name}; it holds no key.")
                quiet_logs()
                put_acknowledgements_first()
                asyncio.run(_serve(house, house.settings.token.resolve(), turn, say))
        say("Stopped; whatever was acknowledged is recorded or was refused.")
    return DONE


def put_acknowledgements_first() -> None:
    """Let neither a thread nor the collector keep this process from what is due within seconds, from now on."""
    sys.setswitchinterval(_SWITCH)
    gc.freeze()
    gc.set_threshold(*_COLLECT)


def make_turn(desk: Desk, house: House) -> Turn:
    """The right to serve the guild of this house, of all bots that share its record."""
    from dao_bot.app.keeping import make_seat
    from governance.discord.turn import Turn

    return Turn(desk.store, house.settings.guild, make_seat(desk, "discord", wait=0.0), house.now)


def quiet_logs() -> None:
    """What discord.py says of voice, and of each attempt to reconnect, helps nobody here; its errors are told."""
    logging.getLogger("discord").setLevel(logging.CRITICAL)


def make_house(desk: Desk) -> House:
    """What Discord is shown of a treasury that is open for work.

    Raises:
        BadInput: no Discord is configured.
    """
    from governance.discord.house import House

    settings = desk.config.discord
    if settings is None:
        raise BadInput(
            "no Discord is configured",
            next_step="Add the section `discord` to the configuration; docs/governance/discord.md goes through it",
        )
    caps: dict[str, int] = {}
    for plugin in desk.config.rules:
        if plugin.name == "token_cap":
            caps |= getattr(plugin.settings, "tokens", {})
    return House(
        settings=settings,
        services=desk.services,
        store=desk.store,
        assembly=make_assembly(desk),
        name=desk.config.treasury.name,
        caps=caps,
        invite=_inviter(desk),
    )


def _inviter(desk: Desk) -> Invite | None:
    """Links to the wallet page, where there is one."""
    web = desk.config.web
    if web is None:
        return None
    from governance.web.errands import Errand
    from governance.web.invitations import address_of, invite

    def make(person: Person, name: str, errand: str, subject: str | None) -> str:
        now = desk.services.endpoints.pin().timestamp
        return address_of(web.origin, invite(desk.store, Errand(errand), person, now, name=name, subject=subject))

    return make


async def _serve(house: House, token: str, turn: Turn, say: Callable[[str], None]) -> None:
    from governance.discord.supervise import Supervisor

    supervisor = Supervisor(house, token, say)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, lambda: loop.create_task(supervisor.stop()))
    serving, keeping = asyncio.create_task(supervisor.run()), asyncio.create_task(turn.kept())
    await asyncio.wait((serving, keeping), return_when=asyncio.FIRST_COMPLETED)
    if keeping.done():
        await supervisor.stop()
    await serving
    if keeping.done():
        keeping.result()
