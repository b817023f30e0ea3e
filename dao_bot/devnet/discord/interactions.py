"""Interactions: three seconds to acknowledge once, fifteen minutes to follow up.

`interactions/receiving-and-responding`.
"""

from __future__ import annotations

import asyncio
import enum
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from dao_bot.devnet.discord.errors import ApiError, already_acknowledged, invalid_form, unknown
from dao_bot.devnet.discord.guild import Emit, Guild
from dao_bot.devnet.discord.identity import Clock, Snowflakes
from dao_bot.devnet.discord.message_limits import check_modal
from dao_bot.devnet.discord.messages import Messages, Upload
from dao_bot.devnet.discord.model import EPHEMERAL, LOADING, Channel, Json, Message
from dao_bot.devnet.discord.permissions import ALL

ACKNOWLEDGE_WITHIN = 3.0
TOKEN_LIVES = 15 * 60.0

T = TypeVar("T")


class Kind(enum.IntEnum):
    """`#interaction-object-interaction-type`."""

    COMMAND = 2
    COMPONENT = 3
    AUTOCOMPLETE = 4
    MODAL = 5


class Callback(enum.IntEnum):
    """`#interaction-response-object-interaction-callback-type`."""

    MESSAGE = 4
    DEFERRED_MESSAGE = 5
    DEFERRED_UPDATE = 6
    UPDATE = 7
    AUTOCOMPLETE = 8
    MODAL = 9


_ALLOWED = {
    Kind.COMMAND: {Callback.MESSAGE, Callback.DEFERRED_MESSAGE, Callback.MODAL},
    Kind.COMPONENT: {*Callback} - {Callback.AUTOCOMPLETE},
    Kind.AUTOCOMPLETE: {Callback.AUTOCOMPLETE},
    Kind.MODAL: {*Callback} - {Callback.AUTOCOMPLETE, Callback.MODAL},
}


class NotAnswered(Exception):
    """What the user waited for did not come: "The application did not respond"."""


@dataclass(slots=True)
class UserInteraction:
    """What one user did, and what came back.

    Attributes:
        seconds: from the user's act to the acknowledgement.
        original: the answer itself, or the message that was clicked, once it is known which.
    """

    id: str
    token: str
    kind: Kind
    user_id: str
    channel: Channel
    message: Message | None
    made_at: float
    acknowledged: Callback | None = None
    seconds: float | None = None
    original: Message | None = None
    followups: list[Message] = field(default_factory=list)
    modal: Json | None = None
    choices: list[Json] | None = None
    _changed: asyncio.Event = field(default_factory=asyncio.Event)

    def changed(self) -> None:
        self._changed.set()

    async def until_acknowledged(self, within: float = 30.0) -> Callback:
        """Raises: NotAnswered."""
        return await self._wait(lambda: self.acknowledged, within)

    async def answer(self, within: float = 30.0) -> Message:
        """The first message with something in it.

        Raises:
            NotAnswered: none came in time.
        """
        return await self._wait(self._answer, within)

    async def dialog(self, within: float = 30.0) -> Json:
        """The modal that opened. Raises: NotAnswered."""
        return await self._wait(lambda: self.modal, within)

    async def suggestions(self, within: float = 30.0) -> list[Json]:
        """The choices of an autocompletion. Raises: NotAnswered."""
        return await self._wait(lambda: self.choices, within)

    def _answer(self) -> Message | None:
        if self.original is not None and self.original is not self.message and not self.original.loading:
            return self.original
        if self.acknowledged is Callback.UPDATE:
            return self.original
        return self.followups[0] if self.followups else None

    async def _wait(self, found: Callable[[], T | None], within: float) -> T:
        try:
            async with asyncio.timeout(within):
                while (result := found()) is None:
                    self._changed.clear()
                    await self._changed.wait()
                return result
        except TimeoutError:
            raise NotAnswered(f"{self.kind.name} {self.id}: acknowledged {self.acknowledged}") from None


class Interactions:
    """All of them, by id and by token."""

    def __init__(self, clock: Clock, ids: Snowflakes, guild: Guild, messages: Messages, emit: Emit) -> None:
        self._clock, self._ids, self._guild, self._messages, self._emit = clock, ids, guild, messages, emit
        self.by_id: dict[str, UserInteraction] = {}
        self.by_token: dict[str, UserInteraction] = {}

    def begin(
        self, kind: Kind, user_id: str, channel: Channel, data: Json, message: Message | None = None
    ) -> UserInteraction:
        """What a user did is told to the application."""
        made_id = self._ids.next()
        made = UserInteraction(
            made_id, f"itok.{made_id}.{self._ids.next()}", kind, user_id, channel, message, self._clock.now()
        )
        self.by_id[made.id] = self.by_token[made.token] = made
        self._emit("INTERACTION_CREATE", self.event(made, data))
        return made

    def event(self, made: UserInteraction, data: Json) -> Json:
        """`#interaction-object`."""
        bot = self._guild.bot.id
        member = self._guild.members[made.user_id]
        event: Json = {
            "id": made.id,
            "application_id": bot,
            "type": int(made.kind),
            "token": made.token,
            "version": 1,
            "data": data,
            "guild_id": self._guild.id,
            "guild": {"id": self._guild.id, "features": [], "locale": "en-US"},
            "channel_id": made.channel.id,
            "channel": made.channel.payload(),
            "member": {
                **member.payload(),
                "permissions": str(int(self._guild.may(made.user_id, made.channel) & ALL)),
            },
            "app_permissions": str(int(self._guild.may(bot, made.channel))),
            "locale": "en-US",
            "guild_locale": "en-US",
            "entitlements": [],
            "authorizing_integration_owners": {"0": self._guild.id},
            "context": 0,
            "attachment_size_limit": 10 * 1024 * 1024,
        }
        if made.message is not None:
            event["message"] = made.message.payload()
        return event

    def respond(self, interaction_id: str, token: str, body: Json, uploads: Sequence[Upload]) -> UserInteraction:
        """`POST /interactions/{id}/{token}/callback`."""
        made = self.by_id.get(interaction_id)
        waited = self._clock.now() - made.made_at if made else 0.0
        if made is None or made.token != token or (waited > ACKNOWLEDGE_WITHIN and made.acknowledged is None):
            raise unknown("interaction")
        if made.acknowledged is not None:
            raise already_acknowledged()
        kind, data = _callback(body, made.kind), body.get("data") or {}
        if kind is Callback.MODAL:
            check_modal(data)
            made.modal = data
        elif kind is Callback.AUTOCOMPLETE:
            if len(data.get("choices") or []) > 25:
                raise invalid_form({"data.choices": "Must be 25 or fewer in length."})
            made.choices = data.get("choices") or []
        elif kind is Callback.DEFERRED_UPDATE:
            made.original = made.message
        elif kind is Callback.UPDATE:
            if made.message is None:
                raise invalid_form({"type": "There is no message to update."})
            made.original = self._messages.edit(made.message, data, uploads)
        else:
            extra = LOADING if kind is Callback.DEFERRED_MESSAGE else 0
            made.original = self._own(made, data, uploads, extra)
        made.acknowledged, made.seconds = kind, waited
        made.changed()
        return made

    def response(self, made: UserInteraction) -> Json:
        """`#interaction-callback-interaction-callback-response-object`, for `?with_response=1`."""
        kind = made.acknowledged
        assert kind is not None
        resource: Json = {"type": int(kind)}
        if made.original is not None and kind is not Callback.DEFERRED_UPDATE:
            resource["message"] = made.original.payload()
        return {"interaction": self._summary(made, kind), "resource": resource}

    def follow_up(self, token: str, body: Json, uploads: Sequence[Upload]) -> Message:
        """`POST /webhooks/{application}/{token}`; the first one after a deferral takes the deferral's place."""
        made = self._open(token)
        if made.original is not None and made.original.loading and made.acknowledged is Callback.DEFERRED_MESSAGE:
            body = {**body, "flags": (body.get("flags") or 0) & ~EPHEMERAL | (made.original.flags & EPHEMERAL)}
            message = self._messages.edit(made.original, body, uploads)
        else:
            message = self._own(made, body, uploads, 0)
        made.followups.append(message)
        made.changed()
        return message

    def find(self, token: str, message_id: str) -> Message:
        """`@original`, or one of the follow-ups."""
        made = self._open(token)
        if message_id == "@original":
            if made.original is None:
                raise unknown("Message")
            return made.original
        found = next((one for one in made.followups if one.id == message_id), None)
        if found is None:
            raise unknown("Message")
        return found

    def edit(self, token: str, message_id: str, body: Json, uploads: Sequence[Upload]) -> Message:
        """`PATCH /webhooks/{application}/{token}/messages/{id}`."""
        message = self._messages.edit(self.find(token, message_id), body, uploads)
        self.by_token[token].changed()
        return message

    def _own(self, made: UserInteraction, data: Json, uploads: Sequence[Upload], extra: int) -> Message:
        hidden = (data.get("flags") or 0) & EPHEMERAL
        return self._messages.make(
            made.channel,
            data,
            uploads,
            seen_by=made.user_id if hidden else None,
            webhook_id=self._guild.bot.id,
            extra_flags=extra,
        )

    def _open(self, token: str) -> UserInteraction:
        """A token works after the acknowledgement and for fifteen minutes."""
        made = self.by_token.get(token)
        if made is None or made.acknowledged is None:
            raise unknown("Webhook")
        if self._clock.now() - made.made_at > TOKEN_LIVES:
            raise ApiError(401, 50027, "Invalid Webhook Token")
        return made

    def _summary(self, made: UserInteraction, kind: Callback) -> Json:
        return {
            "id": made.id,
            "type": int(made.kind),
            "response_message_id": made.original.id if made.original else None,
            "response_message_loading": kind is Callback.DEFERRED_MESSAGE,
            "response_message_ephemeral": bool(made.original and made.original.ephemeral),
        }


def _callback(body: Json, asked: Kind) -> Callback:
    try:
        kind = Callback(int(body.get("type", 0)))
    except (TypeError, ValueError):
        raise invalid_form({"type": "Not an interaction callback type."}) from None
    if kind not in _ALLOWED[asked]:
        raise invalid_form({"type": f"{kind.name} does not answer {asked.name}."})
    return kind
