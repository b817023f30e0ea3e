"""What a strategy decided: operations, or nothing, and in both cases why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from dao_bot.domain.operations import Operation


@dataclass(frozen=True, slots=True)
class Evidence:
    """A named number behind the decision, for people: `value` in `unit` (`USD`, `%`, `bps`, `months`, ...)."""

    name: str
    value: float | int | str
    unit: str = ""


@dataclass(frozen=True, slots=True)
class BindingConstraint:
    """A limit that shaped the decision. `shadow_price`: what one more `unit` of it would have been worth."""

    name: str
    shadow_price: float
    unit: str


@dataclass(frozen=True, slots=True)
class Memory:
    """A strategy's own memory: plain JSON under a schema version, stored by compare-and-swap."""

    schema: int
    value: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Decision:
    """Operations in the order of execution; empty when there is nothing to do, which is a decision too.

    Attributes:
        reason: one or two sentences in plain words: why this, or why not now.
        summary: what changes, what it costs, how it can fail; three plain sentences when there are operations.
        evidence: the numbers behind it.
        binding: constraints that bind, with their shadow prices.
        memory: replaces the stored memory when the run is recorded; None leaves it as it is.
        wake_at: chain time at which the strategy asks to decide again before its next regular fire.
        urgent: an emergency exit: it goes in one batch and before others.
    """

    operations: tuple[Operation, ...]
    reason: str
    summary: tuple[str, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    binding: tuple[BindingConstraint, ...] = ()
    memory: Memory | None = None
    wake_at: int | None = None
    urgent: bool = False

    @staticmethod
    def nothing(reason: str, **rest: object) -> Decision:
        """A decision to do nothing, which says why not now."""
        return Decision(operations=(), reason=reason, **rest)  # type: ignore[arg-type]  # forwarded field names
