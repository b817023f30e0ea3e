"""Whom a message pings: `resources/message#allowed-mentions-object`."""

from __future__ import annotations

import re
from typing import Any

_USER, _ROLE, _ALL = re.compile(r"<@!?(\d+)>"), re.compile(r"<@&(\d+)>"), re.compile(r"@(?:everyone|here)\b")
_DEFAULT = {"parse": ["users", "roles", "everyone"]}


def pings(content: str, allowed: dict[str, Any] | None) -> list[str]:
    """Ids of users and roles that are notified, and `everyone`; embeds never notify.

    Stricter than the original: mentions in code and behind a backslash count too.
    """
    rules = _DEFAULT if allowed is None else allowed
    parse = rules.get("parse") or []
    users, roles = ({str(one) for one in rules.get(key) or []} for key in ("users", "roles"))
    found = [one for one in _USER.findall(content) if "users" in parse or one in users]
    found += [one for one in _ROLE.findall(content) if "roles" in parse or one in roles]
    if "everyone" in parse and _ALL.search(content):
        found.append("everyone")
    return found
