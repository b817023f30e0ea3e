"""What a rule asks of people before a batch is approved. Data: the judge and everything that people see read it."""

from __future__ import annotations

from dataclasses import dataclass

from governance.ballots.late_swing import LateSwing
from governance.ballots.method import Method


@dataclass(frozen=True, slots=True)
class StewardTerms:
    """Stewards who must stand for it.

    Attributes:
        approvals: how many must approve.
        vetoes: how many that veto defeat it.
    """

    approvals: int
    vetoes: int


@dataclass(frozen=True, slots=True)
class BallotTerms:
    """A vote of members.

    Attributes:
        tier: the kind of voting power, by its name in the config.
        duration: seconds; None while a veto window says when it ends.
    """

    tier: str
    method: Method
    duration: int | None
    late_swing: LateSwing | None = None
    transitive_delegation: bool = False


@dataclass(frozen=True, slots=True)
class Terms:
    """All that must be fulfilled.

    Attributes:
        signed_above: USD (WAD); of a batch that takes more out of the Safe, only acts count that wallets signed.
            None: chat acts always count; 0: never.
    """

    stewards: StewardTerms | None = None
    ballot: BallotTerms | None = None
    signed_above: int | None = None

    def must_be_signed(self, value: int) -> bool:
        """Whether acts on something worth `value` USD (WAD) count only as signatures of wallets."""
        return self.signed_above is not None and value > self.signed_above
