"""Ballots in the record: opened once, filled vote by vote, closed once; everything in between can be counted again."""

from __future__ import annotations

import dataclasses
import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from dao_bot.chain.endpoints import Endpoints
from dao_bot.chain.plan import Plan
from dao_bot.chain.provider import Treasury
from dao_bot.domain.errors import NotFound
from dao_bot.domain.runs import Block
from dao_bot.store.values import StoredAct
from governance.acts.kinds import BALLOT_CLOSED, BALLOT_OPENED, CARD_SEEN, POWER_READ, VOTED
from governance.acts.opened import OpenedBallot, opened_ballot, opened_body
from governance.acts.proven import vote_counts
from governance.acts.register import Register
from governance.acts.subject import Subject
from governance.acts.terms import BallotTerms
from governance.ballots.ballot import Ballot
from governance.ballots.delegation import DelegatedPower, Delegation, in_force
from governance.ballots.errors import InvalidBallot
from governance.ballots.optimistic import Optimistic
from governance.ballots.tally import Tally, counted_votes, tally
from governance.ballots.veto_window import Seen, Sighting, closes_at, seen_times
from governance.ballots.vote import Vote, vote_from_record
from governance.power.blocks import block_before, final_before
from governance.power.source import Moment, Unit
from governance.power.tier import Tier, take_snapshot
from governance.wallets.linking import link_holds
from governance.wallets.signed_ballot import ballot_holds, signed_ballot_from_record

if TYPE_CHECKING:
    from dao_bot.store.store import Store


KEEPER = "keeper"
_POWER = "power"
_WATCH = "watch"
_LONGEST_SEEN = 3600
"""Seconds of a card's sightings after which the record is told of them, if nothing ends them before."""


@dataclass(frozen=True, slots=True)
class Counted:
    """One count of a ballot.

    Attributes:
        votes: those that count, in the order of the record.
        closed: number of the event that closed it; None while it is open, when all this may change.
        void: wallets whose contracts did not confirm their vote, link or delegation any more when it was closed.
        seen: when the card was seen, on which a veto window runs; by the record alone once it is closed.
    """

    opened: OpenedBallot
    tally: Tally
    votes: tuple[Vote, ...]
    closed: int | None
    void: frozenset[str]
    seen: tuple[Seen, ...] = ()


@dataclass(slots=True)
class _Box:
    """One ballot as far as the record was read."""

    opened: OpenedBallot
    read: int
    power: dict[str, int]
    votes: list[Vote] = field(default_factory=list)
    acts: dict[int, StoredAct] = field(default_factory=dict)
    last: dict[str, StoredAct] = field(default_factory=dict)
    seen: list[Seen] = field(default_factory=list)
    closed: StoredAct | None = None


class BallotBox:
    """Safe for several threads. Reads of the chain are made before, never inside, a transaction of the store."""

    def __init__(
        self, treasury: Treasury, endpoints: Endpoints, store: Store, register: Register, tiers: Mapping[str, object]
    ) -> None:
        self._treasury = treasury
        self._endpoints = endpoints
        self._store = store
        self._register = register
        self._tiers = tiers
        self._lock = threading.RLock()
        self._boxes: dict[str, _Box] = {}

    def open(
        self, subject: Subject, terms: BallotTerms, now: Block, *, signed: bool, power_at: Block | None = None
    ) -> OpenedBallot:
        """The ballot on a subject; opened now where it is not yet. Power is read of all wallets that are known.

        Args:
            power_at: the block at which it is read; the newest final one before the subject when it is left out.

        Raises:
            PowerUnreadable, InvalidPowerSource, ChainError: it cannot be opened as the config says; it stays closed.
        """
        known = self.find(subject.id)
        if known is not None:
            return known
        tier = self._tier(terms.tier)
        block = power_at or final_before(self._endpoints, now, subject.at, self._treasury.finality)
        earlier = None
        if tier.minimum_age:
            earlier = block_before(self._endpoints, block, block.timestamp - tier.minimum_age + 1)
        moment = Moment(block, self._register.roles())
        orders = in_force(self._orders(now, signed=signed), now.timestamp)
        voters = {link.wallet.lower() for link in self._register.links().linked()}
        voters = {*voters, *orders, *orders.values()} if _has_wallets(tier) else voters
        power = take_snapshot(self._read, tier, sorted(voters), moment, before=subject.at, earlier=earlier)
        delegated = tuple(
            DelegatedPower(delegator, delegate, power.of(delegator))
            for delegator, delegate in orders.items()
            if power.of(delegator)
        )
        ends = None if terms.duration is None else now.timestamp + terms.duration
        ballot = Ballot(subject.id, terms.method, now.timestamp, ends, terms.late_swing, terms.transitive_delegation)
        body = opened_body(ballot, subject, moment, earlier, power, delegated, signed=signed)
        self._store.record_act(subject.id, BALLOT_OPENED, KEEPER, f"open {subject.id}", now.timestamp, body)
        return self.get(subject.id)

    def _orders(self, now: Block, *, signed: bool) -> tuple[Delegation, ...]:
        """Every order to delegate. Where wallets must sign, what was said in a chat can only take power back."""
        orders = self._register.delegations()
        if not signed:
            return orders
        proven = self._register.proven_delegations(self._treasury.space)
        contracts = [number for number, one in proven.items() if one.proof.contract]
        answers = self._endpoints.read(now, [proven[number].holds() for number in contracts]) if contracts else []
        denied = {number for number, holds in zip(contracts, answers, strict=True) if not holds}
        stand = proven.keys() - denied
        return tuple(
            order if order.sequence in stand else dataclasses.replace(order, delegate=None) for order in orders
        )

    def find(self, ballot_id: str) -> OpenedBallot | None:
        """The ballot as it was opened, or None while it is not."""
        box = self._box(ballot_id)
        return None if box is None else box.opened

    def get(self, ballot_id: str) -> OpenedBallot:
        """The ballot as it was opened.

        Raises:
            NotFound: no ballot was opened on this.
        """
        opened = self.find(ballot_id)
        if opened is None:
            raise NotFound(
                "there is no ballot on this",
                value=ballot_id,
                next_step="The keeper opens it when the proposal waits for approval, if its rule asks for a vote",
            )
        return opened

    def power_of(self, opened: OpenedBallot, voters: Iterable[str]) -> dict[str, int]:
        """Power of these voters at the ballot's block, in 10^-6, by lower-case name.

        Who was not known when it opened is read now, at the same block, and recorded; of two readings the first in the
        record counts.
        """
        names = dict.fromkeys(voter.lower() for voter in voters)
        known = self._opened_box(opened).power
        missing = [name for name in names if name not in known]
        if missing:
            tier = self._tier(opened.tier)
            read = take_snapshot(
                self._read, tier, missing, opened.moment, before=opened.subject.at, earlier=opened.earlier
            )
            from dao_bot.store.acts import Act

            ballot_id, at = opened.ballot.id, opened.ballot.opens
            self._store.record_acts(
                [
                    Act(
                        ballot_id,
                        POWER_READ,
                        _POWER,
                        f"power {ballot_id} {name}",
                        at,
                        {"wallet": name, "power": read.of(name)},
                    )
                    for name in missing
                ]
            )
            known = self._opened_box(opened).power
        return {name: known[name] for name in names}

    def unit(self, opened: OpenedBallot) -> Unit:
        """What its power counts."""
        return self._tier(opened.tier).sources[0].unit

    def last_votes(self, opened: OpenedBallot) -> Mapping[str, StoredAct]:
        """The last that each wallet voted, in time or not."""
        return self._opened_box(opened).last

    def last_vote(self, opened: OpenedBallot, wallet: str) -> StoredAct | None:
        """The last that a wallet voted, in time or not."""
        return self._store.last_act(opened.ballot.id, VOTED, wallet)

    def closed(self, opened: OpenedBallot) -> StoredAct | None:
        """The event that closed it. Inside a transaction nobody else can close it until that ends."""
        return self._store.last_act(opened.ballot.id, BALLOT_CLOSED)

    def saw(self, ballot_id: str, method: Optimistic, at: int, *, good: bool) -> None:
        """Whether the card of a ballot, open or yet to be opened, is there to be seen now, and all is well.

        Looks come every half a minute, so they are kept beside the record. Each time in which all was well becomes an
        event when it ends, when it has grown long, and when the ballot is closed. Afterwards nobody looks any more.
        """
        box = self._box(ballot_id)
        if box is not None and box.closed is not None:
            return
        with self._store.transaction("sighting"):
            self._store.record_sighting(ballot_id, at, good=good)
            self._tell_seen(ballot_id, method, _LONGEST_SEEN)

    def count(self, opened: OpenedBallot) -> Counted:
        """The votes that count as the record has them now; of a closed ballot, those that counted when it closed."""
        box = self._opened_box(opened)
        if box.closed is None:
            seen = self._seen(box)
            return self._count(box, _timed(box, seen), frozenset(), None, seen)
        ballot = dataclasses.replace(opened.ballot, ends=box.closed.body["ends"])
        return self._count(box, ballot, frozenset(box.closed.body["void"]), box.closed.number, tuple(box.seen))

    def close(self, opened: OpenedBallot, now: Block) -> Counted | None:
        """The final count, which is recorded when its end has passed; None before.

        Wallets that are contracts are asked once more whether their vote, link or delegation holds (EIP-1271).
        """
        box = self._opened_box(opened)
        if box.closed is not None:
            return self.count(opened)
        ballot = _timed(box, self._seen(box))
        if ballot.ends is None or now.timestamp <= ballot.ends:
            return None
        counted = self._count(box, ballot, frozenset(), None)
        if counted.tally.ends is None or now.timestamp <= counted.tally.ends:
            return None
        void = self._void(box, counted, now)
        with self._store.transaction("close_ballot"):
            box = self._opened_box(opened)
            if _timed(box, self._seen(box)) != ballot:
                return None  # a worse sighting came meanwhile
            final = self._count(box, ballot, void, None)
            if isinstance(ballot.method, Optimistic):
                self._tell_seen(ballot.id, ballot.method, 0)
            body = {"ends": ballot.ends, "void": sorted(void), "tally": final.tally.record()}
            at = now.timestamp
            self._store.record_act(opened.ballot.id, BALLOT_CLOSED, KEEPER, f"close {opened.ballot.id}", at, body)
        return self.count(opened)

    def _seen(self, box: _Box) -> tuple[Seen, ...]:
        """When the card was seen, by the record and by what it was not told yet."""
        ballot = box.opened.ballot
        if not isinstance(ballot.method, Optimistic):
            return ()
        return (*box.seen, *seen_times(ballot.method, self._sightings(ballot.id)))

    def _sightings(self, ballot_id: str) -> list[Sighting]:
        return [Sighting(at, good) for at, good in self._store.sightings(ballot_id)]

    def _tell_seen(self, ballot_id: str, method: Optimistic, longest: int) -> None:
        """Times that are over, or last for `longest` seconds, go into the record, and their looks are forgotten."""
        sightings = self._sightings(ballot_id)
        for seen in seen_times(method, sightings):
            if seen.end < sightings[-1].at or seen.end - seen.start >= longest:
                key, body = f"seen {ballot_id} {seen.start}", {"from": seen.start, "to": seen.end}
                self._store.record_act(ballot_id, CARD_SEEN, _WATCH, key, seen.end, body)
                self._store.forget_sightings(ballot_id, before=seen.end)

    def _count(
        self, box: _Box, ballot: Ballot, void: frozenset[str], closed: int | None, seen: tuple[Seen, ...] = ()
    ) -> Counted:
        votes = [vote for vote in box.votes if vote.wallet not in void]
        delegated = [order for order in box.opened.delegated if order.delegator not in void]
        return Counted(
            box.opened,
            tally(ballot, votes, delegated, until=closed),
            counted_votes(ballot, votes, until=closed),
            closed,
            void,
            seen,
        )

    def _void(self, box: _Box, counted: Counted, block: Block) -> frozenset[str]:
        """Wallets that are contracts and do not stand by what is counted for them."""
        contracts = {link.wallet.lower(): link for link in self._register.links().linked() if link.contract}
        plans: dict[str, Plan[bool]] = {}
        for vote in counted.votes:
            signed = box.acts[vote.sequence].body["signed"]
            if signed is None and vote.wallet in contracts:
                plans[vote.wallet] = link_holds(contracts[vote.wallet])
            elif signed is not None and signed["contract"]:
                plans[vote.wallet] = ballot_holds(signed_ballot_from_record(signed))
        for order in box.opened.delegated:
            if order.delegator in contracts and order.delegator not in plans:
                plans[order.delegator] = link_holds(contracts[order.delegator])
        answers = self._endpoints.read(block, list(plans.values())) if plans else []
        return frozenset(wallet for wallet, holds in zip(plans, answers, strict=True) if not holds)

    def _opened_box(self, opened: OpenedBallot) -> _Box:
        box = self._box(opened.ballot.id)
        assert box is not None, "an opened ballot stays in the record"
        return box

    def _box(self, ballot_id: str) -> _Box | None:
        """As the record has it now. Nothing about ballots is written in a transaction before this is read there."""
        with self._lock:
            box = self._boxes.get(ballot_id)
            if box is None:
                first = self._store.last_act(ballot_id, BALLOT_OPENED)
                if first is None:
                    return None
                opened = opened_ballot(self._treasury.chain_id, self._treasury.safe, first)
                box = self._boxes[ballot_id] = _Box(opened, first.number, dict(opened.power.power))
            for act in self._store.acts(ballot_id, VOTED, POWER_READ, CARD_SEEN, BALLOT_CLOSED, after=box.read):
                _take(box, act)
                box.read = act.number
            return box

    def _tier(self, name: str) -> Tier:
        tier = self._tiers.get(name)
        if not isinstance(tier, Tier):
            raise InvalidBallot(
                "there is no such kind of voting power",
                value=name,
                limit=", ".join(self._tiers) or "none is configured",
                next_step="Add it under governance.power",
            )
        return tier

    def _read(self, block: Block, plans: Any) -> list[Any]:
        return self._endpoints.read(block, plans)


def _take(box: _Box, act: StoredAct) -> None:
    if act.kind == POWER_READ:
        box.power.setdefault(act.body["wallet"], act.body["power"])
    elif act.kind == VOTED and vote_counts(box.opened, act):
        box.votes.append(vote_from_record(box.opened.ballot.method, act.body, act.number))
        box.acts[act.number] = box.last[act.actor] = act
    elif act.kind == CARD_SEEN:
        box.seen.append(Seen(act.body["from"], act.body["to"]))
    elif act.kind == BALLOT_CLOSED and box.closed is None:
        box.closed = act


def _timed(box: _Box, seen: tuple[Seen, ...]) -> Ballot:
    """With the end of its veto window, as far as that has run."""
    ballot = box.opened.ballot
    if not isinstance(ballot.method, Optimistic):
        return ballot
    return dataclasses.replace(ballot, ends=closes_at(ballot.method, seen, ballot.opens))


def _has_wallets(tier: Tier) -> bool:
    return all(source.unit != "seat" for source in tier.sources)
