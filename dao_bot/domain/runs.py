"""A run: one strategy at one nominal time, the same on every keeper and after every restart."""

from __future__ import annotations

from dataclasses import dataclass

from dao_bot.domain.hashing import digest


@dataclass(frozen=True, slots=True)
class RunId:
    """`nominal` is the anchored fire time in epoch seconds, before jitter."""

    strategy: str
    nominal: int

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
