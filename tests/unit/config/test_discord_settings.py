"""What the section `discord` takes, and what it refuses in words."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from dao_bot.config.checks import findings
from dao_bot.config.discord_settings import DiscordSettings, QuietHours

ID = "1290000000000000000"
HOUR = 3600


def section(**changes: Any) -> dict[str, Any]:
    made = {"token": "env:TOKEN", "guild": ID, "channels": {"proposals": ID, "news": ID}}
    return {**made, **changes}


def test_roles_that_are_not_named_belong_to_nobody() -> None:
    settings = DiscordSettings.model_validate(section())
    assert settings.roles.members == () and settings.roles.stewards == ()
    assert settings.digest is None and settings.reminders == ()


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"guild": "general"}, "17 to 20 digits"),
        ({"guild": "0290000000000000000"}, "17 to 20 digits"),
        ({"token": "MTI5.abc.def"}, "not a reference to a secret"),
        ({"digest": "8 o'clock"}, "such as 08:00"),
        ({"digest": "24:00"}, "such as 08:00"),
        ({"server": "https://discord.com"}, "only a local Discord"),
        ({"roles": {"steward": [ID]}}, "xtra"),
        ({"reminders": ["1m"]}, "300"),
        ({"freeze": {"role_changes": "0"}}, "1"),
    ],
)
def test_what_cannot_be_meant_is_refused(change: dict[str, Any], why: str) -> None:
    with pytest.raises(ValidationError, match=why):
        DiscordSettings.model_validate(section(**change))


def test_a_local_discord_is_for_the_local_chain_alone() -> None:
    def told(mode: str) -> list[str]:
        data = {"mode": mode, "discord": section(server="http://127.0.0.1:8546")}
        return [what for path, what in findings(data, Path()) if path == ("discord", "server")]

    assert told("devnet") == []
    assert told("live") == told("plan") != []


@pytest.mark.parametrize(
    ("begin", "end", "quiet"),
    [("22:00", "08:00", {23, 0, 7}), ("01:00", "05:00", {1, 4}), ("00:00", "00:00", set())],
)
def test_quiet_hours_may_go_over_midnight(begin: str, end: str, quiet: set[int]) -> None:
    hours = QuietHours.model_validate({"begin": begin, "end": end})
    for hour in range(24):
        inside = hours.quiet(20_000 * 86_400 + hour * HOUR)
        assert inside or hour not in quiet
    assert not hours.quiet(12 * HOUR)
