"""What somebody comes to the wallet page for."""

from __future__ import annotations

import enum


class Errand(enum.StrEnum):
    """One thing that a link to the page leads to."""

    LINK = "link"
    UNLINK = "unlink"
    VOTE = "vote"
    SIGN = "sign"

    @property
    def has_proposal(self) -> bool:
        """Whether it is about one proposal."""
        return self in (Errand.VOTE, Errand.SIGN)
