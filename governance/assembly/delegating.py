"""Wallets hand their power on to a delegate, for votes that open later."""

from __future__ import annotations

from dao_bot.domain.addresses import Address, parse_address
from dao_bot.domain.errors import BadInput, Refused
from governance.acts.freeze import frozen
from governance.acts.kinds import DELEGATED, DELEGATIONS
from governance.assembly.hall import key_of
from governance.assembly.identity import Identity
from governance.assembly.statements import Statements
from governance.ballots.delegation import Delegation, in_force, require_no_cycle
from governance.wallets.statement import NOBODY, Deed, Statement


class Delegating(Statements):
    """An order counts for ballots that open after it; an own vote always comes before the delegate's."""

    def delegate(self, identity: Identity, to: Address | None, key: str) -> tuple[Delegation, ...]:
        """Hand on the power of all linked wallets, or take it back; handed out after the commit.

        Raises:
            Refused, DelegationCycle: it cannot be done, and why; nothing was recorded.
        """
        if frozen(self._hall.store) is not None:
            raise Refused(
                f"delegations through {identity.through} are stopped: approvals are frozen",
                next_step="Sign it with the wallet: `dao-bot delegate`",
            )
        wallets = [link.wallet for link in self._hall.register.links().wallets(identity.person)]
        if not wallets:
            raise Refused("you have no linked wallet", next_step="Link one first")
        keys = {wallet: key_of("delegate", identity.person, key, wallet) for wallet in wallets if wallet != to}
        if not keys:
            raise Refused("a wallet cannot delegate to itself", value=to)
        body: dict[str, object] = {"through": identity.through, "statement": None, "signature": None}
        return self._record_orders(keys, to, self._hall.clock.now(), body)

    def delegate_signed(self, statement: Statement, signature: str) -> Delegation:
        """Hand on the power of one wallet, or take it back, as it signed.

        Raises:
            InvalidMessage, InvalidSignature, Refused, DelegationCycle: it cannot be done, and why.
        """
        if statement.deed is not Deed.DELEGATE:
            raise BadInput("the statement is about something else", value=statement.deed, limit=Deed.DELEGATE)
        to = None if statement.about == NOBODY else parse_address(statement.about)
        proof = self._proven(statement, signature)
        if proof.wallet == to:
            raise Refused("a wallet cannot delegate to itself", value=to)
        body: dict[str, object] = {"through": "wallet", "statement": statement.text(), "signature": signature}
        (order,) = self._record_orders({proof.wallet: self._key(statement)}, to, statement.at, body, statement)
        return order

    def delegates(self) -> dict[str, str]:
        """Delegate by delegator, both in lower case, as it is in force now."""
        return in_force(self._hall.register.delegations(), self._hall.clock.now())

    def _record_orders(
        self,
        keys: dict[Address, str],
        to: Address | None,
        at: int,
        body: dict[str, object],
        statement: Statement | None = None,
    ) -> tuple[Delegation, ...]:
        store, orders = self._hall.store, []
        with store.transaction("delegate"):
            standing = in_force(self._hall.register.delegations(), 2**62)
            for wallet, key in keys.items():
                if to is not None and store.act(key) is None:
                    require_no_cycle(standing, wallet, to)
                if statement is not None and store.act(key) is None:
                    self._require_newer(store.last_act(DELEGATIONS, DELEGATED, wallet), statement)
                told = {"delegator": wallet.lower(), "delegate": None if to is None else to.lower(), **body}
                act, _ = store.record_act(DELEGATIONS, DELEGATED, wallet, key, at, told)
                orders.append(Delegation(act.body["delegator"], act.body["delegate"], act.at, act.number))
        return tuple(orders)
