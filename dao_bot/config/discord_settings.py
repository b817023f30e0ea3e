"""The section `discord` of strategies.yaml."""

from __future__ import annotations

import re
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema

from dao_bot.config.fields import SecretField
from dao_bot.fields import DurationField, IntField, Settings

_SNOWFLAKE = re.compile(r"[1-9][0-9]{16,19}")
_TIME = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])")
_LOCAL = re.compile(r"http://127\.0\.0\.1:[0-9]{1,5}")
_DAY = 86_400


def _snowflake(value: str) -> str:
    if not _SNOWFLAKE.fullmatch(value):
        raise ValueError("an id of Discord has 17 to 20 digits; switch on developer mode there and copy it")
    return value


def _time_of_day(value: Any) -> Any:
    if isinstance(value, int):
        return value
    found = _TIME.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        raise ValueError("write a time of day in UTC, such as 08:00")
    return int(found[1]) * 3600 + int(found[2]) * 60


def _local(value: str) -> str:
    if not _LOCAL.fullmatch(value):
        raise ValueError("only a local Discord, such as http://127.0.0.1:8546")
    return value


SnowflakeField = Annotated[
    str,
    AfterValidator(_snowflake),
    WithJsonSchema(
        {"type": "string", "description": "an id of Discord, in quotes", "examples": ["1290000000000000000"]}
    ),
]
TimeOfDayField = Annotated[
    int,
    BeforeValidator(_time_of_day),
    WithJsonSchema({"type": "string", "description": "a time of day in UTC", "examples": ["08:00"]}),
]
LocalServerField = Annotated[
    str,
    AfterValidator(_local),
    WithJsonSchema(
        {"type": "string", "description": "a server on this machine", "examples": ["http://127.0.0.1:8546"]}
    ),
]


class DiscordChannels(Settings):
    """Where the bot writes.

    Attributes:
        proposals: a forum, in which each proposal becomes a post, or a text channel, in which it becomes a thread.
        news: a text channel for the daily digest and for warnings.
    """

    proposals: SnowflakeField
    news: SnowflakeField


class DiscordRoles(Settings):
    """Who may do what. A role that is not named here belongs to nobody.

    Attributes:
        members: may vote, delegate and link wallets; any of these roles.
        stewards: may approve, veto, pause and freeze, each with a linked steward's wallet; any of these roles.
    """

    members: tuple[SnowflakeField, ...] = ()
    stewards: tuple[SnowflakeField, ...] = ()


class QuietHours(Settings):
    """When nothing is posted that can wait: digests and reminders. Cards and warnings are posted at any time.

    Attributes:
        begin: from then on.
        end: until then; earlier in the day than `begin` when they go over midnight.
    """

    begin: TimeOfDayField
    end: TimeOfDayField

    def quiet(self, at: int) -> bool:
        """Whether `at` (epoch seconds) falls into them."""
        second = at % _DAY
        if self.begin <= self.end:
            return self.begin <= second < self.end
        return second >= self.begin or second < self.end


class FreezeWatch(Settings):
    """What is taken as a sign that somebody speaks for others.

    Attributes:
        role_changes: so many stewards' roles given or taken within `within` freeze approvals.
        within: the window.
    """

    role_changes: Annotated[IntField, Field(ge=1)] = 2
    within: Annotated[DurationField, Field(ge=60)] = 3600


class DiscordSettings(Settings):
    """The front door: people see proposals and vote in Discord. Nothing executes on its word alone.

    Attributes:
        token: where the bot's token is; the token itself never stands in the file.
        guild: the server that it serves; everywhere else it says nothing.
        channels: where it writes.
        roles: who may do what.
        digest: when the daily digest is posted; left out, there is none.
        quiet: when nothing is posted that can wait.
        reminders: how long before the end of a vote those who have not voted are reminded, in its thread.
        freeze: what freezes approvals.
        server: a local Discord instead of the real one; in mode devnet only.
    """

    token: SecretField
    guild: SnowflakeField
    channels: DiscordChannels
    roles: DiscordRoles = DiscordRoles()
    digest: TimeOfDayField | None = None
    quiet: QuietHours | None = None
    reminders: tuple[Annotated[DurationField, Field(ge=300)], ...] = ()
    freeze: FreezeWatch = FreezeWatch()
    server: LocalServerField | None = None
