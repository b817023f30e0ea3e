"""Questions that are no batch: put to the vote in any kind of ballot. What comes of them binds nothing."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from dao_bot.domain.addresses import Address
from dao_bot.domain.errors import BadInput, StoreError
from dao_bot.domain.hashing import digest
from dao_bot.plugins import find
from dao_bot.store.values import StoredAct
from governance.acts.kinds import POLL_ASKED, POLLS
from governance.acts.subject import Subject
from governance.acts.terms import BallotTerms
from governance.ballots.ballot import Ballot, ballot_from_record
from governance.ballots.errors import InvalidBallot
from governance.ballots.method import ENTRY_POINTS, Method

if TYPE_CHECKING:
    from dao_bot.store.store import Store

LONGEST_TITLE = 300


@dataclass(frozen=True, slots=True)
class Poll:
    """One question.

    Attributes:
        tier: the kind of voting power, by its name in the config.
        asked: chain time.
        duration: seconds.

    Raises:
        BadInput: the title is no line that can be shown, or the time is not one.
    """

    chain_id: int
    safe: Address
    title: str
    method: Method
    tier: str
    asked: int
    duration: int

    def __post_init__(self) -> None:
        if not 0 < len(self.title.strip()) <= LONGEST_TITLE or not self.title.isprintable():
            raise BadInput(
                "the question is not one line",
                value=f"{len(self.title)} characters: {ascii(self.title)[:60]}",
                limit=f"1 to {LONGEST_TITLE} printable characters",
            )
        if self.duration <= 0:
            raise BadInput("a vote takes some time", value=self.duration)

    @property
    def hash(self) -> str:
        """0x-hex of 32 bytes; signatures on it name this."""
        return digest({"poll": self.record()})

    @property
    def subject(self) -> Subject:
        """What is decided on."""
        return Subject(self.hash, self.hash, self.asked, self.asked + self.duration, 0)

    @property
    def terms(self) -> BallotTerms:
        """How."""
        return BallotTerms(self.tier, self.method, self.duration)

    def record(self) -> dict[str, object]:
        """For the record."""
        ballot = Ballot("poll", self.method, self.asked, self.asked + self.duration)
        return {
            "chain_id": self.chain_id,
            "safe": self.safe,
            "title": self.title,
            "tier": self.tier,
            "ballot": ballot.record(),
        }


def method_of(kind: str, options: Sequence[str], quorum: int) -> Method:
    """A kind of ballot for a question, with its rules.

    Args:
        options: what can be chosen; none where the kind has its own.
        quorum: 10^-6 of the unit.

    Raises:
        NotFound, InvalidBallot: there is no such kind, it is not for questions, or these are no options for it.
    """
    found = find(ENTRY_POINTS, kind)
    names = {field.name for field in dataclasses.fields(found)}
    if "quorum" not in names or bool(options) != ("options" in names):
        needs = "options to choose from" if "options" in names else "no options, it has its own"
        raise InvalidBallot(
            "this kind of ballot does not fit the question",
            value=f"{kind} with {len(options)} options",
            limit=needs if "quorum" in names else "a kind that is for questions",
        )
    rules: dict[str, Any] = {"quorum": quorum, **({"options": tuple(options)} if options else {})}
    made: Method = found(**rules)
    return made


def polls(store: Store) -> tuple[Poll, ...]:
    """All that were ever asked, oldest first."""
    return tuple(poll_of(act) for act in store.acts(POLLS, POLL_ASKED))


def poll_of(act: StoredAct) -> Poll:
    """The question that an event holds.

    Raises:
        StoreError: it holds none.
    """
    try:
        told = act.body["poll"]
        ballot = ballot_from_record(told["ballot"], lambda kind: find(ENTRY_POINTS, kind))
        if ballot.ends is None:
            raise ValueError("a question without an end")
        return Poll(
            told["chain_id"],
            Address(told["safe"]),
            told["title"],
            ballot.method,
            told["tier"],
            ballot.opens,
            ballot.ends - ballot.opens,
        )
    except (KeyError, TypeError, ValueError) as error:
        raise StoreError("the record does not hold a question", value=f"event {act.number}: {error!r}") from error
