"""Reading positions back inside a simulation, where all questions are asked at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from dao_bot.chain.plan import Answer, Read
from dao_bot.domain.addresses import Address
from dao_bot.domain.positions import Position


class PositionBook(Protocol):
    """Knows the positions of one manager. A protocol that has one offers it as `position_book`."""

    @property
    def manager(self) -> Address:
        """The contract whose tokens the positions are."""
        ...

    def reads(self, token_id: int) -> Sequence[Read]:
        """What `position` must be told; always as many."""
        ...

    def position(self, token_id: int, owner: Address, answers: Sequence[Answer]) -> Position | None:
        """The position with what it owes by its manager's own notes; None when `owner` does not own it."""
        ...
