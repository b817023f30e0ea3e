"""Taking in statements that wallets signed: each is believed because of its signature, once, and never an old one."""

from __future__ import annotations

from dao_bot.domain.addresses import Address
from dao_bot.domain.errors import Refused
from dao_bot.store.values import StoredAct
from governance.assembly.hall import Part, key_of
from governance.wallets.signatures import Proof, parse_signature
from governance.wallets.statement import Deed, Statement


class Statements(Part):
    """What every act by signature has in common."""

    def statement(self, deed: Deed, wallet: Address, about: str, reason: str = "") -> Statement:
        """What the wallet has to sign now; hand it in with the signature where the deed is done.

        Args:
            about: see `Statement.about`.
        """
        return Statement(deed, self._hall.space, wallet, about, self._hall.clock.now(), reason)

    def _proven(self, statement: Statement, signature: str) -> Proof:
        """Raise unless the wallet signed it for this treasury a short time ago."""
        raw = parse_signature(signature)
        proof: Proof = self._run(statement.proven(self._hall.space, raw, self._hall.clock.now()))
        return proof

    def _key(self, statement: Statement) -> str:
        """One text is one act, however often and with whatever signature it is handed in."""
        return key_of("statement", statement.text())

    def _require_newer(self, last: StoredAct | None, statement: Statement) -> None:
        """What anybody may have kept must not undo what was said since."""
        if last is not None and statement.at < last.at:
            raise Refused(
                "something newer was said since this statement was made",
                value=statement.at,
                limit=f"{last.at} or later",
                next_step="Sign it anew",
            )
