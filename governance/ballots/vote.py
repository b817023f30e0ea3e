"""A vote as it is recorded; its hash is the receipt by which the voter finds it in the tally."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from dao_bot.domain.hashing import digest
from governance.ballots.errors import InvalidVote
from governance.ballots.method import Choice, Method
from governance.ballots.power import require_power


@dataclass(frozen=True, slots=True)
class Vote:
    """One wallet's choice. A later one of the same wallet replaces it, whoever casts it.

    Attributes:
        ballot: id of the ballot.
        voter: who cast it: the person, for people to read.
        wallet: what is counted once: an address, or the stable name of a seat that has none. Case carries no meaning.
        power: 10^-6 token at the ballot's snapshot, without what others delegated.
        choice: in the canonical form of the ballot's kind.
        at: chain time, epoch seconds.
        sequence: number of its event in the record.
    """

    ballot: str
    voter: str
    wallet: str
    power: int
    choice: Choice
    at: int
    sequence: int

    def __post_init__(self) -> None:
        require_power(self.power)
        if not self.wallet or self.at < 0 or self.sequence < 0:
            raise InvalidVote("a vote lacks its wallet, time or number", value=self)

    def record(self) -> dict[str, object]:
        """The body of its event, which gives it its `sequence`."""
        return {
            "ballot": self.ballot,
            "voter": self.voter,
            "wallet": self.wallet,
            "power": self.power,
            "choice": self.choice,
            "at": self.at,
        }

    @property
    def receipt(self) -> str:
        """0x-hex hash of all that was recorded."""
        return digest({"vote": self.record(), "sequence": self.sequence})


def vote_from_record(method: Method, body: Mapping[str, object], sequence: int) -> Vote:
    """The vote that an event holds.

    Raises:
        InvalidVote: the body is not that of a vote.
        InvalidChoice: the ballot does not offer its choice.
    """
    try:
        texts = [str(body[name]) for name in ("ballot", "voter", "wallet")]
        # Canonical JSON keeps integers of 2^53 and more as text.
        power, at = (int(str(body[name])) for name in ("power", "at"))
        choice = body["choice"]
    except (KeyError, ValueError) as error:
        raise InvalidVote("an event of the record is not a vote", value=f"event {sequence}: {error}") from error
    return Vote(texts[0], texts[1], texts[2], power, method.parse(choice), at, sequence)
