"""A tier: sources that together make the power of one ballot, read at its snapshot once and recorded."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dao_bot.chain.plan import Plan
from dao_bot.domain.runs import Block
from governance.ballots.power import require_power
from governance.power.errors import InvalidPowerSource
from governance.power.source import Moment, PowerSource

ReadPlans = Callable[[Block, Sequence[Plan[Any]]], list[Any]]
"""Runs plans at a block, as `dao_bot.chain.endpoints.Endpoints.read` does."""


@dataclass(frozen=True, slots=True)
class Tier:
    """Sources of one unit. Over one thing (a token) the larger power counts, over different things the sum.

    Attributes:
        minimum_age: seconds for which power must have been held: at a block that much older the smaller counts.

    Raises:
        InvalidPowerSource: there is no source, units are mixed, or the age is negative.
    """

    name: str
    sources: tuple[PowerSource, ...]
    minimum_age: int = 0

    def __post_init__(self) -> None:
        units = sorted({source.unit for source in self.sources})
        if len(units) != 1:
            raise InvalidPowerSource(
                f"the sources of the tier {self.name} do not count one thing",
                value=", ".join(units) or "no source",
                limit="sources of one unit: token, nft or seat",
                next_step="Give each unit a tier of its own",
            )
        if self.minimum_age < 0:
            raise InvalidPowerSource("a negative age", value=self.minimum_age, limit="0 seconds or more")


@dataclass(frozen=True, slots=True)
class PowerSnapshot:
    """The power of every voter of a ballot, as it is recorded.

    Attributes:
        power: 10^-6 of the unit by voter, in lower case.
        earlier: number of the older block, where a minimum age was asked for.
    """

    tier: str
    block: Block
    earlier: int | None
    power: Mapping[str, int]

    def of(self, voter: str) -> int:
        """Power of a voter; who was not read has none."""
        return self.power.get(voter.lower(), 0)

    def record(self) -> dict[str, object]:
        """The body of its event."""
        block = self.block
        return {
            "tier": self.tier,
            "chain_id": block.chain_id,
            "block": block.number,
            "block_hash": block.hash,
            "block_time": block.timestamp,
            "earlier": self.earlier,
            "power": dict(self.power),
        }


def power_snapshot_from_record(record: Mapping[str, Any]) -> PowerSnapshot:
    """What `PowerSnapshot.record` wrote.

    Raises:
        InvalidPowerSource: it holds no snapshot.
    """
    try:
        # Canonical JSON keeps integers of 2^53 and more as text.
        numbers = [int(record[name]) for name in ("chain_id", "block", "block_time")]
        block = Block(numbers[0], numbers[1], str(record["block_hash"]), numbers[2])
        earlier = None if record["earlier"] is None else int(record["earlier"])
        power = {str(voter): require_power(int(units)) for voter, units in record["power"].items()}
        return PowerSnapshot(str(record["tier"]), block, earlier, power)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise InvalidPowerSource("the record holds no snapshot of voting power", value=repr(error)) from error


def take_snapshot(
    read: ReadPlans,
    tier: Tier,
    voters: Iterable[str],
    moment: Moment,
    *,
    before: int,
    earlier: Block | None = None,
) -> PowerSnapshot:
    """Read the power of all voters, each once, at the block of `moment`; and at `earlier` if the tier wants an age.

    Args:
        before: chain time at which the proposal came to be; the block must be older.
        earlier: a block that is older than the moment's by at least the tier's minimum age.

    Raises:
        InvalidPowerSource: a block is not old enough.
        PowerUnreadable, ChainError: something cannot be read; nothing counts as zero for that reason.
    """
    block = moment.block
    if block.timestamp >= before:
        raise InvalidPowerSource(
            "voting power must be read before the proposal came to be",
            value=f"block {block.number} of {block.timestamp}",
            limit=f"a block before {before}",
        )
    names = tuple({voter.lower(): voter for voter in voters}.values())
    power = _combined(tier, read(block, [source.read(names, moment) for source in tier.sources]), len(names))
    if tier.minimum_age:
        earlier = _require_earlier(tier, block, earlier)
        then = Moment(earlier, moment.roles)
        old = _combined(tier, read(earlier, [source.read(names, then) for source in tier.sources]), len(names))
        power = {over: [min(pair) for pair in zip(now, old[over], strict=True)] for over, now in power.items()}
    sums = [require_power(sum(column)) for column in zip(*power.values(), strict=True)]
    return PowerSnapshot(
        tier.name,
        block,
        earlier.number if earlier is not None and tier.minimum_age else None,
        {voter.lower(): units for voter, units in zip(names, sums, strict=True)},
    )


def _combined(tier: Tier, readings: Sequence[tuple[int, ...]], voters: int) -> dict[str, list[int]]:
    """The larger power over each thing."""
    power: dict[str, list[int]] = {}
    for source, reading in zip(tier.sources, readings, strict=True):
        known = power.setdefault(source.over, [0] * voters)
        power[source.over] = [max(pair) for pair in zip(known, reading, strict=True)]
    return power


def _require_earlier(tier: Tier, block: Block, earlier: Block | None) -> Block:
    latest = block.timestamp - tier.minimum_age
    if earlier is None or earlier.timestamp > latest:
        raise InvalidPowerSource(
            f"the tier {tier.name} counts what was held for {tier.minimum_age} s",
            value=f"block {earlier.number} of {earlier.timestamp}" if earlier else "no earlier block",
            limit=f"a block of {latest} or before",
        )
    return earlier
