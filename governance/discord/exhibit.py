"""What there is to see of one proposal, read from the record in one go."""

from __future__ import annotations

from dataclasses import dataclass

from dao_bot.cards.model import CardModel, Quality
from dao_bot.domain.lifecycle import OPEN_STATES, State
from dao_bot.engine.services import Services
from dao_bot.engine.telling import card_of
from dao_bot.store.store import Store
from dao_bot.store.values import StoredProposal
from governance.acts.ballot_box import Counted
from governance.acts.freeze import Freeze
from governance.acts.stands import Stood
from governance.acts.terms import Terms

MOST_PAST = 10
CARD, MANDATE, QUESTION = "card", "mandate", "question"
"""The part of the posts about a proposal, a mandate or a question that is its card."""


@dataclass(frozen=True, slots=True)
class Past:
    """How an earlier batch of the same strategy was executed, and when."""

    at: int
    quality: Quality


@dataclass(frozen=True, slots=True)
class Exhibit:
    """One proposal as people see it now.

    Attributes:
        asks: what its approval rule asks of people.
        stood: stewards' last words.
        counted: the vote as it stands; None where none was opened.
        frozen: the freeze that holds, if one does.
        value: USD (WAD) that leaves the Safe.
        past: the newest first.
    """

    stored: StoredProposal
    card: CardModel
    asks: Terms
    stood: tuple[Stood, ...]
    counted: Counted | None
    frozen: Freeze | None
    value: int
    past: tuple[Past, ...]

    @property
    def id(self) -> str:
        return self.stored.id

    @property
    def part(self) -> str:
        return CARD

    @property
    def waits(self) -> bool:
        """Whether people may still decide."""
        return self.stored.state in {State.PENDING, State.ACTIVE}

    @property
    def votes_open(self) -> bool:
        return self.waits and self.counted is not None and self.counted.closed is None

    @property
    def is_over(self) -> bool:
        return self.stored.state not in OPEN_STATES


class PastResults:
    """The last results of each strategy; what is executed is read once."""

    def __init__(self, services: Services, store: Store) -> None:
        self._services, self._store = services, store
        self._known: dict[str, Past] = {}

    def of(self, strategy: str, before: int) -> tuple[Past, ...]:
        """Those whose proposals were recorded before event `before`, the newest first."""
        treasury = self._services.treasury
        executed = self._store.proposals(
            states={State.EXECUTED},
            strategy=strategy,
            safe=treasury.safe,
            chain_id=treasury.chain_id,
            limit=MOST_PAST * 2,
        )
        earlier = [stored for stored in executed if stored.number < before][:MOST_PAST]
        return tuple(past for past in map(self._past, earlier) if past is not None)

    def _past(self, stored: StoredProposal) -> Past | None:
        if stored.id not in self._known:
            quality = card_of(self._services, self._store, stored).quality
            if quality is None or quality.times.executed_at is None:
                return None
            self._known[stored.id] = Past(quality.times.executed_at, quality)
        return self._known[stored.id]
