"""A run: one strategy at one nominal time, the same on every keeper and after every restart."""

from __future__ import annotations

from dataclasses import dataclass

from dao_bot.domain.hashing import digest

LADDER = "ladder:"
"""Before a strategy's name: the run in which its promotion is proposed. No strategy has a name with a colon."""


@dataclass(frozen=True, slots=True)
class RunId:
    """`nominal` is the anchored fire time in epoch seconds, before jitter."""

    strategy: str
    nominal: int

    @property
    def promoted(self) -> str | None:
        """The strategy whose promotion this is; None for a run of a strategy."""
        return self.strategy.removeprefix(LADDER) if self.strategy.startswith(LADDER) else None

    @property
    def digest(self) -> str:
        """0x-hex identity, also the source of this run's seed and jitter."""
        return digest({"run": self.strategy, "nominal": self.nominal})

    def seed(self, parameters: object) -> int:
        """The only randomness that a decision may use: hash(parameters, run), 64 bits."""
        return int(digest({"parameters": parameters, "run": self.digest})[2:18], 16)


@dataclass(frozen=True, slots=True)
class Block:
    """The pinned block of a run; its timestamp is `now`."""

    chain_id: int
    number: int
    hash: str
    timestamp: int
