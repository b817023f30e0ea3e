"""What the parts of the assembly have in common."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from dao_bot.chain.endpoints import Endpoints
from dao_bot.chain.plan import Plan
from dao_bot.chain.provider import Treasury
from dao_bot.domain.addresses import Address
from dao_bot.domain.errors import BadInput
from dao_bot.domain.hashing import digest
from dao_bot.domain.runs import Block
from dao_bot.engine.approvals import ApprovalRule
from dao_bot.store.store import Store
from dao_bot.store.values import StoredProposal
from governance.acts.ballot_box import BallotBox
from governance.acts.mandates import ProposedMandate, proposed_mandates
from governance.acts.polls import Poll, polls
from governance.acts.register import Register
from governance.acts.subject import Subject, subject_of
from governance.acts.terms import Terms
from governance.approvals.judge import PeopleRule

Named = TypeVar("Named")
_SHORTEST = 6
"""Hex digits by which a mandate or a question can be named, as for proposals."""


class ChainClock:
    """The chain's time, which decides everything; it never goes back while the program runs.

    Args:
        keep: seconds for which an answer is used again, so that a burst of clicks is not a burst of requests.
    """

    def __init__(self, endpoints: Endpoints, keep: float) -> None:
        self._endpoints = endpoints
        self._keep = keep
        self._lock = threading.Lock()
        self._block: Block | None = None
        self._read_at = 0.0

    def block(self) -> Block:
        """The newest block, or one that was the newest a moment ago."""
        with self._lock:
            now = time.monotonic()
            if self._block is None or now - self._read_at >= self._keep:
                block = self._endpoints.pin()
                if self._block is None or block.number >= self._block.number:
                    self._block = block
                self._read_at = now
            return self._block

    def now(self) -> int:
        """Its time, epoch seconds."""
        return self.block().timestamp


@dataclass(frozen=True, slots=True)
class Hall:
    """One treasury and its people.

    Attributes:
        stewards: wallets by name.
        unfreeze: how many stewards' wallets end a freeze.
        rules: approval rules by their names in the config.
    """

    treasury: Treasury
    endpoints: Endpoints
    store: Store
    clock: ChainClock
    register: Register
    box: BallotBox
    stewards: Mapping[str, Address]
    unfreeze: int
    rules: Mapping[str, ApprovalRule]

    @property
    def space(self) -> str:
        """The treasury as an account of its chain (CAIP-10); signatures name it."""
        return self.treasury.space


@dataclass(frozen=True, slots=True)
class Question:
    """One thing that people decide on.

    Attributes:
        terms: what its rule asks of people.
        rule: the rule's name in the config.
        title: one line for people; text of a strategy, to be shown as text.
        mandate, stored, poll: the one of these that it is.
    """

    subject: Subject
    terms: Terms
    rule: str
    title: str
    mandate: ProposedMandate | None
    stored: StoredProposal | None
    poll: Poll | None = None


class Part:
    """Base of the assembly's parts; each is one concern, and `Assembly` is all of them."""

    def __init__(self, hall: Hall) -> None:
        self._hall = hall

    def proposal(self, proposal_id: str) -> StoredProposal:
        """By its id or the beginning of it; only of this treasury.

        Raises:
            BadInput, NotFound: there is no such one here.
        """
        stored = self._hall.store.proposal(proposal_id if proposal_id.startswith("0x") else f"0x{proposal_id}")
        batch, treasury = stored.proposal.batch, self._hall.treasury
        if (batch.chain_id, batch.safe) != (treasury.chain_id, treasury.safe):
            raise BadInput(
                "this proposal was made for another Safe", value=batch.safe, limit=f"{treasury.safe}, this treasury"
            )
        return stored

    def question(self, subject_id: str) -> Question:
        """What people are asked, by the id of a proposal, a mandate or a question, or the beginning of it.

        Raises:
            BadInput, NotFound: there is no such one here.
        """
        mandate = _begins(proposed_mandates(self._hall.store), lambda one: one.mandate.hash, subject_id)
        if mandate is not None:
            rule, title = mandate.mandate.rule, mandate.mandate.title
            return Question(mandate.subject, self._terms(rule), rule, title, mandate, None)
        poll = _begins(polls(self._hall.store), lambda poll: poll.hash, subject_id)
        if poll is not None:
            return Question(poll.subject, Terms(ballot=poll.terms), "question", poll.title, None, None, poll)
        return self._question(self.proposal(subject_id))

    def _question(self, stored: StoredProposal) -> Question:
        rule = stored.proposal.approval_rule
        return Question(subject_of(stored), self._terms(rule), rule, stored.proposal.decision.reason, None, stored)

    def _terms(self, rule: str) -> Terms:
        """What a rule asks of people; nothing where it asks nobody."""
        found = self._hall.rules.get(rule)
        return found.terms if isinstance(found, PeopleRule) else Terms()

    def _run(self, plan: Plan[Any]) -> Any:
        """One plan at the newest block."""
        return self._hall.endpoints.read(self._hall.clock.block(), [plan])[0]


def _begins(found: Iterable[Named], hash_of: Callable[[Named], str], beginning: str) -> Named | None:
    """The one whose hash begins so, if it is the only one."""
    digits = beginning.lower().removeprefix("0x")
    if len(digits) < _SHORTEST:
        return None
    named = [one for one in found if hash_of(one)[2:].startswith(digits)]
    return named[0] if len(named) == 1 else None


def key_of(*parts: object) -> str:
    """The identity of one act, from what makes it that one."""
    return digest(parts)
