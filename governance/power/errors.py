"""What can be wrong with a source of voting power."""

from __future__ import annotations

from dao_bot.domain.errors import BadInput, ChainError


class InvalidPowerSource(BadInput):
    """Settings of sources that contradict each other, or the chain."""


class PowerUnreadable(ChainError):
    """The voting power of a wallet cannot be read; nobody votes until it can, because a zero would be a lie."""
