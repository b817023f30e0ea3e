"""Plans: reads written as plain generators, so that many of them share each round trip."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from typing import TypeVar

from dao_bot.domain.addresses import Address

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Read:
    """One `eth_call` at the pinned block. `gas` is a hint with which large reads are spread over several calls."""

    to: Address
    data: bytes
    gas: int = 100_000


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: return data, or revert data when `success` is false (no code at `to` is a failure too)."""

    success: bool
    data: bytes


Plan = Generator[Sequence[Read], Sequence[Answer], Result]
"""Yields the reads of one round, is sent their answers in the same order, and returns what it made of them."""
