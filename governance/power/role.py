"""Voting power by a role: one vote for everybody who had it when the vote began."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from pydantic import Field

from dao_bot.chain.plan import Plan
from dao_bot.fields import Settings
from governance.ballots.power import POWER_DECIMALS
from governance.power.source import Moment, Unit


class RoleSettings(Settings):
    """One vote for each holder of a role."""

    role: str = Field(min_length=1, description="the role, as it is known where people meet")


class Role:
    """Who holds it is taken down when the vote begins; a role that nobody set up has nobody, not everybody."""

    name: ClassVar[str] = "role"
    Settings: ClassVar[type[RoleSettings]] = RoleSettings
    unit: ClassVar[Unit] = "seat"

    def __init__(self, settings: RoleSettings) -> None:
        self._role = settings.role

    @property
    def over(self) -> str:
        return f"role {self._role}"

    def read(self, voters: Sequence[str], moment: Moment) -> Plan[tuple[int, ...]]:
        """Nothing is read from the chain."""
        yield from ()
        holders = {holder.lower() for holder in moment.roles.get(self._role, frozenset())}
        return tuple(10**POWER_DECIMALS * (voter.lower() in holders) for voter in voters)
