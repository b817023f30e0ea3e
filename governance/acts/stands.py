"""What stewards say about a batch or a mandate: each one's last word counts, and only of those who are stewards now."""

from __future__ import annotations

import enum
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dao_bot.domain.addresses import Address
from governance.acts.kinds import STOOD
from governance.acts.subject import Subject

if TYPE_CHECKING:
    from dao_bot.store.store import Store


class Stand(enum.StrEnum):
    """A steward's word. `withdraw` takes back whatever he said before."""

    APPROVE = "approve"
    VETO = "veto"
    WITHDRAW = "withdraw"


@dataclass(frozen=True, slots=True)
class Stood:
    """One steward's last word.

    Attributes:
        steward: name in the config.
        signed: the wallet signed it; otherwise it was said in a chat.
    """

    steward: str
    wallet: Address
    stand: Stand
    at: int
    reason: str
    signed: bool
    number: int


def stands(store: Store, subject: Subject, stewards: Mapping[str, Address]) -> tuple[Stood, ...]:
    """Last words of the present stewards about exactly these bytes, in the order of the record."""
    return tuple(sorted(_last(store, subject, stewards), key=lambda stood: stood.number))


def _last(store: Store, subject: Subject, stewards: Mapping[str, Address]) -> Iterator[Stood]:
    said = {act.actor: act for act in store.acts(subject.id, STOOD) if act.body["hash"] == subject.hash}
    for name, wallet in stewards.items():
        act = said.get(wallet.lower())
        if act is None:
            continue
        signed = act.body["signature"] is not None
        stand, reason = Stand(str(act.body["stand"])), str(act.body["reason"])
        yield Stood(name, wallet, stand, act.at, reason, signed, act.number)
