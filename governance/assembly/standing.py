"""Stewards approve, veto, or take their word back."""

from __future__ import annotations

from dao_bot.domain.addresses import Address
from dao_bot.domain.errors import BadInput, Refused
from dao_bot.domain.lifecycle import State
from governance.acts.freeze import frozen
from governance.acts.kinds import STOOD
from governance.acts.stands import DEEDS, Stand, Stood, stands, stood_from
from governance.acts.subject import Subject
from governance.assembly.hall import Question, key_of
from governance.assembly.identity import STEWARD, Identity
from governance.assembly.statements import Statements
from governance.wallets.rfc3339 import format_time
from governance.wallets.statement import Statement

_OPEN = frozenset({State.PENDING, State.ACTIVE, State.SUCCEEDED, State.QUEUED, State.READY})
"""States in which a steward's word can still change something: also a veto after the approval."""


class Standing(Statements):
    """A steward is who holds a wallet that the config names; through a chat, who has linked it and has the role too."""

    def stand(self, identity: Identity, subject_id: str, stand: Stand, key: str, reason: str = "") -> Stood:
        """A steward's word through a chat.

        Args:
            key: identity of the click or message, unique within the front door. The same again records nothing.

        Raises:
            Refused: this person is no steward, or his word does not count here; nothing was recorded.
        """
        question = self._asked(subject_id)
        subject = question.subject
        steward, wallet = self.steward(identity)
        if stand is Stand.APPROVE and question.terms.must_be_signed(subject.value):
            raise Refused(
                "for a batch of this value only approvals that wallets signed count",
                next_step="Sign it on the wallet page, or with `dao-bot approve`",
            )
        held = frozen(self._hall.store)
        if held is not None and stand is Stand.APPROVE:
            raise Refused(
                f"approvals through {identity.through} are stopped since {format_time(held.at)}",
                value=held.reason,
                next_step="They go on when stewards end the freeze with their wallets (`dao-bot unfreeze`)",
            )
        full_key = key_of("stand", identity.person, key)
        return self._record_stand(subject, steward, wallet, stand, reason, full_key, through=identity.through)

    def stand_signed(self, subject_id: str, statement: Statement, signature: str) -> Stood:
        """A steward's word, signed by his wallet.

        Raises:
            InvalidMessage, InvalidSignature, Refused: it does not count, and why; nothing was recorded.
        """
        subject = self._asked(subject_id).subject
        stand = DEEDS.get(statement.deed)
        if stand is None or statement.about != subject.hash:
            raise BadInput(
                "the statement is about something else",
                value=f"{statement.deed} {statement.about}",
                limit=f"approve, veto or withdraw {subject.hash}",
            )
        proof = self._proven(statement, signature)
        steward = self.steward_of(proof.wallet)
        return self._record_stand(
            subject, steward, proof.wallet, stand, statement.reason, self._key(statement), statement, signature
        )

    def stands(self, subject_id: str) -> tuple[Stood, ...]:
        """Last words of the stewards, in the order of the record."""
        return stands(self._hall.store, self.question(subject_id).subject, self._hall.stewards, self._hall.space)

    def steward(self, identity: Identity) -> tuple[str, Address]:
        """Name and wallet of the steward that this person is.

        Raises:
            Refused: he is none.
        """
        if STEWARD in identity.roles:
            linked = {link.wallet for link in self._hall.register.links().wallets(identity.person)}
            for name, wallet in self._hall.stewards.items():
                if wallet in linked:
                    return name, wallet
            raise Refused(
                "you have the stewards' role, but have linked no steward's wallet",
                next_step="Link the wallet that stands under governance.stewards",
            )
        raise Refused("only stewards can do this", value=str(identity.person), limit="the stewards' role")

    def steward_of(self, wallet: Address) -> str:
        """Name of the steward whose wallet it is.

        Raises:
            Refused: nobody's.
        """
        for name, known in self._hall.stewards.items():
            if known == wallet:
                return name
        raise Refused(
            "this is no steward's wallet", value=wallet, limit=", ".join(self._hall.stewards) or "none is configured"
        )

    def _asked(self, subject_id: str) -> Question:
        question = self.question(subject_id)
        if question.terms.stewards is None:
            raise Refused("its approval rule does not ask stewards", value=question.rule, limit="a rule that does")
        stored, now = question.stored, self._hall.clock.now()
        if stored is not None and stored.state not in _OPEN:
            raise Refused("it is too late for that", value=f"state {stored.state}", limit=", ".join(sorted(_OPEN)))
        if now > question.subject.valid_until:
            raise Refused("it has expired", value=format_time(now), limit=format_time(question.subject.valid_until))
        return question

    def _record_stand(
        self,
        subject: Subject,
        steward: str,
        wallet: Address,
        stand: Stand,
        reason: str,
        key: str,
        statement: Statement | None = None,
        signature: str | None = None,
        through: str = "wallet",
    ) -> Stood:
        store = self._hall.store
        body: dict[str, object] = {
            "hash": subject.hash,
            "steward": steward,
            "stand": stand.value,
            "reason": reason[:500],
            "through": through,
            "statement": None if statement is None else statement.text(),
            "signature": signature,
        }
        at = self._hall.clock.now() if statement is None else statement.at
        with store.transaction("stand"):
            if statement is not None and store.act(key) is None:
                self._require_newer(store.last_act(subject.id, STOOD, wallet), statement)
            act, _ = store.record_act(subject.id, STOOD, wallet, key, at, body)
        return stood_from(act, steward, wallet, self._hall.space)
