"""What the page works with: the treasury, the record, the people's assembly, and the page's own place."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from dao_bot.domain.errors import BadInput
from dao_bot.engine.services import Services
from dao_bot.store.store import Store
from dao_bot.store.values import StoredProposal
from governance.wallets.sign_in import Page


@dataclass(frozen=True, slots=True)
class WebDesk:
    """Safe for several threads.

    Attributes:
        origin: of the page, as browsers show it.
        treasury_name: what people call the treasury.
        chain_name: what people call its chain.
    """

    services: Services
    store: Store
    origin: str
    treasury_name: str
    chain_name: str

    @property
    def page(self) -> Page:
        """The page as messages to sign name it."""
        parts = urlsplit(self.origin)
        return Page(parts.netloc, f"{self.origin}/", self.services.treasury.chain_id, parts.scheme)

    def now(self) -> int:
        """Chain time."""
        return self.services.endpoints.pin().timestamp

    def proposal(self, proposal_id: str) -> StoredProposal:
        """One of this treasury.

        Raises:
            BadInput: it is of another Safe or chain.
            NotFound: there is none.
        """
        stored = self.store.proposal(proposal_id)
        treasury, batch = self.services.treasury, stored.proposal.batch
        if (batch.chain_id, batch.safe) != (treasury.chain_id, treasury.safe):
            raise BadInput("this proposal was made for another Safe", value=batch.safe, limit=treasury.safe)
        return stored
