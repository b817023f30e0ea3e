"""Slash commands, as registered and as users call them: `interactions/application-commands`."""

from __future__ import annotations

import re
from collections.abc import Mapping

from dao_bot.devnet.discord.errors import invalid_form
from dao_bot.devnet.discord.identity import Snowflakes
from dao_bot.devnet.discord.model import Json

_NAME = re.compile(r"^[-_'\w]{1,32}$")
_STRING, _INTEGER, _BOOLEAN, _USER, _NUMBER = 3, 4, 5, 6, 10
_SUBCOMMAND = 1
MOST_COMMANDS = 100


class Mistyped(Exception):
    """The client of a user would not send this."""


class Commands:
    """What the application registered for the guild."""

    def __init__(self, ids: Snowflakes, application_id: str) -> None:
        self._ids, self._application_id = ids, application_id
        self.by_name: dict[str, Json] = {}
        self.syncs = 0

    def replace(self, wanted: list[Json], guild_id: str | None) -> list[Json]:
        """`PUT …/commands`: all of them at once; what is not named is gone."""
        if len(wanted) > MOST_COMMANDS:
            raise invalid_form({"commands": f"At most {MOST_COMMANDS}."})
        for command in wanted:
            _check_command(command)
        self.syncs += 1
        self.by_name = {}
        for command in wanted:
            made = {**command, "id": self._ids.next(), "version": self._ids.next()}
            made |= {"application_id": self._application_id, "default_member_permissions": None}
            made["default_member_permissions"] = command.get("default_member_permissions")
            if guild_id is not None:
                made["guild_id"] = guild_id
            self.by_name[command["name"]] = made
        return list(self.by_name.values())

    def call(self, name: str, options: Mapping[str, object], *, focused: str | None = None) -> Json:
        """The `data` of a user's call, as the user's client would let it be typed.

        Args:
            focused: the option that is being typed, for autocompletion; the others may still be missing.

        Raises:
            Mistyped: no such command, or options that it does not take.
        """
        words = name.split()
        command = self.by_name.get(words[0])
        if command is None:
            raise Mistyped(f"/{words[0]} is not registered; there are: {', '.join(sorted(self.by_name)) or 'none'}")
        holder = command
        for word in words[1:]:
            holder = next((one for one in holder.get("options", []) if one["name"] == word), {})
            if holder.get("type") != _SUBCOMMAND:
                raise Mistyped(f"/{name} is not registered")
        values = _values(name, holder.get("options") or [], options, focused)
        for word in reversed(words[1:]):
            values = [{"name": word, "type": _SUBCOMMAND, "options": values}]
        made: Json = {"id": command["id"], "name": command["name"], "type": 1, "options": values}
        if "guild_id" in command:
            made["guild_id"] = command["guild_id"]
        return made


def _values(name: str, known: list[Json], given: Mapping[str, object], focused: str | None) -> list[Json]:
    by_name = {option["name"]: option for option in known}
    if unknown := set(given) - set(by_name):
        raise Mistyped(f"/{name} takes no {', '.join(sorted(unknown))}")
    for option in known:
        if option.get("required") and option["name"] not in given and focused is None:
            raise Mistyped(f"/{name} needs {option['name']}")
    made = []
    for key, value in given.items():
        option = by_name[key]
        if focused is None:
            _check_value(name, option, value)
        entry = {"name": key, "type": option["type"], "value": value}
        if key == focused:
            entry["focused"] = True
        made.append(entry)
    return made


def _check_value(name: str, option: Json, value: object) -> None:
    kinds = {_STRING: str, _INTEGER: int, _BOOLEAN: bool, _NUMBER: float, _USER: str}
    path = f"/{name} {option['name']}"
    if not isinstance(value, kinds[option["type"]]):
        raise Mistyped(f"{path}: {value!r} is not of type {option['type']}")
    if option.get("choices") and value not in [choice["value"] for choice in option["choices"]]:
        raise Mistyped(f"{path}: {value!r} is not among the choices")
    if isinstance(value, str) and not option.get("min_length", 0) <= len(value) <= option.get("max_length", 6000):
        raise Mistyped(f"{path}: {len(value)} characters")


def _check_command(command: Json) -> None:
    """`interactions/application-commands#application-command-object`."""
    problems: dict[str, str] = {}
    _check_named(command, "", problems)
    for number, option in enumerate(command.get("options") or []):
        _check_named(option, f"options.{number}.", problems)
        if len(option.get("choices") or []) > 25:
            problems[f"options.{number}.choices"] = "Must be 25 or fewer in length."
    if len(command.get("options") or []) > 25:
        problems["options"] = "Must be 25 or fewer in length."
    required = [bool(option.get("required")) for option in command.get("options") or []]
    if required != sorted(required, reverse=True):
        problems["options"] = "Required options must be placed before non-required options"
    if problems:
        raise invalid_form(problems)


def _check_named(thing: Json, path: str, problems: dict[str, str]) -> None:
    name, description = str(thing.get("name", "")), str(thing.get("description", ""))
    if not _NAME.match(name) or name != name.lower():
        problems[f"{path}name"] = "Command name is invalid"
    if not 1 <= len(description) <= 100:
        problems[f"{path}description"] = "Must be between 1 and 100 in length."
