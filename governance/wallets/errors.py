"""What can be wrong with a message, a signature, a nonce or a link."""

from __future__ import annotations

from dao_bot.domain.errors import BadInput, Refused


class InvalidMessage(BadInput):
    """A text or typed message that is not what its standard says, or not the one that was asked for."""


class InvalidSignature(BadInput):
    """A signature that its wallet has not made over this message."""


class InvalidNonce(Refused):
    """A nonce that was never given out, was given to somebody else, is spent, replaced or expired."""


class LinkRefused(Refused):
    """A link that the rules do not allow: the wallet belongs to somebody else, or has just left somebody."""
