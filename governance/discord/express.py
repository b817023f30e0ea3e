"""The express lane: a button is acknowledged as soon as its event arrives, before anything is made of it.

A burst of clicks leaves three seconds for all of them, and discord.py spends a millisecond of processor time on each
acknowledgement. Here it is a tenth of that: the few fields that matter are read from the raw event, and one request,
always the same but for id and token, is written to a connection that stays open. What else a click needs, it gets when
the burst is over.

Only the answer "204 No Content" counts. Whatever else happens, the click is left to discord.py, which acknowledges it
as if nothing had been tried and knows what to make of an error. So nothing is lost when this lane fails, and what it
did without hearing of it is refused by Discord as acknowledged already.
"""

from __future__ import annotations

import asyncio
import re
import ssl
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import cast
from urllib.parse import urlsplit

import discord

from governance.discord.press import pressed

GIVEN_UP = 2.8
"""Seconds after which an acknowledgement would come too late: Discord waits for three."""

_MOST_LINES = 192
"""One request at a time on each: at 100 ms for an answer they carry 5,000 within three seconds."""

_LONGEST_ANSWER, _LONGEST_HEAD = 1.5, 16_384
_BURST, _BURST_WITHIN = 50, 0.1
"""So many clicks within so many seconds are a burst: until it is over there is time for nothing else."""

_PATIENCE = 3.0
_LOOK_AGAIN, _AT_ONCE = 0.02, 16
_ID = re.compile(r"[0-9]{1,20}")
_TOKEN = re.compile(r"[A-Za-z0-9_.=\-]{1,1000}")
_DEFER = b'{"type":5,"data":{"flags":64}}'
"""Deferred, with an answer that the user alone will see: `interactions/receiving-and-responding`."""


@dataclass(frozen=True, slots=True)
class _Click:
    """One that is, or was, to be acknowledged."""

    id: int
    path: str
    heard: float
    then: Callable[[], None]


class Express:
    """Lives as long as the process; lines are opened when there is something to send.

    Args:
        guild: the only one whose clicks are taken.

    Attributes:
        too_late: clicks that waited for so long that Discord had given them up; nothing was made of them.
    """

    def __init__(self, guild: str) -> None:
        self._guild = guild
        self._waiting: deque[_Click] = deque()
        self._held: deque[_Click] = deque()
        self._acknowledged: set[int] = set()
        self._unclear: set[int] = set()
        self._recent: deque[float] = deque(maxlen=_BURST)
        self._lines: set[_Line] = set()
        self._idle: list[_Line] = []
        self._opening: set[asyncio.Task[None]] = set()
        self._keeping: asyncio.Task[None] | None = None
        self._hurried = False
        self.too_late = 0

    def take(self, event: object, then: Callable[[], None]) -> bool:
        """Acknowledge what INTERACTION_CREATE tells of, and call `then` later; False if it is not for this lane."""
        found = _click_in(event, self._guild)
        if found is None:
            return False
        number, token = found
        now = asyncio.get_running_loop().time()
        self._recent.append(now)
        click = _Click(number, f"/interactions/{number}/{token}/callback", now, then)
        if self._idle:
            self._idle.pop().send(click)
        else:
            self._waiting.append(click)
            self._open()
        if self._keeping is None or self._keeping.done():
            self._keeping = asyncio.create_task(self._keep())
        return True

    def acknowledged(self, interaction: int) -> bool:
        """Whether it was acknowledged here. To be asked once."""
        if interaction not in self._acknowledged:
            return False
        self._acknowledged.remove(interaction)
        return True

    def unclear(self, interaction: int) -> bool:
        """Whether an acknowledgement was sent and not heard of: the user may see that something is being done. To be
        asked once."""
        if interaction not in self._unclear:
            return False
        self._unclear.remove(interaction)
        return True

    @property
    def calm(self) -> bool:
        """Whether there is time for something else than acknowledging."""
        if self._waiting:
            return False
        burst = len(self._recent) == _BURST and self._recent[0] + _BURST_WITHIN > asyncio.get_running_loop().time()
        return self._hurried or not burst

    async def finish(self) -> None:
        """Hand on everything that was acknowledged, and hold nothing back any more."""
        self._hurried = True
        if self._keeping is not None:
            await self._keeping

    async def close(self) -> None:
        """Let go of all lines; what is on its way is left to discord.py."""
        for task in self._opening:
            task.cancel()
        await asyncio.gather(*self._opening, return_exceptions=True)
        self._leave_all()
        for line in tuple(self._lines):
            line.cut()
        await self.finish()

    def free(self, line: _Line) -> None:
        """A line that can take the next one."""
        self._lines.add(line)
        if self._waiting:
            line.send(self._waiting.popleft())
        else:
            self._idle.append(line)

    def lost(self, line: _Line) -> None:
        """A line that is no more."""
        self._lines.discard(line)
        if line in self._idle:
            self._idle.remove(line)
        if self._waiting:
            self._open()

    def settle(self, click: _Click, *, made: bool) -> None:
        """How the acknowledgement that was sent went."""
        if made:
            self._acknowledged.add(click.id)
            self._held.append(click)
        else:
            self._unclear.add(click.id)
            asyncio.get_running_loop().call_soon(click.then)

    def _open(self) -> None:
        if len(self._lines) + len(self._opening) < _MOST_LINES:
            task = asyncio.create_task(self._connect())
            self._opening.add(task)
            task.add_done_callback(self._opening.discard)

    async def _connect(self) -> None:
        place = urlsplit(discord.http.Route.BASE)
        secure = place.scheme == "https"
        try:
            async with asyncio.timeout(_LONGEST_ANSWER):
                await asyncio.get_running_loop().create_connection(
                    lambda: _Line(self, place.netloc, place.path),
                    place.hostname or "",
                    place.port or (443 if secure else 80),
                    ssl=_context() if secure else None,
                )
        except (OSError, TimeoutError):  # discord.py meets the same, and tells it
            if not self._lines:
                self._leave_all()

    def _leave_all(self) -> None:
        while self._waiting:
            asyncio.get_running_loop().call_soon(self._waiting.popleft().then)

    async def _keep(self) -> None:
        """While there is anything in the lane: cut silent lines, let go of what is late, hand on what is done."""
        while self._waiting or self._held or any(line.click for line in self._lines):
            now = asyncio.get_running_loop().time()
            for line in [line for line in self._lines if line.click and now - line.since > _LONGEST_ANSWER]:
                line.cut()
            while self._waiting and now - self._waiting[0].heard > GIVEN_UP:
                self._waiting.popleft()
                self.too_late += 1
            if self._held and (self.calm or now - self._held[0].heard > _PATIENCE):
                for _ in range(min(_AT_ONCE, len(self._held))):
                    asyncio.get_running_loop().call_soon(self._held.popleft().then)
                await asyncio.sleep(0)
            else:
                await asyncio.sleep(_LOOK_AGAIN)


class _Line(asyncio.Protocol):
    """One connection to the API: HTTP/1.1, one request at a time."""

    def __init__(self, express: Express, host: str, below: str) -> None:
        self._express = express
        self._below = below
        self._rest = (
            f" HTTP/1.1\r\nHost: {host}\r\nUser-Agent: DiscordBot (https://github.com/Rapptz/discord.py, "
            f"{discord.__version__})\r\nContent-Type: application/json\r\nContent-Length: {len(_DEFER)}\r\n\r\n"
        ).encode() + _DEFER
        self._transport: asyncio.Transport | None = None
        self._head = b""
        self.click: _Click | None = None
        self.since = 0.0

    def send(self, click: _Click) -> None:
        assert self._transport is not None and self.click is None
        self.click, self.since, self._head = click, asyncio.get_running_loop().time(), b""
        self._transport.write(f"POST {self._below}{click.path}".encode() + self._rest)

    def cut(self) -> None:
        assert self._transport is not None
        self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._express.free(self)

    def data_received(self, data: bytes) -> None:
        """The head of the answer; one without a body ends with it."""
        self._head += data
        if b"\r\n\r\n" not in self._head and len(self._head) <= _LONGEST_HEAD:
            return
        click, self.click = self.click, None
        made = click is not None and _no_content(self._head)
        if click is not None:
            self._express.settle(click, made=made)
        if made:
            self._express.free(self)
        else:
            self.cut()

    def connection_lost(self, exc: Exception | None) -> None:
        click, self.click = self.click, None
        if click is not None:
            self._express.settle(click, made=False)
        self._express.lost(self)


@cache
def _context() -> ssl.SSLContext:
    """Reading the certificates takes longer than a handshake."""
    return ssl.create_default_context()


def _click_in(event: object, guild: str) -> tuple[int, str] | None:
    """Id and token of a click on a button of ours that is answered later; None for all else, and for what is odd."""
    match event:
        case {
            "type": 3,
            "id": str(number),
            "token": str(token),
            "guild_id": str(place),
            "data": {"custom_id": str(custom_id)},
        }:
            press = pressed(custom_id)
            if press is None or press.opens_dialog or place != guild:
                return None
            return (int(number), token) if _ID.fullmatch(number) and _TOKEN.fullmatch(token) else None
    return None


def _no_content(head: bytes) -> bool:
    """Whether it is the one answer that has no body, and the line stays open after it."""
    return (
        head.startswith(b"HTTP/1.1 204 ")
        and head.find(b"\r\n\r\n") == len(head) - 4
        and b"\r\nconnection: close" not in head.lower()
    )
