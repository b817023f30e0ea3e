"""Votes: cast through a chat by a person's linked wallets, or signed by one wallet; recorded once, receipted."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from dao_bot.domain.addresses import Address
from dao_bot.domain.errors import DaoBotError, Refused
from dao_bot.domain.lifecycle import State
from dao_bot.store.acts import Act
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
_WHOLE = 66
"""Characters of an id: 0x and 64 hex digits."""


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


@dataclass(frozen=True, slots=True)
class Cast:
    """A vote through a chat, to be cast.

    Attributes:
        choice: in the form of the ballot's kind: 1 for, 2 against, 3 abstain.
        key: identity of the click or message, unique within the front door. The same again records nothing.
    """

    identity: Identity
    subject_id: str
    choice: object
    key: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class _Prepared:
    """Votes of one cast, each with its key, and what stands beside them in their events."""

    opened: OpenedBallot
    votes: list[tuple[Vote, str]]
    body: Mapping[str, object]


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
        """Vote with all wallets that are linked to a person; see `Cast`.

        Raises:
            NotFound, Refused, InvalidChoice: it cannot be cast, and why; nothing was recorded.
        """
        (done,) = self.cast_all([Cast(identity, subject_id, choice, key, reason)])
        if isinstance(done, DaoBotError):
            raise done
        return done

    def cast_all(self, casts: Sequence[Cast]) -> list[VoteRecorded | DaoBotError]:
        """Many votes in one commit, for a burst of clicks; for each what was recorded, or why not.

        Raises:
            StoreError, ChainError: none of them could be recorded.
        """
        opened: dict[str, OpenedBallot | DaoBotError] = {}
        for subject_id in dict.fromkeys(cast.subject_id for cast in casts):
            try:
                opened[subject_id] = self._open_to_chats(subject_id)
            except DaoBotError as error:
                opened[subject_id] = error
        links = self._hall.register.links()
        wallets = [[str(link.wallet) for link in links.wallets(cast.identity.person)] for cast in casts]
        power, now = self._power_of_all(opened, casts, wallets), self._hall.clock.now()
        prepared: list[_Prepared | DaoBotError] = []
        for cast, linked in zip(casts, wallets, strict=True):
            ballot = opened[cast.subject_id]
            try:
                if isinstance(ballot, DaoBotError):
                    raise ballot
                prepared.append(self._prepare(ballot, cast, linked, power[ballot.ballot.id], now))
            except DaoBotError as error:
                prepared.append(error)
        return self._record_votes(prepared)

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
            return _told(opened, [known], again=True, changed=False)
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
        (done,) = self._record_votes([_Prepared(opened, [(vote, key)], body)])
        if isinstance(done, DaoBotError):
            raise done
        return done

    def tally(self, subject_id: str) -> Counted:
        """The count as the record has it now; final once the ballot is closed.

        The keeper closes ballots on batches. One on a question is closed here, when its end has passed.

        Raises:
            NotFound: no vote was opened on it.
        """
        opened, box = self._opened(subject_id), self._hall.box
        over = opened.latest_end is not None and self._hall.clock.now() > opened.latest_end
        closed = box.close(opened, self._hall.clock.block()) if over and self.question(subject_id).poll else None
        return closed or box.count(opened)

    def _opened(self, subject_id: str) -> OpenedBallot:
        # Whoever names it whole, as every button does, saves looking for what else begins so.
        known = self._hall.box.find(subject_id) if len(subject_id) == _WHOLE else None
        return known or self._hall.box.get(self.question(subject_id).subject.id)

    def _open_to_chats(self, subject_id: str) -> OpenedBallot:
        opened = self._opened(subject_id)
        if opened.signed:
            raise Refused(
                "in this vote only votes that wallets signed count",
                next_step="Sign it on the wallet page, or with `dao-bot vote`",
            )
        held = frozen(self._hall.store)
        if held is not None:
            raise Refused(
                f"votes through chats are stopped since {format_time(held.at)}",
                value=held.reason,
                next_step="Sign your vote with your wallet: that is not stopped",
            )
        self._in_time(opened)
        return opened

    def _in_time(self, opened: OpenedBallot) -> int:
        """The chain's time, if a vote can still count."""
        if opened.subject.is_batch:
            state = self.proposal(opened.subject.id).state
            if state is not State.ACTIVE:
                raise Refused("this proposal is not open to votes any more; nothing was recorded", value=state)
        now, end = self._hall.clock.now(), opened.latest_end
        if self._hall.box.closed(opened) is not None or (end is not None and now > end):
            raise Refused(
                "this vote is over; nothing was recorded",
                value=format_time(now),
                limit=None if end is None else f"until {format_time(end)}",
            )
        return now

    def _power_of_all(
        self, opened: Mapping[str, OpenedBallot | DaoBotError], casts: Sequence[Cast], wallets: Sequence[list[str]]
    ) -> dict[str, dict[str, int]]:
        """Power of everybody who votes, by ballot; who is not known yet is read in one go."""
        voters: dict[str, tuple[OpenedBallot, list[str]]] = {}
        for cast, linked in zip(casts, wallets, strict=True):
            ballot = opened[cast.subject_id]
            if not isinstance(ballot, DaoBotError):
                known = voters.setdefault(ballot.ballot.id, (ballot, []))[1]
                known += [*linked, seat(cast.identity.person)] if self._has_seats(ballot) else linked
        return {ballot_id: self._hall.box.power_of(ballot, names) for ballot_id, (ballot, names) in voters.items()}

    def _prepare(
        self, opened: OpenedBallot, cast: Cast, wallets: list[str], power: Mapping[str, int], now: int
    ) -> _Prepared:
        person, through = cast.identity.person, cast.identity.through
        canonical = opened.ballot.method.parse(cast.choice)
        voters = [*wallets, seat(person)] if self._has_seats(opened) else wallets
        counting = {name: power[name] for name in (voter.lower() for voter in voters) if power[name]}
        if not counting:
            raise Refused(
                "you have no voting power in this vote",
                value=f"{len(wallets)} linked wallets at block {opened.moment.block.number}",
                next_step="Link the wallet that held your tokens before the proposal; what it got later does not count",
            )
        ballot_id = opened.ballot.id
        votes = [
            (
                Vote(ballot_id, f"{through} {person}", wallet, units, canonical, now, 0),
                key_of("vote", person, cast.key, wallet),
            )
            for wallet, units in counting.items()
        ]
        return _Prepared(opened, votes, {"signed": None, "through": through, "reason": _clean(cast.reason)})

    def _has_seats(self, opened: OpenedBallot) -> bool:
        return self._hall.box.unit(opened) == "seat"

    def _record_votes(self, prepared: Sequence[_Prepared | DaoBotError]) -> list[VoteRecorded | DaoBotError]:
        """All that can be recorded, in one transaction; nobody else records anything meanwhile."""
        store, box = self._hall.store, self._hall.box
        done: list[VoteRecorded | DaoBotError] = []
        with store.transaction("votes"):
            ballots = {one.opened.ballot.id: one.opened for one in prepared if isinstance(one, _Prepared)}
            last = {ballot_id: dict(box.last_votes(opened)) for ballot_id, opened in ballots.items()}
            closed = {ballot_id for ballot_id, opened in ballots.items() if box.closed(opened) is not None}
            accepted = [_still(one, closed, last) for one in prepared]
            acts = [
                Act(vote.ballot, VOTED, vote.wallet, key, vote.at, {**vote.record(), **one.body})
                for one in accepted
                if isinstance(one, _Prepared)
                for vote, key in one.votes
            ]
            recorded = iter(store.record_acts(acts))
            for one in accepted:
                if isinstance(one, DaoBotError):
                    done.append(one)
                    continue
                mine = [next(recorded) for _ in one.votes]
                changed = any(new and act.actor in last[act.subject] for act, new in mine)
                again = not any(new for _, new in mine)
                done.append(_told(one.opened, [act for act, _ in mine], again=again, changed=changed))
        return done


def _still(
    one: _Prepared | DaoBotError, closed: set[str], last: Mapping[str, Mapping[str, StoredAct]]
) -> _Prepared | DaoBotError:
    """Once more, where nobody can come between: it is open, and an old signed message undoes no later vote."""
    if isinstance(one, DaoBotError):
        return one
    if one.opened.ballot.id in closed:
        return Refused("this vote was closed a moment ago; nothing was recorded")
    signed = one.body["signed"]
    if isinstance(signed, dict):
        before = _signed_at(last[one.opened.ballot.id].get(one.votes[0][0].wallet))
        if before is not None and signed["data"]["message"]["timestamp"] <= before:
            return Refused("the wallet has signed a later vote on this ballot; nothing was recorded")
    return one


def _told(opened: OpenedBallot, acts: list[StoredAct], *, again: bool, changed: bool) -> VoteRecorded:
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
