"""Votes that a wallet signed: bound to one ballot of one Safe, verified, and turned into a vote that counts."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dao_bot.chain.plan import Plan
from dao_bot.domain.addresses import Address
from dao_bot.domain.json_depth import is_too_deep
from governance.ballots.ballot import Ballot
from governance.ballots.method import Choice
from governance.ballots.vote import Vote
from governance.wallets.errors import InvalidMessage
from governance.wallets.signatures import Proof, holds_still, parse_signature, prove
from governance.wallets.typed_data import SignedChoice, VoteMessage, VoteType
from governance.wallets.vote_message import parse_vote

CLOCK_TOLERANCE = 300
"""Seconds by which the voter's clock may be wrong."""

APP = "dao-bot"


@dataclass(frozen=True, slots=True)
class BallotPaper:
    """What a signature must name, so that it counts for nothing else.

    Attributes:
        chain_id, safe: of the treasury; together they are the `space`.
        proposal: the batch hash; for a question without a batch, the hash that identifies it. 32 bytes, 0x-hex.
    """

    chain_id: int
    safe: Address
    proposal: str
    ballot: Ballot

    @property
    def space(self) -> str:
        """The Safe as an account of its chain (CAIP-10)."""
        return f"eip155:{self.chain_id}:{self.safe}"

    def message(
        self, wallet: Address, choice: int | Sequence[int] | Mapping[str, int], now: int, reason: str = ""
    ) -> VoteMessage:
        """What the wallet is asked to sign. `choice` has Snapshot's form: a number, a list, or weights by option."""
        signed: SignedChoice
        if isinstance(choice, Mapping):
            kind, signed = "string", json.dumps(choice, separators=(",", ":"))
        elif isinstance(choice, int):
            kind, signed = "uint32", choice
        else:
            kind, signed = "uint32[]", tuple(choice)
        # Read back, so that nothing is offered for signing that would be refused afterwards.
        message = VoteMessage(
            VoteType("address", "bytes32", kind), wallet, self.space, now, self.proposal, signed, reason, APP
        )
        self.choice(parse_vote(message.typed_data()))
        return message

    def choice(self, message: VoteMessage) -> Choice:
        """The choice in canonical form.

        Raises:
            InvalidMessage: its text is no JSON.
            InvalidChoice: the ballot does not offer it.
        """
        raw = _json(message.choice) if isinstance(message.choice, str) else message.choice
        return self.ballot.method.parse(raw)

    def check(self, message: VoteMessage, now: int, last_signed: int | None = None) -> None:
        """Refuse what was not signed for this ballot, or not now.

        Args:
            now: chain time, epoch seconds.
            last_signed: `timestamp` of this wallet's last counted message on this ballot; an older one, which anybody
                can send again, must not undo a vote that was changed since.

        Raises:
            InvalidMessage: another Safe or chain, another proposal, or a time that cannot be.
            InvalidChoice: the ballot does not offer the choice.
        """
        _same("the space", message.space, self.space)
        _same("the proposal", message.proposal, self.proposal)
        earliest = self.ballot.opens - CLOCK_TOLERANCE
        if not earliest <= message.timestamp <= now + CLOCK_TOLERANCE:
            raise InvalidMessage(
                "the vote was signed before the ballot opened, or says that it comes from the future",
                value=message.timestamp,
                limit=f"{earliest} to {now + CLOCK_TOLERANCE}",
                next_step="Check the clock of your device, and sign again",
            )
        if last_signed is not None and message.timestamp <= last_signed:
            raise InvalidMessage(
                "the wallet has signed a later vote on this ballot",
                value=message.timestamp,
                limit=f"a time after {last_signed}",
                next_step="To change the vote, sign it anew",
            )
        self.choice(message)


@dataclass(frozen=True, slots=True)
class SignedBallot:
    """A vote's message with the proof that its wallet signed it."""

    message: VoteMessage
    proof: Proof

    def vote(self, paper: BallotPaper, voter: str, power: int, at: int, sequence: int) -> Vote:
        """The vote that counts; see `Vote` for the arguments."""
        return Vote(paper.ballot.id, voter, self.proof.wallet, power, paper.choice(self.message), at, sequence)

    def record(self) -> dict[str, object]:
        """Stands beside the vote in its event, so that anybody can verify it: `address`, `sig` and `data`, as Snapshot
        publishes its votes."""
        return {
            "address": self.proof.wallet,
            "sig": "0x" + self.proof.signature.hex(),
            "data": self.message.typed_data(),
            "contract": self.proof.contract,
        }


def sign_off(
    paper: BallotPaper, raw: object, signature: str, now: int, last_signed: int | None = None
) -> Plan[SignedBallot]:
    """The signed ballot in typed data and a signature from outside. At most one round, at the latest block.

    Raises:
        InvalidMessage, InvalidChoice, InvalidSignature: what is wrong, in words; nothing was counted.
    """
    message = parse_vote(raw)
    paper.check(message, now, last_signed)
    proof = yield from prove(Address(message.sender), message.digest, parse_signature(signature))
    return SignedBallot(message, proof)


def ballot_holds(signed: SignedBallot) -> Plan[bool]:
    """Whether the signature holds at the block that is read: asked again at the count, for contracts."""
    if signed.message.sender != signed.proof.wallet:
        return False
    return (yield from holds_still(signed.proof, signed.message.digest))


def signed_ballot_from_record(record: Mapping[str, Any]) -> SignedBallot:
    """What `SignedBallot.record` wrote; it proves nothing until `ballot_holds` says so.

    Raises:
        InvalidMessage: it is no signed ballot.
    """
    try:
        message, signature = parse_vote(record["data"]), parse_signature(record["sig"])
        return SignedBallot(message, Proof(Address(str(record["address"])), signature, bool(record["contract"])))
    except (KeyError, AttributeError, TypeError) as error:
        raise InvalidMessage("the record does not hold a signed ballot", value=repr(error)) from error


def _json(text: str) -> object:
    try:
        if is_too_deep(text, 2):
            raise ValueError("nested too deep")
        return json.loads(text, object_pairs_hook=_without_repetition)
    except ValueError as error:
        raise InvalidMessage("`choice` is no JSON", value=ascii(text)[:80], limit='such as {"1":3,"2":1}') from error


def _without_repetition(pairs: list[tuple[str, object]]) -> dict[str, object]:
    if len(dict(pairs)) < len(pairs):
        raise ValueError("a key stands twice")
    return dict(pairs)


def _same(what: str, found: str, expected: str) -> None:
    if found != expected:
        raise InvalidMessage(
            f"{what} is another one than this ballot's",
            value=ascii(found)[:100],
            limit=expected,
            next_step="The vote was not counted. Sign what this ballot shows",
        )
