"""Mandates: what people approve once, so that batches inside its bounds need no vote of their own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from dao_bot.domain.addresses import Address
from dao_bot.domain.errors import BadInput, Refused, StoreError
from dao_bot.domain.hashing import digest
from dao_bot.domain.proposals import Proposal
from dao_bot.domain.tokens import Amount, usd_value
from dao_bot.domain.units import WAD, format_ratio, format_units
from dao_bot.store.values import StoredAct, StoredProposal
from governance.acts.kinds import MANDATE_PROPOSED, MANDATE_USED, MANDATES
from governance.acts.subject import UNPRICED, Subject, outflow

if TYPE_CHECKING:
    from dao_bot.store.store import Store


@dataclass(frozen=True, slots=True)
class Mandate:
    """Bounds for the batches of one strategy. Its hash is what people approve; one changed bound is another mandate.

    Attributes:
        rule: the approval rule under which it is approved, which must be the strategy's.
        parameters: digest of the strategy's parameters, for people; the policy hash covers them too.
        policy_hash: as batches name it: with another policy, code or configuration it is worth nothing.
        tokens: the only ones that may move, sorted.
        total: USD (WAD) that all its batches together may take out of the Safe.
        window, per_window: seconds, and USD (WAD) that they may take within any of them.
        worst_price: WAD share of what a batch takes out that it may lose against the oracle's prices.
        expires: chain time after which nothing is approved by it, nor sent.
    """

    chain_id: int
    safe: Address
    strategy: str
    rule: str
    parameters: str
    policy_hash: str
    tokens: tuple[Address, ...]
    total: int
    window: int
    per_window: int
    worst_price: int
    expires: int

    def __post_init__(self) -> None:
        positive = {"total": self.total, "per_window": self.per_window, "window": self.window}
        for name, value in positive.items():
            if value <= 0:
                raise BadInput(f"the {name} of a mandate is not positive", value=value)
        if not 0 <= self.worst_price <= WAD:
            raise BadInput("the worst price of a mandate is not a share", value=self.worst_price, limit="0 to 100 %")
        if not self.tokens or list(self.tokens) != sorted(set(self.tokens)):
            raise BadInput("a mandate names its tokens, each once and sorted", value=", ".join(self.tokens))

    @property
    def hash(self) -> str:
        """0x-hex of 32 bytes."""
        return digest({"mandate": self.record()})

    def record(self) -> dict[str, object]:
        """For the record; integers that JSON may not keep stand as text."""
        amounts = {name: str(getattr(self, name)) for name in ("total", "per_window", "worst_price")}
        return {
            "chain_id": self.chain_id,
            "safe": self.safe,
            "strategy": self.strategy,
            "rule": self.rule,
            "parameters": self.parameters,
            "policy_hash": self.policy_hash,
            "tokens": list(self.tokens),
            "window": self.window,
            "expires": self.expires,
            **amounts,
        }

    @property
    def title(self) -> str:
        """One line for people."""
        return (
            f"Mandate for {self.strategy}: up to {format_units(self.total, 18, 2)} USD, "
            f"{format_units(self.per_window, 18, 2)} USD in {self.window} s, at most {format_ratio(self.worst_price)} "
            "below the oracle"
        )


@dataclass(frozen=True, slots=True)
class ProposedMandate:
    """A mandate in the record, and when and by whom it was proposed."""

    mandate: Mandate
    at: int
    by: str
    number: int

    @property
    def subject(self) -> Subject:
        """What is decided on."""
        mandate = self.mandate
        return Subject(mandate.hash, mandate.hash, self.at, mandate.expires, mandate.total)


def mandate_from_record(body: Mapping[str, Any]) -> Mandate:
    """What `Mandate.record` wrote.

    Raises:
        StoreError: it holds no mandate.
    """
    try:
        amounts = {name: int(body[name]) for name in ("total", "per_window", "worst_price")}
        values: dict[str, Any] = {**body, **amounts, "tokens": tuple(body["tokens"])}
        return Mandate(**values)
    except (KeyError, TypeError, ValueError) as error:
        raise StoreError("the record does not hold a mandate", value=repr(error)) from error


def proposed_mandate(act: StoredAct) -> ProposedMandate:
    """The mandate of an event."""
    return ProposedMandate(mandate_from_record(act.body["mandate"]), act.at, act.actor, act.number)


def proposed_mandates(store: Store) -> tuple[ProposedMandate, ...]:
    """All that were ever proposed, oldest first."""
    return tuple(proposed_mandate(act) for act in store.acts(MANDATES, MANDATE_PROPOSED))


def used_mandate(store: Store, proposal_id: str) -> str | None:
    """Hash of the mandate under which a batch was approved."""
    act = store.act(_use_key(proposal_id))
    return None if act is None else act.subject


def record_use(store: Store, mandate: Mandate, proposal_id: str, at: int) -> None:
    """That a batch is approved under a mandate: from now on its spending counts there."""
    store.record_act(mandate.hash, MANDATE_USED, proposal_id, _use_key(proposal_id), at, {"proposal": proposal_id})


def _use_key(proposal_id: str) -> str:
    return f"mandate for {proposal_id}"


def spent(store: Store, mandate: Mandate, since: int = 0, without: str | None = None) -> int:
    """USD (WAD) that batches under a mandate took at `since` or later, or may still take. Derived from outcomes and
    open proposals: what failed, expired or went stale counts no more.

    Raises:
        Refused: an executed proposal of the Safe moved something without a price.
    """
    used = {act.actor for act in store.acts(mandate.hash, MANDATE_USED)} - {without}
    return sum(move.usd for move in store.moves(mandate.safe, since) if move.proposal_id in used)


def outside(store: Store, mandate: Mandate, stored: StoredProposal, now: int) -> str | None:
    """Why a batch is not inside a mandate's bounds at the chain time `now`; None when it is."""
    return next(_breaches(store, mandate, stored, now), None)


def _breaches(store: Store, mandate: Mandate, stored: StoredProposal, now: int) -> Iterator[str]:
    proposal = stored.proposal
    batch = proposal.batch
    if (batch.chain_id, batch.safe, proposal.run.strategy) != (mandate.chain_id, mandate.safe, mandate.strategy):
        yield "the mandate is for something else"
    if batch.policy_hash != mandate.policy_hash:
        yield "the policy is not the one that the mandate names"
    if now > mandate.expires:
        yield "the mandate has expired"
    strange = _moved(proposal) - set(mandate.tokens)
    if strange:
        yield f"it moves tokens that the mandate does not name: {', '.join(sorted(strange))}"
    value, loss = outflow(proposal), _loss(proposal)
    if value == UNPRICED or loss is None:
        yield "it moves something without a price"
        return
    if loss * WAD > mandate.worst_price * value:
        yield f"it loses more than {format_ratio(mandate.worst_price)} against the oracle"
    try:
        ever = spent(store, mandate, without=stored.id)
        lately = spent(store, mandate, now - mandate.window, without=stored.id)
    except Refused as error:
        yield f"what was spent cannot be counted: {error}"
        return
    if ever + value > mandate.total:
        yield "the mandate's total would be passed"
    if lately + value > mandate.per_window:
        yield f"more would be spent in {mandate.window} s than the mandate allows"


def _moved(proposal: Proposal) -> set[Address]:
    """Tokens that the simulation or the bytes move."""
    moved = {change.token for change in proposal.simulation.changes}
    for call in proposal.decoded:
        moved |= {token for token, _ in call.spends}
        moved |= set() if call.minimum is None else {call.minimum[0], call.minimum[2]}
    return moved


def _loss(proposal: Proposal) -> int | None:
    """USD (WAD) that the Safe's holdings lose at the prices of the decision; None where one has no price."""
    loss = 0
    for line in proposal.holdings:
        if line.before == line.expected:
            continue
        if line.price.usd is None:
            return None
        loss += usd_value(Amount(line.token, line.before - line.expected), line.price.usd)
    return loss
