"""People at their keyboards: what they can see, they can click, choose and type."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dao_bot.devnet.discord.commands import Mistyped
from dao_bot.devnet.discord.interactions import Kind, UserInteraction
from dao_bot.devnet.discord.message_limits import modal_inputs
from dao_bot.devnet.discord.model import Channel, Json, Message, User
from dao_bot.devnet.discord.permissions import Permission

if TYPE_CHECKING:
    from dao_bot.devnet.discord.server import LocalDiscord


class NotVisible(Exception):
    """The user does not see it, so the user's client cannot touch it."""


class Person:
    """One user. `forged` acts do what no client lets its user do, as a stolen client would."""

    def __init__(self, local: LocalDiscord, user: User) -> None:
        self._local, self.user = local, user

    @property
    def id(self) -> str:
        return self.user.id

    @property
    def mention(self) -> str:
        return f"<@{self.user.id}>"

    def sees(self, message: Message) -> bool:
        """Whether it is there, in a channel of this user, and not somebody else's ephemeral."""
        if self._local.messages.by_id.get(message.id) is not message:
            return False
        if message.ephemeral:
            return message.seen_by == self.user.id
        channel = self._local.guild.channels[message.channel_id]
        return bool(self._local.guild.may(self.user.id, channel) & Permission.VIEW_CHANNEL)

    def type(self, name: str, channel: Channel, **options: object) -> UserInteraction:
        """A slash command, `"pause now"` for a subcommand."""
        needed = Permission.USE_APPLICATION_COMMANDS | Permission.VIEW_CHANNEL
        if needed & ~self._local.guild.may(self.user.id, channel):
            raise NotVisible(f"{self.user.name} cannot use commands in {channel.name}")
        data = self._local.commands.call(name, options)
        return self._local.interactions.begin(Kind.COMMAND, self.user.id, channel, data)

    def start_typing(self, name: str, channel: Channel, option: str, so_far: str) -> UserInteraction:
        """Asks for suggestions for an option."""
        data = self._local.commands.call(name, {option: so_far}, focused=option)
        return self._local.interactions.begin(Kind.AUTOCOMPLETE, self.user.id, channel, data)

    def click(self, message: Message, custom_id: str, *, forged: bool = False) -> UserInteraction:
        """A button."""
        if not forged:
            self._must_have(message, custom_id)
        return self._component(message, {"component_type": 2, "custom_id": custom_id})

    def choose(self, message: Message, custom_id: str, *values: str) -> UserInteraction:
        """Options of a select."""
        self._must_have(message, custom_id)
        return self._component(message, {"component_type": 3, "custom_id": custom_id, "values": list(values)})

    def submit(self, asked: UserInteraction, **texts: str) -> UserInteraction:
        """Fills in the modal that answered `asked` and sends it."""
        if asked.modal is None or asked.user_id != self.user.id:
            raise NotVisible("no dialog is open")
        inputs = {str(item["custom_id"]): item for item in modal_inputs(asked.modal)}
        if unknown := set(texts) - set(inputs):
            raise Mistyped(f"the dialog has no {', '.join(sorted(unknown))}; it has {', '.join(inputs)}")
        for key, item in inputs.items():
            length = len(texts.get(key, ""))
            if item.get("required", True) and not length:
                raise Mistyped(f"{key} must be filled in")
            if length and not (item.get("min_length") or 0) <= length <= (item.get("max_length") or 4000):
                raise Mistyped(f"{key} takes {item.get('min_length') or 0} to {item.get('max_length') or 4000}")
        rows: list[Json] = [
            {"type": 1, "components": [{"type": 4, "custom_id": key, "value": texts.get(key, "")}]} for key in inputs
        ]
        data: Json = {"custom_id": asked.modal["custom_id"], "components": rows}
        return self._local.interactions.begin(Kind.MODAL, self.user.id, asked.channel, data, asked.message)

    def replay(self, asked: UserInteraction, data: Json) -> None:
        """The same interaction once more, as a gateway that repeats itself."""
        self._local.gateway.emit("INTERACTION_CREATE", self._local.interactions.event(asked, data))

    def _component(self, message: Message, data: Json) -> UserInteraction:
        if self.user.id not in self._local.guild.members:
            raise NotVisible(f"{self.user.name} has left")
        channel = self._local.guild.channels[message.channel_id]
        return self._local.interactions.begin(Kind.COMPONENT, self.user.id, channel, data, message)

    def _must_have(self, message: Message, custom_id: str) -> None:
        if not self.sees(message):
            raise NotVisible(f"{self.user.name} does not see message {message.id}")
        if custom_id not in message.custom_ids():
            raise NotVisible(f"message {message.id} has no {custom_id}; it has {', '.join(message.custom_ids())}")
