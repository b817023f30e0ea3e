"""The whole of it: one guild, one application, one port."""

from __future__ import annotations

from typing import Self

from aiohttp import web

from dao_bot.devnet.discord.commands import Commands
from dao_bot.devnet.discord.faults import Faults
from dao_bot.devnet.discord.gateway import Gateway, Session
from dao_bot.devnet.discord.guild import Guild
from dao_bot.devnet.discord.identity import Clock, Snowflakes
from dao_bot.devnet.discord.interactions import Interactions
from dao_bot.devnet.discord.messages import Messages
from dao_bot.devnet.discord.model import Channel, ChannelType, Json, User
from dao_bot.devnet.discord.people import Person
from dao_bot.devnet.discord.permissions import Permission
from dao_bot.devnet.discord.rate_limits import RateLimits
from dao_bot.devnet.discord.rest import PREFIX, no_route
from dao_bot.devnet.discord.routes import routes
from dao_bot.devnet.discord.threads import Threads

TOKEN = "local-discord-token"
_MOST_BODY = 32 * 1024 * 1024


class LocalDiscord:
    """Runs inside an event loop: `async with LocalDiscord() as discord`.

    Attributes:
        requests: every request as (method, route), in the order of their arrival.
        invalid_requests: when the client earned a 401, 403 or 429; 10,000 within ten minutes ban an address.
    """

    def __init__(self, token: str = TOKEN, port: int = 0) -> None:
        self.token = token
        self.clock = Clock()
        ids = Snowflakes(self.clock)
        self.gateway = Gateway(self.clock, ids, token, self._hello)
        self.guild = Guild(self.clock, ids, self._emit)
        self.gateway.bot_id = self.guild.bot.id
        self.gateway.members = self._members
        self.gateway.may_see = self._may_see
        self.messages = Messages(self.clock, ids, self.guild, self._emit)
        self.threads = Threads(ids, self.guild, self.messages)
        self.commands = Commands(ids, self.guild.bot.id)
        self.interactions = Interactions(self.clock, ids, self.guild, self.messages, self._emit)
        self.rate_limits = RateLimits(self.clock)
        self.faults = Faults()
        self.requests: list[tuple[str, str]] = []
        self.invalid_requests: list[float] = []
        self._ids, self._port = ids, port
        self._direct: dict[str, Channel] = {}
        self._runner: web.AppRunner | None = None

    async def __aenter__(self) -> Self:
        app = web.Application(client_max_size=_MOST_BODY)
        app.router.add_get("/gateway", self.gateway.serve)
        app.router.add_get("/gateway/", self.gateway.serve)
        app.router.add_get("/attachments/{channel}/{attachment}/{name}", self._attachment)
        app.add_routes(routes(self))
        app.router.add_route("*", PREFIX + "/{rest:.*}", no_route)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self._port)
        await site.start()
        self._port = self._runner.addresses[0][1]
        self.messages.base_url = self.url
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._runner is not None
        self.gateway.drop()
        await self._runner.cleanup()

    @property
    def url(self) -> str:
        """Where it listens; the API is below `/api/v10`, the gateway is `/gateway`."""
        return f"http://127.0.0.1:{self._port}"

    def person(self, name: str, *roles: str) -> Person:
        """A new member with these roles, by id."""
        member = self.guild.join(name)
        for role in roles:
            self.guild.give(member.user.id, role)
        return Person(self, member.user)

    def allow_bot(self, permissions: Permission) -> None:
        """What the bot's own role grants."""
        self.guild.change_role(self.guild.bot_role.id, permissions)

    def direct_channel(self, user: User) -> Channel:
        if user.id not in self._direct:
            made = Channel(self._ids.next(), ChannelType.DM, "", None, recipient=user)
            self._direct[user.id] = self.guild.channels[made.id] = made
        return self._direct[user.id]

    def _emit(self, event: str, data: Json) -> None:
        self.gateway.emit(event, data)

    def _hello(self, session: Session) -> None:
        """`events/gateway-events#ready`, then the guild."""
        session.dispatch(
            "READY",
            {
                "v": 10,
                "user": self.guild.bot.payload(),
                "guilds": [{"id": self.guild.id, "unavailable": True}],
                "session_id": session.id,
                "resume_gateway_url": self.url.replace("http", "ws", 1) + "/gateway",
                "application": {"id": self.guild.bot.id, "flags": 0},
            },
        )
        session.dispatch("GUILD_CREATE", self.guild.payload(with_members=False))

    def _members(self, session: Session, request: Json) -> list[Json]:
        wanted = request.get("user_ids")
        listed = [one for one in self.guild.members.values() if wanted is None or one.user.id in wanted]
        everybody = wanted is None and not request.get("query")
        if everybody and not session.intents & (1 << 1):
            return []
        return [member.payload() for member in listed]

    def _may_see(self, event: str) -> bool:
        """The audit log is told to those who may read it."""
        if not event.startswith("GUILD_AUDIT_LOG"):
            return True
        return bool(self.guild.may(self.guild.bot.id) & Permission.VIEW_AUDIT_LOG)

    async def _attachment(self, request: web.Request) -> web.Response:
        for message in self.messages.by_id.values():
            for one in message.attachments:
                if one.id == request.match_info["attachment"]:
                    return web.Response(body=one.data, content_type=one.content_type)
        return web.Response(status=404, text="This content is no longer available.")
