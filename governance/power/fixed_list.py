"""Voting power by a list in the settings."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Annotated, ClassVar

from pydantic import Field, StringConstraints

from dao_bot.chain.plan import Plan
from dao_bot.fields import Settings
from governance.ballots.power import POWER_DECIMALS
from governance.power.source import Moment, Unit

PowerText = Annotated[str, StringConstraints(pattern=r"^(0|[1-9][0-9]{0,12})(\.[0-9]{1,6})?$")]
"""`12.5`: up to six decimals, never a float."""


class FixedListSettings(Settings):
    """Power that is written down, by wallet or seat."""

    list: str = Field(min_length=1, description="a name for the list")
    unit: Unit = Field(default="seat", description="what the numbers count")
    power: dict[str, PowerText] = Field(description="voting power by wallet or seat", examples=[{"0x…": "1"}])


class FixedList:
    """Who is not on the list has none. Case carries no meaning."""

    name: ClassVar[str] = "fixed-list"
    Settings: ClassVar[type[FixedListSettings]] = FixedListSettings

    def __init__(self, settings: FixedListSettings) -> None:
        self.unit: Unit = settings.unit
        self.over = f"list {settings.list}"
        self._power = {voter.lower(): _power(text) for voter, text in settings.power.items()}

    def read(self, voters: Sequence[str], moment: Moment) -> Plan[tuple[int, ...]]:
        """Nothing is read from the chain."""
        yield from ()
        return tuple(self._power.get(voter.lower(), 0) for voter in voters)


def _power(text: str) -> int:
    return int(Decimal(text).scaleb(POWER_DECIMALS))
