"""Persons link wallets, and take them away again."""

from __future__ import annotations

from dao_bot.domain.addresses import Address
from governance.acts.kinds import WALLETS
from governance.assembly.hall import Part, key_of
from governance.assembly.identity import Identity
from governance.wallets.events import Linked, Unlinked, WalletEvent
from governance.wallets.linking import link, request, unlink
from governance.wallets.nonces import NonceIssued
from governance.wallets.person import Person
from governance.wallets.sign_in import Page, Purpose, SignIn
from governance.wallets.signatures import parse_signature
from governance.wallets.siwe import parse_siwe


class Linking(Part):
    """Sign-In with Ethereum (EIP-4361), from the nonce to the recorded link."""

    def begin_link(self, person: Person, page: Page, purpose: Purpose = Purpose.LINK) -> SignIn:
        """A nonce for one person, recorded; `SignIn.message(wallet)` is what the wallet signs. Only a front door that
        knows who the person is may hand it out, and only to him."""
        return request(page, self.issue_nonce(person, purpose))

    def issue_nonce(self, person: Person, purpose: Purpose) -> NonceIssued:
        """The same without a page, for a wallet that signs at the command line: `request_of` takes the nonce there."""
        now = self._hall.clock.now()
        with self._hall.store.transaction("issue_nonce"):
            issued = self._hall.register.links().nonces.issue(person, purpose, now)
            self._write(issued, str(person), issued.nonce)
        return issued

    def request_of(self, nonce: str, page: Page) -> SignIn:
        """The request that a nonce was given out for, whoever brings it; it must still be good.

        Raises:
            InvalidNonce: it is unknown, spent, replaced or expired.
        """
        return request(page, self._issued(nonce))

    def finish_link(self, page: Page, text: str, signature: str, person: Person | None = None) -> Linked | Unlinked:
        """Link, or unlink, as the signed message says; handed out after the commit.

        Args:
            person: who brings it, where the front door knows; then the nonce must be his.

        Raises:
            InvalidMessage, InvalidNonce, LinkRefused, InvalidSignature: what is wrong, in words; nothing changed.
        """
        issued = self._issued(parse_siwe(text).nonce, person)
        asked, now, raw = request(page, issued), self._hall.clock.now(), parse_signature(signature)
        links = self._hall.register.links()
        make = link if issued.purpose is Purpose.LINK else unlink
        event: Linked | Unlinked = self._run(make(links, asked, text, raw, now))
        with self._hall.store.transaction("link"):
            links = self._hall.register.links()
            # Once more, where nobody can come between.
            if isinstance(event, Linked):
                links.require_link(event.person, event.wallet, event.nonce, event.at)
            else:
                links.require_unlink(event.person, event.wallet, event.nonce, event.at)
            self._write(event, event.wallet, f"link {issued.nonce}")
        return event

    def unlink(self, identity: Identity, wallet: Address) -> Unlinked:
        """Take away one's own wallet.

        Raises:
            LinkRefused: it is not linked, or not to this person.
        """
        now = self._hall.clock.now()
        with self._hall.store.transaction("unlink"):
            links = self._hall.register.links()
            at = max(now, links.nonces.latest)
            links.require_unlink(identity.person, wallet, None, at)
            event = Unlinked(wallet, identity.person, at)
            self._write(event, wallet, f"unlink {links.nonces.latest} {self._hall.store.head().number}")
        return event

    def wallets(self, person: Person) -> tuple[Linked, ...]:
        """A person's links, the oldest first."""
        return self._hall.register.links().wallets(person)

    def _issued(self, nonce: str, person: Person | None = None) -> NonceIssued:
        return self._hall.register.links().nonces.find(nonce, person, self._hall.clock.now())

    def _write(self, event: WalletEvent, actor: str, key: str) -> None:
        self._hall.store.record_act(WALLETS, event.kind, actor, key_of("wallet", key), event.at, event.body())
