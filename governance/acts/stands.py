"""What stewards say about a batch or a mandate: each one's last word counts, and only of those who are stewards now."""

from __future__ import annotations

import enum
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dao_bot.domain.addresses import Address
from dao_bot.store.values import StoredAct
from governance.acts.kinds import STOOD
from governance.acts.proven import Signed, signed_statement
from governance.acts.subject import Subject
from governance.wallets.statement import Deed

if TYPE_CHECKING:
    from dao_bot.store.store import Store


class Stand(enum.StrEnum):
    """A steward's word. `withdraw` takes back whatever he said before."""

    APPROVE = "approve"
    VETO = "veto"
    WITHDRAW = "withdraw"


DEEDS = {Deed.APPROVE: Stand.APPROVE, Deed.VETO: Stand.VETO, Deed.WITHDRAW: Stand.WITHDRAW}
"""What a wallet signs, and what it means here."""


@dataclass(frozen=True, slots=True)
class Stood:
    """One steward's last word.

    Attributes:
        steward: name in the config.
        proof: what the wallet signed; None where it was said in a chat, or the signature is over something else.
    """

    steward: str
    wallet: Address
    stand: Stand
    at: int
    reason: str
    proof: Signed | None
    number: int

    @property
    def signed(self) -> bool:
        """Whether the wallet signed it; a contract must be asked whether it stands by that."""
        return self.proof is not None


def stands(store: Store, subject: Subject, stewards: Mapping[str, Address], space: str) -> tuple[Stood, ...]:
    """Last words of the present stewards about exactly these bytes, in the order of the record.

    Args:
        space: the treasury, as statements name it.
    """
    return tuple(sorted(_last(store, subject, stewards, space), key=lambda stood: stood.number))


def stood_from(act: StoredAct, steward: str, wallet: Address, space: str) -> Stood:
    """What an event of the record says."""
    stand, signed = Stand(str(act.body["stand"])), signed_statement(act.body, space)
    if signed is not None:
        said = signed.statement
        if (said.wallet, said.about, DEEDS.get(said.deed)) != (wallet, act.body["hash"], stand):
            signed = None
    return Stood(steward, wallet, stand, act.at, str(act.body["reason"]), signed, act.number)


def _last(store: Store, subject: Subject, stewards: Mapping[str, Address], space: str) -> Iterator[Stood]:
    said = {act.actor: act for act in store.acts(subject.id, STOOD) if act.body["hash"] == subject.hash}
    for name, wallet in stewards.items():
        act = said.get(wallet.lower())
        if act is not None:
            yield stood_from(act, name, wallet, space)
