"""What every source of voting power is: it reads the power of many wallets at one past block."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar, Literal, Protocol

from dao_bot.chain.plan import Plan
from dao_bot.domain.runs import Block

ENTRY_POINTS = "dao_bot.voting_power"
"""Entry-point group: sources are an open set. Each is a class with `Settings`, made with an instance of them."""

Unit = Literal["token", "nft", "seat"]
"""What is counted. Power of different units is never added up: each is a tier of its own."""


@dataclass(frozen=True, slots=True)
class Moment:
    """When power is read.

    Attributes:
        block: its state is read; every `eth_call` is pinned to it.
        roles: who had each role when the vote began: wallets or seats, one for each person. A role that is not there
            has nobody.
    """

    block: Block
    roles: Mapping[str, frozenset[str]] = field(default_factory=dict)


class PowerSource(Protocol):
    """One source, with its settings."""

    name: ClassVar[str]

    @property
    def unit(self) -> Unit: ...

    @property
    def over(self) -> str:
        """What the power comes from, such as a token's address: of several sources over one thing the larger counts."""
        ...

    def read(self, voters: Sequence[str], moment: Moment) -> Plan[tuple[int, ...]]:
        """The power of each voter, in their order, in 10^-6 of the unit, rounded down.

        Raises:
            PowerUnreadable: one of them cannot be read.
            InvalidPowerSource: the chain is not what the settings say.
        """
        ...
