"""The gateway: sessions, their events, and the sockets that come and go: `events/gateway`."""

from __future__ import annotations

import asyncio
import enum
import zlib
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

import orjson
from aiohttp import WSMsgType, web

from dao_bot.devnet.discord.identity import Clock, Snowflakes
from dao_bot.devnet.discord.model import Json

MOST_PAYLOAD = 4096
MOST_EVENTS, EVENTS_WINDOW = 120, 60.0
MOST_MEMBERS_IN_CHUNK = 1000
HEARTBEAT_MS = 41_250
PRIVILEGED = (1 << 1) | (1 << 8) | (1 << 15)
MESSAGE_CONTENT = 1 << 15
_GUILDS, _MEMBERS, _MODERATION, _WEBHOOKS, _MESSAGES, _DIRECT = 1, 1 << 1, 1 << 2, 1 << 5, 1 << 9, 1 << 12
_INTENTS = {
    "GUILD_MEMBER": _MEMBERS,
    "GUILD_AUDIT_LOG": _MODERATION,
    "GUILD_ROLE": _GUILDS,
    "GUILD_CREATE": _GUILDS,
    "CHANNEL": _GUILDS,
    "THREAD": _GUILDS,
    "WEBHOOKS": _WEBHOOKS,
    "MESSAGE": _MESSAGES,
}


class Op(enum.IntEnum):
    """`topics/opcodes-and-status-codes#gateway-gateway-opcodes`."""

    DISPATCH = 0
    HEARTBEAT = 1
    IDENTIFY = 2
    PRESENCE = 3
    RESUME = 6
    RECONNECT = 7
    REQUEST_MEMBERS = 8
    INVALID_SESSION = 9
    HELLO = 10
    HEARTBEAT_ACK = 11


class CloseCode(enum.IntEnum):
    """`topics/opcodes-and-status-codes#gateway-gateway-close-event-codes`."""

    DECODE_ERROR = 4002
    NOT_AUTHENTICATED = 4003
    AUTHENTICATION_FAILED = 4004
    ALREADY_AUTHENTICATED = 4005
    RATE_LIMITED = 4008
    DISALLOWED_INTENTS = 4014


class Socket:
    """One connection; its frames leave in order, compressed as one stream if the client asked for that."""

    def __init__(self, web_socket: web.WebSocketResponse, request: web.Request, *, compressed: bool) -> None:
        self.web_socket, self._request = web_socket, request
        self._deflate = zlib.compressobj(zlib.Z_BEST_SPEED) if compressed else None
        self._queue: asyncio.Queue[bytes] = asyncio.Queue()
        self._writer = asyncio.create_task(self._write())

    def send(self, frame: bytes) -> None:
        self._queue.put_nowait(frame)

    def send_op(self, op: Op, data: object = None) -> None:
        self.send(orjson.dumps({"op": op, "d": data, "s": None, "t": None}))

    async def close(self, code: int) -> None:
        await self._queue.join()
        await self.web_socket.close(code=code)

    def abort(self) -> None:
        """Cut the connection without a word, as a network does."""
        self._writer.cancel()
        if self._request.transport is not None:
            self._request.transport.abort()

    async def _write(self) -> None:
        while True:
            frame = await self._queue.get()
            try:
                if self._deflate is None:
                    await self.web_socket.send_str(frame.decode())
                else:
                    packed = self._deflate.compress(frame) + self._deflate.flush(zlib.Z_SYNC_FLUSH)
                    await self.web_socket.send_bytes(packed)
            except ConnectionError:
                return
            finally:
                self._queue.task_done()

    async def stop(self) -> None:
        self._writer.cancel()
        await asyncio.gather(self._writer, return_exceptions=True)


@dataclass(slots=True)
class Session:
    """What a client identified as; it outlives its socket, so that RESUME can replay what was missed."""

    id: str
    intents: int
    sequence: int = 0
    sent: deque[tuple[int, bytes]] = field(default_factory=lambda: deque(maxlen=20_000))
    socket: Socket | None = None
    resumes: int = 0

    def dispatch(self, event: str, data: Json) -> None:
        self.sequence += 1
        frame = orjson.dumps({"op": Op.DISPATCH, "t": event, "s": self.sequence, "d": data})
        self.sent.append((self.sequence, frame))
        if self.socket is not None:
            self.socket.send(frame)


class Gateway:
    """All sessions of the one application.

    Attributes:
        identify_interval: seconds between two IDENTIFYs, `events/gateway#rate-limiting` (max_concurrency 1).
        refuse_handshakes: how many of the next connections are answered 503.
        ignored_heartbeats: whether heartbeats stay unanswered, so that the client must take the socket for dead.
    """

    def __init__(self, clock: Clock, ids: Snowflakes, token: str, hello: Callable[[Session], None]) -> None:
        self._clock, self._ids, self._token, self._hello = clock, ids, token, hello
        self.sessions: dict[str, Session] = {}
        self.sockets: set[Socket] = set()
        self.members: Callable[[Session, Json], list[Json]] = lambda _session, _request: []
        self.privileged_intents = PRIVILEGED
        self.may_see: Callable[[str], bool] = lambda _event: True
        self.bot_id = ""
        self.identify_interval = 5.0
        self.identifies = 0
        self._last_identify = -1e9
        self.refuse_handshakes = 0
        self.ignored_heartbeats = False

    def emit(self, event: str, data: Json) -> None:
        """To every session whose intents ask for it (`events/gateway#list-of-intents`)."""
        if not self.may_see(event):
            return
        needed = next((bit for prefix, bit in _INTENTS.items() if event.startswith(prefix)), 0)
        if needed == _MESSAGES and "guild_id" not in data:
            needed = _DIRECT
        for session in self.sessions.values():
            if needed & ~session.intents:
                continue
            session.dispatch(event, self._content_for(session, event, data))

    def _content_for(self, session: Session, event: str, data: Json) -> Json:
        """`events/gateway#message-content-intent`: what others wrote is blank without it."""
        if not event.startswith("MESSAGE") or session.intents & MESSAGE_CONTENT or "author" not in data:
            return data
        if data["author"]["id"] == self.bot_id or "guild_id" not in data:
            return data
        return {**data, "content": "", "embeds": [], "attachments": [], "components": []}

    def drop(self) -> None:
        """Every connection ends without a word; the sessions can be resumed."""
        for socket in tuple(self.sockets):
            socket.abort()
        for session in self.sessions.values():
            session.socket = None

    def ask_to_reconnect(self) -> None:
        """`events/gateway-events#reconnect`."""
        for socket in self.sockets:
            socket.send_op(Op.RECONNECT)

    def invalidate(self, *, resumable: bool) -> None:
        """`events/gateway-events#invalid-session`; what is not resumable is forgotten."""
        for session in tuple(self.sessions.values()):
            if session.socket is not None:
                session.socket.send_op(Op.INVALID_SESSION, resumable)
            if not resumable:
                del self.sessions[session.id]

    @property
    def connected(self) -> bool:
        return any(session.socket is not None for session in self.sessions.values())

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """One connection from handshake to its end."""
        if self.refuse_handshakes > 0:
            self.refuse_handshakes -= 1
            return web.Response(status=503, text="upstream connect error")
        if request.query.get("v") != "10" or request.query.get("encoding") != "json":
            return web.Response(status=400, text="only ?v=10&encoding=json")
        web_socket = web.WebSocketResponse(max_msg_size=MOST_PAYLOAD * 4)
        await web_socket.prepare(request)
        socket = Socket(web_socket, request, compressed=request.query.get("compress") == "zlib-stream")
        self.sockets.add(socket)
        socket.send_op(Op.HELLO, {"heartbeat_interval": HEARTBEAT_MS})
        connection = _Connection(self, socket)
        try:
            async for message in web_socket:
                if message.type not in (WSMsgType.TEXT, WSMsgType.BINARY):
                    continue
                data = message.data.encode() if isinstance(message.data, str) else message.data
                if not await connection.receive(data):
                    break
        finally:
            self.sockets.discard(socket)
            if connection.session is not None and connection.session.socket is socket:
                connection.session.socket = None
                if web_socket.close_code in (1000, 1001):
                    # `events/gateway#initiating-a-disconnect`: such an end is the session's end.
                    self.sessions.pop(connection.session.id, None)
            await socket.stop()
        return web_socket

    def identify(self, socket: Socket, data: Json) -> Session | CloseCode | None:
        """A new session; None when it came too soon after the one before."""
        if data.get("token") != self._token:
            return CloseCode.AUTHENTICATION_FAILED
        if data.get("intents", 0) & PRIVILEGED & ~self.privileged_intents:
            return CloseCode.DISALLOWED_INTENTS
        if 0.0 <= self._clock.now() - self._last_identify < self.identify_interval:
            return None
        self._last_identify = self._clock.now()
        self.identifies += 1
        session = Session(self._ids.next(), int(data.get("intents", 0)), socket=socket)
        self.sessions[session.id] = session
        self._hello(session)
        return session

    def resume(self, socket: Socket, data: Json) -> Session | CloseCode | None:
        """The session with all that it missed; None when there is nothing to resume."""
        if data.get("token") != self._token:
            return CloseCode.AUTHENTICATION_FAILED
        session = self.sessions.get(str(data.get("session_id")))
        seen = data.get("seq")
        if session is None or not isinstance(seen, int) or seen > session.sequence:
            return None
        session.socket, session.resumes = socket, session.resumes + 1
        for sequence, frame in session.sent:
            if sequence > seen:
                socket.send(frame)
        session.dispatch("RESUMED", {})
        return session


class _Connection:
    """The protocol of one socket: what may come when."""

    def __init__(self, gateway: Gateway, socket: Socket) -> None:
        self._gateway, self._socket = gateway, socket
        self._received: deque[float] = deque(maxlen=MOST_EVENTS + 1)
        self.session: Session | None = None

    async def receive(self, raw: bytes) -> bool:
        """False when the connection is over."""
        now = asyncio.get_running_loop().time()
        self._received.append(now)
        if len(self._received) > MOST_EVENTS and now - self._received[0] < EVENTS_WINDOW:
            return await self._end(CloseCode.RATE_LIMITED)
        try:
            payload = orjson.loads(raw)
            op = Op(payload["op"])
        except (ValueError, KeyError, TypeError):
            return await self._end(CloseCode.DECODE_ERROR)
        if len(raw) > MOST_PAYLOAD:
            return await self._end(CloseCode.DECODE_ERROR)
        if op is Op.HEARTBEAT:
            if not self._gateway.ignored_heartbeats:
                self._socket.send_op(Op.HEARTBEAT_ACK)
            return True
        if op in (Op.IDENTIFY, Op.RESUME):
            return await self._begin(op, payload["d"])
        if self.session is None:
            return await self._end(CloseCode.NOT_AUTHENTICATED)
        if op is Op.REQUEST_MEMBERS:
            self._send_members(payload["d"])
        return True

    async def _begin(self, op: Op, data: Json) -> bool:
        if self.session is not None:
            return await self._end(CloseCode.ALREADY_AUTHENTICATED)
        begun = (self._gateway.identify if op is Op.IDENTIFY else self._gateway.resume)(self._socket, data)
        if isinstance(begun, CloseCode):
            return await self._end(begun)
        if begun is None:
            self._socket.send_op(Op.INVALID_SESSION, False)
        self.session = begun
        return True

    def _send_members(self, request: Json) -> None:
        """`events/gateway-events#request-guild-members`: all of them only with the members intent."""
        assert self.session is not None
        found = self._gateway.members(self.session, request)
        pages = [found[start : start + MOST_MEMBERS_IN_CHUNK] for start in range(0, len(found), MOST_MEMBERS_IN_CHUNK)]
        for index, page in enumerate(pages or [[]]):
            chunk: Json = {"guild_id": request["guild_id"], "members": page, "chunk_index": index}
            chunk |= {"chunk_count": max(len(pages), 1), "nonce": request.get("nonce")}
            self.session.dispatch("GUILD_MEMBERS_CHUNK", chunk)

    async def _end(self, code: CloseCode) -> bool:
        await self._socket.close(code)
        return False
