"""Everything of the core that the front door needs. All of it is synchronous, and called in threads."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from dao_bot.cards.treasury import HoldingNow, holdings_now
from dao_bot.config.discord_settings import DiscordSettings
from dao_bot.domain.errors import NotFound
from dao_bot.domain.runs import RunId
from dao_bot.engine.look import look
from dao_bot.engine.services import Services
from dao_bot.engine.telling import card_of
from dao_bot.store.store import Store
from dao_bot.store.values import StoredProposal
from governance.acts.ballot_box import Counted
from governance.acts.subject import outflow
from governance.assembly import STEWARD, Assembly, Identity
from governance.ballots.method import Method
from governance.discord.exhibit import Exhibit, PastResults
from governance.wallets.person import Person

THROUGH = "discord"

Invite = Callable[[Person, str, str, str | None], str]
"""(person, name for people, errand, proposal) to a link of the wallet page that works once and for that person."""


@dataclass(frozen=True, slots=True)
class House:
    """One treasury and its people, as Discord shows them.

    Attributes:
        name: of the treasury.
        caps: largest shares by token symbol, WAD.
        invite: None where there is no wallet page.
    """

    settings: DiscordSettings
    services: Services
    store: Store
    assembly: Assembly
    name: str
    caps: Mapping[str, int]
    invite: Invite | None = None
    past: PastResults = field(init=False)
    _methods: dict[str, Method] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "past", PastResults(self.services, self.store))

    def identity(self, user_id: int, role_ids: frozenset[int]) -> Identity:
        """A member of the guild with the roles that he has now; a role that the config does not name is none."""
        roles = {STEWARD} if role_ids & ids(self.settings.roles.stewards) else set()
        return Identity(Person(self.settings.guild, str(user_id)), frozenset(roles), THROUGH)

    def exhibit(self, proposal_id: str, now: int | None = None) -> Exhibit:
        """One proposal, by its id or the beginning of it.

        Raises:
            BadInput, NotFound: there is no such one.
        """
        return self.exhibit_of(self.assembly.proposal(proposal_id), now)

    def exhibit_of(self, stored: StoredProposal, now: int | None = None) -> Exhibit:
        """The same of a proposal that was read already."""
        proposal = stored.proposal
        return Exhibit(
            stored=stored,
            card=card_of(self.services, self.store, stored, now),
            asks=self.assembly.question(stored.id).terms,
            stood=self.assembly.stands(stored.id),
            counted=self.counted(stored.id),
            frozen=self.assembly.frozen(),
            value=outflow(proposal),
            past=self.past.of(proposal.run.strategy, stored.number),
        )

    def method(self, subject: str) -> Method:
        """The kind of a vote that was opened; that never changes."""
        if subject not in self._methods:
            self._methods[subject] = self.assembly.paper(subject).ballot.method
        return self._methods[subject]

    def latest(self, limit: int = 50) -> tuple[StoredProposal, ...]:
        """Proposals of this treasury, the newest first."""
        treasury = self.services.treasury
        return self.store.proposals(safe=treasury.safe, chain_id=treasury.chain_id, limit=limit)

    def holdings(self) -> tuple[HoldingNow, ...]:
        """What the Safe holds at the newest block, at oracle prices."""
        block = self.services.endpoints.pin()
        seen = look(self.services, RunId("treasury", block.timestamp), block=block)
        return holdings_now(seen.balances, seen.prices, self.caps)

    def now(self) -> int:
        """The chain's time."""
        return self.services.endpoints.pin().timestamp

    def counted(self, subject: str) -> Counted | None:
        """The vote on a proposal or mandate as it stands; None where none was opened."""
        try:
            return self.assembly.tally(subject)
        except NotFound:
            return None


def ids(snowflakes: tuple[str, ...]) -> frozenset[int]:
    """Ids of Discord as numbers."""
    return frozenset(int(one) for one in snowflakes)
