"""Gauges: how the Safe's votes on them stand, and the operation that changes one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from dao_bot.domain.addresses import Address
from dao_bot.domain.needs import Need

ALL_WEIGHT = 10_000
"""Basis points of its voting power that a voter can give, to all gauges together."""


@dataclass(frozen=True, slots=True)
class GaugeVote:
    """The Safe's vote on one gauge.

    Attributes:
        weight: basis points of its voting power.
        changeable_at: epoch seconds before which the controller refuses another vote on it.
    """

    weight: int
    changeable_at: int


@dataclass(frozen=True, slots=True)
class GaugeWeights:
    """How the Safe's votes stand.

    Attributes:
        used: basis points given to all gauges, also to those that are not configured.
        gauges: the configured ones.
    """

    used: int
    gauges: Mapping[Address, GaugeVote]


@dataclass(frozen=True, slots=True)
class GaugeVotes(Need[GaugeWeights]):
    """The Safe's votes on the configured gauges."""

    kind: ClassVar[str] = "gauge_votes"


@dataclass(frozen=True, slots=True)
class VoteForGauge:
    """Give a gauge `weight` basis points of the Safe's voting power, in place of what it had."""

    kind: ClassVar[str] = "vote_for_gauge"
    gauge: Address
    weight: int
