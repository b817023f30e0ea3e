"""A ballot as it was opened: with everything that decides who may vote, with how much, and what follows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from dao_bot.domain.addresses import Address
from dao_bot.domain.runs import Block
from dao_bot.plugins import find
from dao_bot.store.values import StoredAct
from governance.acts.subject import Subject
from governance.ballots.ballot import Ballot, ballot_from_record
from governance.ballots.delegation import DelegatedPower
from governance.ballots.errors import InvalidBallot
from governance.ballots.method import ENTRY_POINTS
from governance.power.source import Moment
from governance.power.tier import PowerSnapshot, power_snapshot_from_record
from governance.wallets.signed_ballot import BallotPaper


@dataclass(frozen=True, slots=True)
class OpenedBallot:
    """Recorded once, when it opens.

    Attributes:
        paper: what signatures on it must name.
        subject: what is decided.
        signed: only votes that wallets signed count.
        tier: name of the kind of voting power.
        moment: when power is read, for wallets that are read later than the others too.
        earlier: the older block at which it is read too, where a minimum age is asked for.
        power: of those who were known when it opened.
        delegated: what wallets had delegated then.
        number: of its event.
    """

    paper: BallotPaper
    subject: Subject
    signed: bool
    tier: str
    moment: Moment
    earlier: Block | None
    power: PowerSnapshot
    delegated: tuple[DelegatedPower, ...]
    number: int

    @property
    def ballot(self) -> Ballot:
        return self.paper.ballot

    @property
    def latest_end(self) -> int | None:
        """Chain time of the last vote that can count, whatever extensions there will be; None while none is known."""
        ballot = self.ballot
        if ballot.ends is None or ballot.late_swing is None:
            return ballot.ends
        return ballot.ends + ballot.late_swing.times * ballot.late_swing.extension


def opened_body(
    ballot: Ballot,
    subject: Subject,
    moment: Moment,
    earlier: Block | None,
    power: PowerSnapshot,
    delegated: tuple[DelegatedPower, ...],
    *,
    signed: bool,
) -> dict[str, object]:
    """For the record; `opened_ballot` reads it back."""
    return {
        "ballot": ballot.record(),
        "subject": {
            "hash": subject.hash,
            "at": subject.at,
            "valid_until": subject.valid_until,
            "value": str(subject.value),
        },
        "signed": signed,
        "roles": {role: sorted(seats) for role, seats in moment.roles.items()},
        "earlier": None if earlier is None else _block(earlier),
        "power": power.record(),
        "delegated": [[order.delegator, order.delegate, order.power] for order in delegated],
    }


def opened_ballot(chain_id: int, safe: Address, act: StoredAct) -> OpenedBallot:
    """The ballot that an event holds.

    Raises:
        InvalidBallot, InvalidPowerSource: it holds none.
    """
    body: Mapping[str, Any] = act.body
    try:
        ballot = ballot_from_record(body["ballot"], lambda kind: find(ENTRY_POINTS, kind))
        told = body["subject"]
        subject = Subject(act.subject, told["hash"], told["at"], told["valid_until"], int(told["value"]))
        power = power_snapshot_from_record(body["power"])
        return OpenedBallot(
            paper=BallotPaper(chain_id, safe, subject.hash, ballot),
            subject=subject,
            signed=bool(body["signed"]),
            tier=power.tier,
            moment=Moment(power.block, {role: frozenset(seats) for role, seats in body["roles"].items()}),
            earlier=None if body["earlier"] is None else Block(**body["earlier"]),
            power=power,
            delegated=tuple(DelegatedPower(*order) for order in body["delegated"]),
            number=act.number,
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise InvalidBallot(
            "an event of the record does not hold a ballot", value=f"event {act.number}: {error!r}"
        ) from error


def _block(block: Block) -> dict[str, object]:
    return {"chain_id": block.chain_id, "number": block.number, "hash": block.hash, "timestamp": block.timestamp}
