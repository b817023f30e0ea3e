"""Stopping approvals when a chat cannot be trusted, and letting them go on with the signatures of stewards' wallets."""

from __future__ import annotations

from dao_bot.domain.errors import BadInput, Refused
from governance.acts.freeze import Freeze, frozen
from governance.acts.kinds import FREEZE, FROZEN, UNFREEZE_SIGNED, UNFROZEN
from governance.assembly.hall import key_of
from governance.assembly.identity import Identity
from governance.assembly.standing import Standing
from governance.wallets.statement import Deed, Statement

EVERYTHING = "approvals"
"""What a statement is about that freezes."""


class Freezing(Standing):
    """To stop is easy, to go on takes wallets."""

    def frozen(self) -> Freeze | None:
        """The freeze that holds now."""
        return frozen(self._hall.store)

    def freeze(self, identity: Identity, reason: str) -> Freeze:
        """A steward stops approvals; one that holds already stays as it is.

        Raises:
            Refused: he is no steward.
        """
        name, _ = self.steward(identity)
        return self._freeze(f"steward {name}", reason, {"through": identity.through, "signature": None})

    def freeze_by_alarm(self, alarm: str, reason: str) -> Freeze:
        """A front door noticed that it cannot trust what it hears.

        Args:
            alarm: what noticed, such as `discord`.
        """
        return self._freeze(f"alarm of {alarm}", reason, {"through": alarm, "signature": None})

    def freeze_signed(self, statement: Statement, signature: str) -> Freeze:
        """A steward's wallet stops approvals.

        Raises:
            InvalidMessage, InvalidSignature, Refused: it is not signed by a steward's wallet for this.
        """
        if statement.deed is not Deed.FREEZE:
            raise BadInput("the statement is about something else", value=statement.deed, limit=Deed.FREEZE)
        steward = self.steward_of(self._proven(statement, signature).wallet)
        told: dict[str, object] = {"through": "wallet", "statement": statement.text(), "signature": signature}
        return self._freeze(f"steward {steward}", statement.reason, told)

    def unfreeze_signed(self, statement: Statement, signature: str) -> Freeze | None:
        """One steward's signature to end the freeze whose number it names; None when it was the last that was needed.

        Raises:
            InvalidMessage, InvalidSignature, Refused: it does not count, and why.
        """
        if statement.deed is not Deed.UNFREEZE:
            raise BadInput("the statement is about something else", value=statement.deed, limit=Deed.UNFREEZE)
        proof = self._proven(statement, signature)
        steward, store = self.steward_of(proof.wallet), self._hall.store
        with store.transaction("unfreeze"):
            held = frozen(store)
            if held is None or statement.about != str(held.number):
                raise Refused(
                    "this signature is not about the freeze that holds",
                    value=statement.about,
                    limit=str(held.number) if held else "nothing is frozen",
                )
            told = {
                "freeze": held.number,
                "steward": steward,
                "statement": statement.text(),
                "signature": signature,
            }
            at = self._hall.clock.now()
            store.record_act(FREEZE, UNFREEZE_SIGNED, proof.wallet, self._key(statement), at, told)
            signed = {*held.signed, steward} & self._hall.stewards.keys()
            if len(signed) >= self._hall.unfreeze:
                body = {"freeze": held.number, "stewards": sorted(signed)}
                store.record_act(FREEZE, UNFROZEN, "stewards", key_of("unfrozen", held.number), at, body)
        return frozen(store)

    def _freeze(self, by: str, reason: str, told: dict[str, object]) -> Freeze:
        store = self._hall.store
        with store.transaction("freeze"):
            held = frozen(store)
            if held is None:
                key = key_of("freeze", store.head().number)
                store.record_act(FREEZE, FROZEN, by, key, self._hall.clock.now(), {"reason": reason[:500], **told})
        held = frozen(store)
        assert held is not None, "it was just recorded, or held before"
        return held
