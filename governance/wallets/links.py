"""Which wallets belong to whom: rules over recorded events, which fold into one state, the same for everybody."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from dao_bot.domain.addresses import Address
from dao_bot.domain.errors import Refused
from governance.wallets.errors import LinkRefused
from governance.wallets.events import Linked, WalletEvent
from governance.wallets.nonces import NonceIssued, Nonces
from governance.wallets.person import Person
from governance.wallets.rfc3339 import format_time
from governance.wallets.sign_in import Purpose


@dataclass(frozen=True, slots=True)
class LinkRules:
    """What may be linked.

    Attributes:
        relink_after: seconds after which an unlinked wallet may go to somebody else; its last owner may have it back
            at once. Let it be longer than a ballot, so that a wallet does not speak for two persons in one.
        most_wallets: of one person.
    """

    relink_after: int = 14 * 86_400
    most_wallets: int = 20


class Links:
    """Links of any number of guilds, and the nonces that belong to them. Made by `fold`; only `apply` changes it.

    Two servers may record at the same time. An event that the rules do not allow after those before it has no effect:
    of two, the first in the record holds. So read the record again after recording, and only then say "linked"; or
    read, check and record in one transaction of the store.
    """

    def __init__(self, rules: LinkRules | None = None) -> None:
        self.rules = rules or LinkRules()
        self.nonces = Nonces()
        self._linked: dict[tuple[str, Address], Linked] = {}
        self._of: dict[Person, dict[Address, Linked]] = {}
        self._left: dict[tuple[str, Address], tuple[Person, int]] = {}

    def apply(self, event: WalletEvent) -> bool:
        """Take an event of the record into account; whether the rules allowed it, so that it has an effect."""
        if isinstance(event, NonceIssued):
            self.nonces.issued(event)
            return True
        key = (event.person.guild, event.wallet)
        try:
            if isinstance(event, Linked):
                self.require_link(event.person, event.wallet, event.nonce, event.at)
            else:
                self.require_unlink(event.person, event.wallet, event.nonce, event.at)
        except Refused:
            return False
        self.nonces.seen(event.at, spent=event.nonce)
        if isinstance(event, Linked):
            self._linked[key] = self._of.setdefault(event.person, {})[event.wallet] = event
        else:
            owner = self._linked.pop(key).person
            del self._of[owner][event.wallet]
            self._left[key] = (owner, self.nonces.latest)
        return True

    def owner(self, guild: str, wallet: Address) -> Person | None:
        """Whose wallet it is."""
        link = self._linked.get((guild, wallet))
        return link.person if link else None

    def wallets(self, person: Person) -> tuple[Linked, ...]:
        """A person's links, the oldest first."""
        return tuple(self._of.get(person, {}).values())

    def linked(self, guild: str | None = None) -> tuple[Linked, ...]:
        """All links of a guild, or of all guilds, the oldest first."""
        return tuple(link for link in self._linked.values() if guild in (None, link.person.guild))

    def require_link(self, person: Person, wallet: Address, nonce: str, now: int) -> None:
        """Refuse what may not be linked now.

        Raises:
            InvalidNonce: see `Nonces.require`.
            LinkRefused: the wallet has an owner, or left another one too short a time ago; or the person has too many.
        """
        self.nonces.require(nonce, person, Purpose.LINK, now)
        owner = self.owner(person.guild, wallet)
        if owner == person:
            raise LinkRefused("the wallet is linked to you already", value=wallet)
        if owner is not None:
            raise LinkRefused(
                "the wallet is linked to somebody else",
                value=wallet,
                limit="one person for a wallet",
                next_step="If it is yours, take it away from there first: unlink it with the wallet's own signature",
            )
        self._require_rest(person, wallet, now)
        if len(self.wallets(person)) >= self.rules.most_wallets:
            raise LinkRefused("you have as many wallets as one person may have", limit=self.rules.most_wallets)

    def require_unlink(self, person: Person, wallet: Address, nonce: str | None, now: int) -> None:
        """Refuse what may not be unlinked now. Without a nonce, only the owner may; with one, the wallet has signed.

        Raises:
            InvalidNonce: see `Nonces.require`.
            LinkRefused: the wallet is not linked, or not to this person.
        """
        if nonce is not None:
            self.nonces.require(nonce, person, Purpose.UNLINK, now)
        owner = self.owner(person.guild, wallet)
        if owner is None:
            raise LinkRefused("the wallet is not linked", value=wallet)
        if nonce is None and owner != person:
            raise LinkRefused(
                "the wallet is not yours to unlink", value=wallet, next_step="Sign with the wallet itself to unlink it"
            )

    def _require_rest(self, person: Person, wallet: Address, now: int) -> None:
        left = self._left.get((person.guild, wallet))
        if left is None or left[0] == person:
            return
        free = left[1] + self.rules.relink_after
        if max(now, self.nonces.latest) < free:
            raise LinkRefused(
                "the wallet was somebody else's a short time ago",
                value=wallet,
                limit=f"it may be linked to another person from {format_time(free)}",
            )


def fold(events: Iterable[WalletEvent], rules: LinkRules | None = None) -> Links:
    """The state that follows from events, which must come in the order of the record."""
    links = Links(rules)
    for event in events:
        links.apply(event)
    return links
