"""Whose wallets are whose, who delegated to whom, and who has which role: folded from the record as it grows."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from governance.acts.kinds import DELEGATED, DELEGATIONS, ROLES, ROLES_NOTED, WALLETS
from governance.acts.proven import Signed, signed_statement
from governance.ballots.delegation import Delegation
from governance.wallets.events import wallet_event
from governance.wallets.links import LinkRules, Links
from governance.wallets.person import Person
from governance.wallets.statement import NOBODY, Deed

if TYPE_CHECKING:
    from dao_bot.store.store import Store


class Register:
    """Safe for several threads.

    Inside a transaction of the store it sees what nobody can change until its end. Ask it there before anything about
    wallets is written: what it once saw it keeps, and a transaction may be given up.
    """

    def __init__(self, store: Store, rules: LinkRules | None = None) -> None:
        self._store = store
        self._rules = rules
        self._lock = threading.Lock()
        self._links = Links(rules)
        self._read = 0

    def links(self) -> Links:
        """As the record has them now. Only events that the rules allowed after those before them have an effect."""
        with self._lock:
            for act in self._store.acts(WALLETS, after=self._read):
                self._links.apply(wallet_event(act.kind, act.body))
                self._read = act.number
            return self._links

    def delegations(self) -> tuple[Delegation, ...]:
        """Every order that was ever given."""
        return tuple(
            Delegation(act.body["delegator"], act.body["delegate"], act.at, act.number)
            for act in self._store.acts(DELEGATIONS, DELEGATED)
        )

    def proven_delegations(self, space: str) -> dict[int, Signed]:
        """By the number of the event, what wallets signed of the orders; a contract has yet to be asked.

        Args:
            space: the treasury, as statements name it.
        """
        found = {}
        for act in self._store.acts(DELEGATIONS, DELEGATED):
            signed = signed_statement(act.body, space)
            if signed is None:
                continue
            said, to = signed.statement, act.body["delegate"]
            told = (said.deed, said.wallet.lower(), said.about.lower())
            if told == (Deed.DELEGATE, act.body["delegator"], NOBODY if to is None else to):
                found[act.number] = signed
        return found

    def roles(self) -> dict[str, frozenset[str]]:
        """Seats of those who hold each role, as every guild noted them last."""
        held: dict[str, set[str]] = {}
        for guild in {act.actor: act for act in self._store.acts(ROLES, ROLES_NOTED)}.values():
            for role, users in guild.body["roles"].items():
                held.setdefault(role, set()).update(seat(Person(guild.body["guild"], user)) for user in users)
        return {role: frozenset(seats) for role, seats in held.items()}


def seat(person: Person) -> str:
    """A person as a voter that is no wallet."""
    return f"{person.guild}:{person.user}"
