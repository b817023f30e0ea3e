"""What can go wrong with the local chain."""

from __future__ import annotations

from dao_bot.domain.errors import ChainError


class DevnetError(ChainError):
    """The local chain or its tools cannot be installed, started or used."""
