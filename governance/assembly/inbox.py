"""What awaits a person: what can be done, until when, and what doing nothing means."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from dao_bot.domain.addresses import Address
from dao_bot.domain.lifecycle import State
from dao_bot.domain.simulation import SafeState
from dao_bot.engine.signing import batch_of
from dao_bot.safe.hashes import safe_hashes
from dao_bot.safe.state import read_safe
from dao_bot.store.values import StoredProposal
from governance.acts.ballot_box import Counted
from governance.acts.kinds import VOTED
from governance.acts.mandates import Mandate, proposed_mandates
from governance.acts.opened import OpenedBallot
from governance.acts.polls import polls
from governance.acts.stands import Stand
from governance.acts.terms import StewardTerms
from governance.assembly.freezing import Freezing
from governance.assembly.hall import Question
from governance.assembly.identity import Identity
from governance.assembly.receipts import Receipts
from governance.ballots.optimistic import Optimistic
from governance.ballots.written import told_choice
from governance.wallets.person import Person

VOTE, VETO, APPROVE, SIGN = "vote", "veto", "approve", "sign"


@dataclass(frozen=True, slots=True)
class Task:
    """One thing that a person, or a wallet, can do now.

    Attributes:
        subject: id of the proposal or mandate.
        do: `vote`, `veto` or `approve`; `sign` for an owner of the Safe.
        until: chain time; the batch's own deadline where nothing earlier ends it.
        otherwise: what doing nothing means, in words.
        done: what this person said already; None while nothing.
        signed: only a wallet's signature counts.
    """

    subject: str
    do: str
    title: str
    until: int
    otherwise: str
    done: str | None
    signed: bool


@dataclass(frozen=True, slots=True)
class Unsigned:
    """A proposal that waits for owners' signatures at the Safe's nonce that it was given.

    Attributes:
        signed: owners whose signature is in the record.
    """

    question: Question
    nonce: int
    owners: tuple[Address, ...]
    signed: tuple[Address, ...]
    threshold: int


class Inbox(Freezing, Receipts):
    """Everything that is open, seen by one person."""

    def inbox(self, identity: Identity) -> tuple[Task, ...]:
        """For a person, with the wallets that he linked and the roles that he has."""
        wallets = tuple(link.wallet for link in self._hall.register.links().wallets(identity.person))
        steward = None
        if "steward" in identity.roles:
            steward = next((wallet for wallet in self._hall.stewards.values() if wallet in wallets), None)
        return tuple(self._tasks(wallets, steward))

    def inbox_of(self, wallet: Address) -> tuple[Task, ...]:
        """For one wallet, which will sign what it does."""
        return tuple(self._tasks((wallet,), wallet if wallet in self._hall.stewards.values() else None))

    def not_voted(self, subject_id: str) -> tuple[Person, ...]:
        """Persons with linked wallets that have power in an open vote and have not voted: for reminders."""
        opened = self._opened(subject_id)
        if self._hall.box.closed(opened) is not None:
            return ()
        voted = {act.actor for act in self._hall.store.acts(opened.ballot.id, VOTED)}
        waiting: dict[Person, bool] = {}
        for link in self._hall.register.links().linked():
            wallet = link.wallet.lower()
            if wallet in voted:
                waiting[link.person] = False
            elif opened.power.of(wallet):
                waiting.setdefault(link.person, True)
        return tuple(person for person, waits in waiting.items() if waits)

    def saw_card(self, subject_id: str, *, visible: bool, healthy: bool) -> None:
        """What a front door saw of a card now: at intervals and at every change. Veto windows run on this alone."""
        question, good = self.question(subject_id), visible and healthy and self.frozen() is None
        terms = question.terms.ballot
        if terms is not None and isinstance(terms.method, Optimistic):
            self._hall.box.saw(question.subject.id, terms.method, self._hall.clock.now(), good=good)

    def awaiting(self) -> tuple[Question, ...]:
        """Everything open that asks people something: proposals, the oldest first, then mandates, then questions."""
        stored = self._hall.store.open_proposals(self._hall.treasury.safe)
        now = self._hall.clock.now()
        asked = [poll.hash for poll in polls(self._hall.store) if now <= poll.subject.valid_until]
        others = [*(one.hash for one in self._open_mandates()), *asked]
        questions = [*map(self._question, stored), *map(self.question, others)]
        return tuple(one for one in questions if one.terms.stewards or one.terms.ballot)

    def unsigned(self) -> tuple[Unsigned, ...]:
        """Everything that waits for owners' signatures, the oldest first; the chain is read where there is any."""
        stored = self._hall.store.open_proposals(self._hall.treasury.safe)
        queued = [one for one in stored if one.state is State.QUEUED]
        if not queued:
            return ()
        safe = self._run(read_safe(self._hall.treasury.safe))
        return tuple(self._unsigned(one, safe) for one in queued)

    def _unsigned(self, stored: StoredProposal, safe: SafeState) -> Unsigned:
        transaction = batch_of(stored)
        hashes = safe_hashes(self._hall.treasury.chain_id, self._hall.treasury.safe, transaction)
        made = {each.owner for each in self._hall.store.signatures(hashes.safe_tx)}
        signed = tuple(owner for owner in safe.owners if owner in made)
        return Unsigned(self._question(stored), transaction.nonce, safe.owners, signed, safe.threshold)

    def _open_mandates(self) -> Iterator[Mandate]:
        now = self._hall.clock.now()
        for proposed in proposed_mandates(self._hall.store):
            if now <= proposed.mandate.expires:
                yield proposed.mandate

    def _tasks(self, wallets: tuple[Address, ...], steward: Address | None) -> Iterator[Task]:
        for question in self.awaiting():
            opened = self._hall.box.find(question.subject.id)
            if opened is not None and (question.stored is None or question.stored.state is State.ACTIVE):
                yield from self._votes(question, opened, wallets)
            if steward is not None and question.terms.stewards is not None:
                yield self._word(question, question.terms.stewards, steward)
        for waiting in self.unsigned():
            yield from (_signature(waiting, wallet) for wallet in wallets if wallet in waiting.owners)

    def _votes(self, question: Question, opened: OpenedBallot, wallets: tuple[Address, ...]) -> Iterator[Task]:
        power = sum(self._hall.box.power_of(opened, wallets).values()) if wallets else 0
        counted = self._hall.box.count(opened)
        if not power or counted.closed is not None:
            return
        names = {wallet.lower() for wallet in wallets}
        mine = [vote.choice for vote in counted.votes if vote.wallet in names]
        optimistic = isinstance(opened.ballot.method, Optimistic)
        yield Task(
            question.subject.id,
            VETO if optimistic else VOTE,
            question.title,
            counted.tally.ends or question.subject.valid_until,
            _otherwise(counted, optimistic=optimistic),
            "; ".join(told_choice(opened.ballot.method, choice) for choice in mine) or None,
            opened.signed,
        )

    def _word(self, question: Question, terms: StewardTerms, steward: Address) -> Task:
        subject, needed = question.subject, terms.approvals
        said = next((stood for stood in self.stands(subject.id) if stood.wallet == steward), None)
        return Task(
            subject.id,
            APPROVE if needed else VETO,
            question.title,
            subject.valid_until,
            f"without {needed} approvals it expires" if needed else "without a veto it goes on",
            None if said is None or said.stand is Stand.WITHDRAW else said.stand.value,
            bool(needed) and question.terms.must_be_signed(subject.value),
        )


def _signature(waiting: Unsigned, owner: Address) -> Task:
    subject = waiting.question.subject
    count = f"{len(waiting.signed)} of {waiting.threshold} owners have signed"
    return Task(
        subject.id,
        SIGN,
        waiting.question.title,
        subject.valid_until,
        f"{count}; without the rest it expires",
        "signed" if owner in waiting.signed else None,
        signed=True,
    )


def _otherwise(counted: Counted, *, optimistic: bool) -> str:
    if optimistic:
        return "without enough vetoes it passes"
    outcome = counted.tally.outcome
    return f"as the vote stands, it {'passes' if outcome.passed else 'fails'}: {outcome.reason}"
