"""What awaits a person: what can be done, until when, and what doing nothing means."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from dao_bot.domain.addresses import Address
from dao_bot.domain.lifecycle import State
from dao_bot.store.values import StoredProposal
from governance.acts.ballot_box import Counted
from governance.acts.kinds import VOTED
from governance.acts.opened import OpenedBallot
from governance.acts.stands import Stand
from governance.acts.subject import subject_of
from governance.assembly.freezing import Freezing
from governance.assembly.identity import Identity
from governance.assembly.receipts import Receipts
from governance.ballots.optimistic import Optimistic
from governance.wallets.person import Person

VOTE, VETO, APPROVE = "vote", "veto", "approve"


@dataclass(frozen=True, slots=True)
class Task:
    """One thing that a person, or a wallet, can do now.

    Attributes:
        do: `vote`, `veto` or `approve`.
        until: chain time; the batch's own deadline where nothing earlier ends it.
        otherwise: what doing nothing means, in words.
        done: what this person said already; None while nothing.
        signed: only a wallet's signature counts.
    """

    proposal: str
    do: str
    title: str
    until: int
    otherwise: str
    done: str | None
    signed: bool


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

    def not_voted(self, proposal_id: str) -> tuple[Person, ...]:
        """Persons with linked wallets that have power in an open vote and have not voted: for reminders."""
        opened = self._hall.box.get(self.proposal(proposal_id).id)
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

    def saw_card(self, proposal_id: str, *, visible: bool, healthy: bool) -> None:
        """What a front door saw of a card now: at intervals and at every change. Veto windows run on this alone."""
        good = visible and healthy and self.frozen() is None
        self._hall.store.record_sighting(self.proposal(proposal_id).id, self._hall.clock.now(), good=good)

    def awaiting(self) -> tuple[StoredProposal, ...]:
        """Open proposals whose rule asks people something, oldest first."""
        open_ = self._hall.store.open_proposals(self._hall.treasury.safe)
        terms = ((stored, self.terms(stored)) for stored in open_)
        return tuple(stored for stored, asks in terms if asks.stewards or asks.ballot)

    def _tasks(self, wallets: tuple[Address, ...], steward: Address | None) -> Iterator[Task]:
        for stored in self.awaiting():
            opened = self._hall.box.find(stored.id)
            if opened is not None and stored.state is State.ACTIVE:
                yield from self._votes(stored, opened, wallets)
            if steward is not None and self.terms(stored).stewards is not None:
                yield self._word(stored, steward)

    def _votes(self, stored: StoredProposal, opened: OpenedBallot, wallets: tuple[Address, ...]) -> Iterator[Task]:
        power = sum(self._hall.box.power_of(opened, wallets).values()) if wallets else 0
        counted = self.tally(stored.id)
        if not power or counted.closed is not None:
            return
        names = {wallet.lower() for wallet in wallets}
        mine = [vote.choice for vote in counted.votes if vote.wallet in names]
        optimistic = isinstance(opened.ballot.method, Optimistic)
        yield Task(
            stored.id,
            VETO if optimistic else VOTE,
            stored.proposal.decision.reason,
            counted.tally.ends or stored.proposal.batch.valid_until,
            _otherwise(counted, optimistic=optimistic),
            ", ".join(_said(opened, choice) for choice in mine) or None,
            opened.signed,
        )

    def _word(self, stored: StoredProposal, steward: Address) -> Task:
        subject = subject_of(stored)
        said = next((stood for stood in self.stands(stored.id) if stood.wallet == steward), None)
        terms = self.terms(stored)
        needed = terms.stewards.approvals if terms.stewards else 0
        return Task(
            stored.id,
            APPROVE if needed else VETO,
            stored.proposal.decision.reason,
            subject.valid_until,
            f"without {needed} approvals it expires" if needed else "without a veto it goes on",
            None if said is None or said.stand is Stand.WITHDRAW else said.stand.value,
            terms.must_be_signed(subject.value),
        )


def _otherwise(counted: Counted, *, optimistic: bool) -> str:
    if optimistic:
        return "without enough vetoes it passes"
    outcome = counted.tally.outcome
    return f"as the vote stands, it {'passes' if outcome.passed else 'fails'}: {outcome.reason}"


def _said(opened: OpenedBallot, choice: object) -> str:
    options = opened.ballot.method.options
    return options[choice - 1] if isinstance(choice, int) else str(choice)
