"""Votes: cast through a chat by a person's linked wallets, or signed by one wallet; recorded once, receipted."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from dao_bot.domain.addresses import Address
from dao_bot.domain.errors import Refused
from dao_bot.store.values import StoredAct
from governance.acts.ballot_box import Counted
from governance.acts.freeze import frozen
from governance.acts.kinds import VOTED
from governance.acts.opened import OpenedBallot
from governance.acts.register import seat
from governance.assembly.hall import Part, key_of
from governance.assembly.identity import Identity
from governance.ballots.vote import Vote, vote_from_record
from governance.wallets.rfc3339 import format_time
from governance.wallets.signatures import parse_signature
from governance.wallets.signed_ballot import BallotPaper, SignedBallot, sign_off
from governance.wallets.typed_data import VoteMessage
from governance.wallets.vote_message import parse_vote

LONGEST_REASON = 500


@dataclass(frozen=True, slots=True)
class VoteRecorded:
    """What was recorded; it is handed out after the commit, so it may be shown as recorded.

    Attributes:
        votes: one for each wallet; their receipts show the voter that they are in the tally.
        power: of all of them, 10^-6, without what others delegated.
        again: this very act had been recorded before; nothing was recorded now.
        changed: an earlier vote of one of these wallets was replaced.
    """

    ballot: str
    votes: tuple[Vote, ...]
    power: int
    again: bool
    changed: bool


class Voting(Part):
    """A vote exists when it is committed, not when somebody clicked."""

    def paper(self, subject_id: str) -> BallotPaper:
        """What a signature on this vote must name.

        Raises:
            NotFound: no vote was opened on it.
        """
        return self._opened(subject_id).paper

    def message(
        self, subject_id: str, wallet: Address, choice: int | Sequence[int] | Mapping[str, int], reason: str = ""
    ) -> VoteMessage:
        """What this wallet has to sign now to vote so; `typed_data()` is for the wallet, and for `cast_signed`.

        Raises:
            NotFound, InvalidChoice: there is no such vote, or no such choice in it.
        """
        opened = self._opened(subject_id)
        last = _signed_at(self._hall.box.last_vote(opened, wallet))
        now = self._hall.clock.now()
        return opened.paper.message(wallet, choice, now if last is None else max(now, last + 1), _clean(reason))

    def cast(self, identity: Identity, subject_id: str, choice: object, key: str, reason: str = "") -> VoteRecorded:
        """Vote with all wallets that are linked to a person.

        Args:
            choice: in the form of the ballot's kind: 1 for, 2 against, 3 abstain.
            key: identity of the click or message, unique within the front door. The same again records nothing.

        Raises:
            NotFound, Refused, InvalidChoice: it cannot be cast, and why; nothing was recorded.
        """
        hall = self._hall
        opened = self._opened(subject_id)
        if opened.signed:
            raise Refused(
                "in this vote only votes that wallets signed count",
                value=f"a vote through {identity.through}",
                next_step="Sign it on the wallet page, or with `dao-bot vote`",
            )
        held = frozen(hall.store)
        if held is not None:
            raise Refused(
                f"votes through {identity.through} are stopped since {format_time(held.at)}",
                value=held.reason,
                next_step="Sign your vote with your wallet: that is not stopped",
            )
        canonical = opened.ballot.method.parse(choice)
        now = self._in_time(opened)
        person = identity.person
        wallets = [link.wallet for link in hall.register.links().wallets(person)]
        voters = [*wallets, seat(person)] if self._has_seats(opened) else list(wallets)
        power = {voter: units for voter, units in hall.box.power_of(opened, voters).items() if units}
        if not power:
            raise Refused(
                "you have no voting power in this vote",
                value=f"{len(wallets)} linked wallets at block {opened.moment.block.number}",
                next_step="Link the wallet that held your tokens before the proposal" if not wallets else None,
            )
        name = f"{identity.through} {person}"
        votes = [
            (Vote(opened.ballot.id, name, wallet, units, canonical, now, 0), key_of("vote", person, key, wallet))
            for wallet, units in power.items()
        ]
        return self._record_votes(
            opened, votes, {"signed": None, "through": identity.through, "reason": _clean(reason)}
        )

    def cast_signed(self, subject_id: str, typed: object, signature: str, through: str = "wallet") -> VoteRecorded:
        """Vote with a wallet's signature over the ballot's paper (EIP-712, Snapshot's format). It counts for itself.

        Raises:
            NotFound, Refused, InvalidMessage, InvalidSignature, InvalidChoice: it cannot be cast, and why.
        """
        hall = self._hall
        opened = self._opened(subject_id)
        message = parse_vote(typed)
        key = key_of("signed vote", opened.ballot.id, message.digest, parse_signature(signature))
        known = hall.store.act(key)
        if known is not None:
            return self._recorded(opened, [known], again=True, changed=False)
        now = self._in_time(opened)
        last = hall.box.last_vote(opened, message.sender)
        signed: SignedBallot = self._run(sign_off(opened.paper, typed, signature, now, _signed_at(last)))
        wallet = signed.proof.wallet.lower()
        power = hall.box.power_of(opened, [wallet])[wallet]
        if not power:
            raise Refused(
                "this wallet has no voting power in this vote",
                value=f"{signed.proof.wallet} at block {opened.moment.block.number}",
                next_step="Sign with the wallet that held your tokens before the proposal",
            )
        vote = dataclasses.replace(signed.vote(opened.paper, "its wallet", power, now, 0), wallet=wallet)
        body: dict[str, object] = {
            "signed": signed.record(),
            "through": through,
            "reason": _clean(signed.message.reason),
        }
        return self._record_votes(opened, [(vote, key)], body)

    def tally(self, subject_id: str) -> Counted:
        """The count as the record has it now; final once the ballot is closed.

        Raises:
            NotFound: no vote was opened on it.
        """
        return self._hall.box.count(self._opened(subject_id))

    def _opened(self, subject_id: str) -> OpenedBallot:
        return self._hall.box.get(self.question(subject_id).subject.id)

    def _in_time(self, opened: OpenedBallot) -> int:
        now, end = self._hall.clock.now(), opened.latest_end
        if self._hall.box.closed(opened) is not None or (end is not None and now > end):
            raise Refused(
                "this vote is over; nothing was recorded",
                value=format_time(now),
                limit=None if end is None else f"until {format_time(end)}",
            )
        return now

    def _has_seats(self, opened: OpenedBallot) -> bool:
        return self._hall.box.unit(opened) == "seat"

    def _record_votes(
        self, opened: OpenedBallot, votes: list[tuple[Vote, str]], body: dict[str, object]
    ) -> VoteRecorded:
        store, recorded, again, changed = self._hall.store, [], False, False
        with store.transaction("vote"):
            if self._hall.box.closed(opened) is not None:
                raise Refused("this vote was closed a moment ago; nothing was recorded")
            self._require_newest(opened, votes, body)
            for vote, key in votes:
                before = self._hall.box.last_vote(opened, vote.wallet)
                act, new = store.record_act(
                    opened.ballot.id, VOTED, vote.wallet, key, vote.at, {**vote.record(), **body}
                )
                recorded.append(act)
                again |= not new
                changed |= new and before is not None
        return self._recorded(opened, recorded, again=again, changed=changed)

    def _require_newest(self, opened: OpenedBallot, votes: list[tuple[Vote, str]], body: Mapping[str, object]) -> None:
        """Once more, where nobody can come between: an old signed message must not undo a vote that was changed."""
        signed = body["signed"]
        if not isinstance(signed, dict):
            return
        last = _signed_at(self._hall.box.last_vote(opened, votes[0][0].wallet))
        if last is not None and signed["data"]["message"]["timestamp"] <= last:
            raise Refused("the wallet has signed a later vote on this ballot; nothing was recorded")

    def _recorded(self, opened: OpenedBallot, acts: list[StoredAct], *, again: bool, changed: bool) -> VoteRecorded:
        votes = tuple(vote_from_record(opened.ballot.method, act.body, act.number) for act in acts)
        return VoteRecorded(opened.ballot.id, votes, sum(vote.power for vote in votes), again, changed)


def _signed_at(last: StoredAct | None) -> int | None:
    """When the last vote of a wallet was signed; after one through a chat, only what was signed since then counts."""
    if last is None:
        return None
    signed = last.body["signed"]
    return last.at - 1 if signed is None else int(signed["data"]["message"]["timestamp"])


def _clean(reason: str) -> str:
    """One line that can be stored and shown."""
    return "".join(character if character.isprintable() else " " for character in reason)[:LONGEST_REASON]
