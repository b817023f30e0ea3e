"""What can be wrong with a ballot, a vote or a delegation."""

from __future__ import annotations

from dao_bot.domain.errors import BadInput, Refused


class InvalidBallot(BadInput):
    """A ballot's own rules contradict each other or are out of range."""


class InvalidChoice(BadInput):
    """A choice that this ballot does not offer; nothing is recorded."""


class InvalidVote(BadInput):
    """A vote, or a set of votes, that cannot have come from the record of this ballot."""


class DelegationCycle(Refused):
    """Power handed on in a circle would come back to where it started."""
