"""What every kind of ballot is: the choices that it offers, how it counts them, and what follows from the count."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, ClassVar, Protocol

from numpy.typing import NDArray

from governance.ballots.sums import Integers

ENTRY_POINTS = "dao_bot.ballots"
"""Entry-point group: the kinds of ballot are an open set, each one class that fulfils `Method`."""

Choice = int | tuple[int, ...]
"""A choice in its one canonical form, which the kind of ballot defines. Options are numbered from 1, as on Snapshot."""

Choices = NDArray[Any]
"""Choices of many votes as an array whose first axis is the votes; its form belongs to the kind of ballot."""


@dataclass(frozen=True, slots=True)
class Count:
    """Power by option, in the order of the options.

    Attributes:
        scores: 10^-6 token; exact, hence fractions where a vote is divided.
        rounds: of a run-off, power by option before each elimination; None for an option on top of no vote.
    """

    scores: tuple[Fraction, ...]
    rounds: tuple[tuple[int | None, ...], ...] = ()


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a count means.

    Attributes:
        passed: the question is decided; for a proposal, it is accepted.
        winners: numbers of the options that prevail, from 1; several if they are level, none if none has any power.
        reason: one sentence for people, without the final full stop.
    """

    passed: bool
    winners: tuple[int, ...]
    reason: str


class Method(Protocol):
    """One kind of ballot with its rules: a frozen dataclass of integers, flags, text and option names."""

    kind: ClassVar[str]

    @property
    def options(self) -> tuple[str, ...]:
        """What can be chosen, in the order of their numbers."""
        ...

    def parse(self, raw: object) -> Choice:
        """A choice from outside, or from the record, in canonical form.

        Raises:
            InvalidChoice: this ballot does not offer it.
        """
        ...

    def columns(self, choices: Sequence[Choice]) -> Choices:
        """Canonical choices as the array that `count` takes."""
        ...

    def count(self, choices: Choices, power: Integers) -> Count:
        """Add up. `power` has one value for each vote, in 10^-6 token; its total fits in an int64."""
        ...

    def outcome(self, count: Count, total: int) -> Outcome:
        """What follows; `total` is the power of all counted votes, in 10^-6 token."""
        ...
