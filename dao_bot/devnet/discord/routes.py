"""Which path does what. Those that a governance bot has no need of are not there, and answer 404."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aiohttp import web

from dao_bot.devnet.discord.bodies import read_body
from dao_bot.devnet.discord.errors import unknown
from dao_bot.devnet.discord.model import Channel, ChannelType
from dao_bot.devnet.discord.permissions import Permission
from dao_bot.devnet.discord.rest import route

if TYPE_CHECKING:
    from dao_bot.devnet.discord.server import LocalDiscord


def routes(local: LocalDiscord) -> list[web.RouteDef]:
    """All of them."""
    on = _Routes(local)
    table = [
        ("GET", "/users/@me", on.me),
        ("GET", "/oauth2/applications/@me", on.application),
        ("PUT", "/applications/{application}/commands", on.put_commands),
        ("PUT", "/applications/{application}/guilds/{guild}/commands", on.put_commands),
        ("GET", "/channels/{channel}", on.get_channel),
        ("PATCH", "/channels/{channel}", on.patch_channel),
        ("GET", "/channels/{channel}/messages", on.list_messages),
        ("POST", "/channels/{channel}/messages", on.post_message),
        ("GET", "/channels/{channel}/messages/{message}", on.get_message),
        ("PATCH", "/channels/{channel}/messages/{message}", on.patch_message),
        ("DELETE", "/channels/{channel}/messages/{message}", on.delete_message),
        ("POST", "/channels/{channel}/messages/{message}/threads", on.thread_of_message),
        ("POST", "/channels/{channel}/threads", on.post_thread),
        ("GET", "/channels/{channel}/threads/archived/public", on.archived_threads),
        ("GET", "/channels/{channel}/webhooks", on.channel_webhooks),
        ("GET", "/guilds/{guild}", on.get_guild),
        ("GET", "/guilds/{guild}/roles", on.get_roles),
        ("GET", "/guilds/{guild}/threads/active", on.active_threads),
        ("GET", "/guilds/{guild}/webhooks", on.guild_webhooks),
        ("GET", "/guilds/{guild}/members/{user}", on.get_member),
        ("GET", "/guilds/{guild}/audit-logs", on.audit_log),
        ("POST", "/users/@me/channels", on.open_direct),
        ("POST", "/interactions/{interaction}/{token}/callback", on.callback),
        ("POST", "/webhooks/{application}/{token}", on.follow_up),
        ("GET", "/webhooks/{application}/{token}/messages/{message}", on.get_answer),
        ("PATCH", "/webhooks/{application}/{token}/messages/{message}", on.patch_answer),
    ]
    return [route(local, method, path, handler) for method, path, handler in table]


class _Routes:
    """One method for each path."""

    def __init__(self, local: LocalDiscord) -> None:
        self._local = local
        self._guild, self._messages = local.guild, local.messages

    async def me(self, request: web.Request) -> Any:
        return self._guild.bot.payload()

    async def application(self, request: web.Request) -> Any:
        """`resources/application#application-object`; the flags say which privileged intents are on."""
        return {
            "id": self._guild.bot.id,
            "name": self._guild.bot.name,
            "icon": None,
            "description": "",
            "bot_public": False,
            "bot_require_code_grant": False,
            "verify_key": "0" * 64,
            "summary": "",
            "flags": (1 << 15) | (1 << 19),
            "owner": self._guild.owner.payload(),
            "team": None,
        }

    async def put_commands(self, request: web.Request) -> Any:
        body, _ = await read_body(request)
        self._own_application(request)
        guild = request.match_info.get("guild")
        if guild is not None:
            self._own_guild(request)
        return self._local.commands.replace(body, guild)

    async def get_channel(self, request: web.Request) -> Any:
        return self._channel(request).payload()

    async def patch_channel(self, request: web.Request) -> Any:
        body, _ = await read_body(request)
        return self._local.threads.change(request.match_info["channel"], body).payload()

    async def list_messages(self, request: web.Request) -> Any:
        channel = self._channel(request)
        self._guild.require(Permission.READ_MESSAGE_HISTORY, channel)
        found = self._messages.in_channel(channel.id)
        if after := request.query.get("after"):
            found = [one for one in found if int(one.id) > int(after)]
            found = found[: int(request.query.get("limit", 50))]
        return [one.payload() for one in reversed(found[-int(request.query.get("limit", 50)) :])]

    async def post_message(self, request: web.Request) -> Any:
        body, uploads = await read_body(request)
        channel = self._channel(request)
        return self._messages.post_once(channel.id, body, uploads).payload()

    async def get_message(self, request: web.Request) -> Any:
        self._guild.require(Permission.READ_MESSAGE_HISTORY, self._channel(request))
        return self._messages.get(request.match_info["channel"], request.match_info["message"]).payload()

    async def patch_message(self, request: web.Request) -> Any:
        body, uploads = await read_body(request)
        place = request.match_info
        return self._messages.edit_own(place["channel"], place["message"], body, uploads).payload()

    async def delete_message(self, request: web.Request) -> Any:
        self._messages.delete(request.match_info["channel"], request.match_info["message"])

    async def thread_of_message(self, request: web.Request) -> Any:
        body, _ = await read_body(request)
        place = request.match_info
        return self._local.threads.from_message(place["channel"], place["message"], body).payload()

    async def post_thread(self, request: web.Request) -> Any:
        body, uploads = await read_body(request)
        channel = self._channel(request)
        if channel.kind is ChannelType.FORUM:
            thread, message = self._local.threads.post_in_forum(channel.id, body, uploads)
            return {**thread.payload(), "message": message.payload()}
        return self._local.threads.alone(channel.id, body).payload()

    async def active_threads(self, request: web.Request) -> Any:
        self._own_guild(request)
        return self._listed(self._local.threads.listed(archived=False), more=False)

    async def archived_threads(self, request: web.Request) -> Any:
        channel = self._channel(request)
        self._guild.require(Permission.READ_MESSAGE_HISTORY, channel)
        return self._listed(self._local.threads.listed(channel.id, archived=True), more=True)

    def _listed(self, threads: list[Channel], *, more: bool) -> dict[str, Any]:
        """`resources/guild#list-active-guild-threads`; `resources/channel#list-public-archived-threads`."""
        made: dict[str, Any] = {"threads": [one.payload() for one in threads], "members": []}
        return made | {"has_more": False} if more else made

    async def channel_webhooks(self, request: web.Request) -> Any:
        channel = self._channel(request)
        self._guild.require(Permission.MANAGE_WEBHOOKS, channel)
        return self._guild.webhooks.get(channel.id, [])

    async def guild_webhooks(self, request: web.Request) -> Any:
        self._own_guild(request)
        self._guild.require(Permission.MANAGE_WEBHOOKS)
        return [hook for hooks in self._guild.webhooks.values() for hook in hooks]

    async def get_guild(self, request: web.Request) -> Any:
        self._own_guild(request)
        return self._guild.payload(with_members=False)

    async def get_roles(self, request: web.Request) -> Any:
        self._own_guild(request)
        return [role.payload() for role in self._guild.roles.values()]

    async def get_member(self, request: web.Request) -> Any:
        self._own_guild(request)
        return self._guild.member(request.match_info["user"]).payload()

    async def audit_log(self, request: web.Request) -> Any:
        self._own_guild(request)
        self._guild.require(Permission.VIEW_AUDIT_LOG)
        entries = self._guild.audit_log[-int(request.query.get("limit", 50)) :]
        return {"audit_log_entries": entries[::-1], "users": [], "integrations": [], "webhooks": [], "threads": []}

    async def open_direct(self, request: web.Request) -> Any:
        """`resources/user#create-dm`."""
        body, _ = await read_body(request)
        user = self._guild.users.get(str(body.get("recipient_id")))
        if user is None:
            raise unknown("User")
        return self._local.direct_channel(user).payload()

    async def callback(self, request: web.Request) -> Any:
        body, uploads = await read_body(request)
        place = request.match_info
        interactions = self._local.interactions
        made = interactions.respond(place["interaction"], place["token"], body, uploads)
        return interactions.response(made) if request.query.get("with_response") in ("1", "true") else None

    async def follow_up(self, request: web.Request) -> Any:
        body, uploads = await read_body(request)
        self._own_application(request)
        return self._local.interactions.follow_up(request.match_info["token"], body, uploads).payload()

    async def get_answer(self, request: web.Request) -> Any:
        self._own_application(request)
        return self._local.interactions.find(request.match_info["token"], request.match_info["message"]).payload()

    async def patch_answer(self, request: web.Request) -> Any:
        body, uploads = await read_body(request)
        self._own_application(request)
        place = request.match_info
        return self._local.interactions.edit(place["token"], place["message"], body, uploads).payload()

    def _channel(self, request: web.Request) -> Channel:
        return self._guild.channel(request.match_info["channel"])

    def _own_guild(self, request: web.Request) -> None:
        if request.match_info["guild"] != self._guild.id:
            raise unknown("Guild")

    def _own_application(self, request: web.Request) -> None:
        if request.match_info["application"] != self._guild.bot.id:
            raise unknown("Webhook")
