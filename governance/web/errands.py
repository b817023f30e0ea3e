"""What somebody comes to the wallet page for."""

from __future__ import annotations

import enum


class Errand(enum.StrEnum):
    """One thing that a link to the page leads to."""

    LINK = "link"
    UNLINK = "unlink"
    VOTE = "vote"
    APPROVE = "approve"
    VETO = "veto"
    DELEGATE = "delegate"
    FREEZE = "freeze"
    UNFREEZE = "unfreeze"
    SIGN = "sign"

    @property
    def has_subject(self) -> bool:
        """Whether it is about one proposal, mandate or question."""
        return self in (Errand.VOTE, Errand.APPROVE, Errand.VETO, Errand.SIGN)
