"""What a button says when it is pressed; it stands in the message itself, so that it means the same after a restart."""

from __future__ import annotations

import enum
import re
from dataclasses import dataclass

_PREFIX = "dao"
_SUBJECT = re.compile(r"[A-Za-z0-9_.\-]{1,70}")
_DETAIL = re.compile(r"[0-9]{0,20}")


class Verb(enum.StrEnum):
    """What is to be done."""

    VOTE = "vote"
    CHOOSE = "choose"
    APPROVE = "approve"
    VETO = "veto"
    DETAILS = "details"
    REMIND = "remind"
    DO_NOT_REMIND = "no-remind"


@dataclass(frozen=True, slots=True)
class Press:
    """A button, a menu, or the dialog that it opened.

    Attributes:
        subject: the proposal.
        detail: of a vote, the option's number; of a button on an answer that one user alone sees, that user's id.
    """

    verb: Verb
    subject: str
    detail: str = ""

    @property
    def opens_dialog(self) -> bool:
        """Whether a dialog is the first answer to it; every other press is acknowledged first and answered later."""
        return self.verb is Verb.VETO

    @property
    def custom_id(self) -> str:
        """At most 100 characters, as Discord asks."""
        return ":".join((_PREFIX, self.verb, self.subject, self.detail))


def pressed(custom_id: str) -> Press | None:
    """What was pressed; None for what is not ours, or not as we write it."""
    parts = custom_id.split(":")
    if len(parts) != 4 or parts[0] != _PREFIX:
        return None
    verb = next((one for one in Verb if one == parts[1]), None)
    if verb is None or not _SUBJECT.fullmatch(parts[2]) or not _DETAIL.fullmatch(parts[3]):
        return None
    return Press(verb, parts[2], parts[3])
