"""A freeze: nothing is approved until stewards' wallets say so, because somebody may be speaking for others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from dao_bot.store.values import StoredAct
from governance.acts.kinds import FREEZE, FROZEN, UNFREEZE_SIGNED, UNFROZEN

if TYPE_CHECKING:
    from dao_bot.store.store import Store


@dataclass(frozen=True, slots=True)
class Freeze:
    """One that holds.

    Attributes:
        number: of its event; a signature that ends it names this.
        by: who asked for it, or what noticed.
        signed: names of the stewards whose wallets signed to end it.
    """

    number: int
    at: int
    by: str
    reason: str
    signed: tuple[str, ...]


def frozen(store: Store) -> Freeze | None:
    """The freeze that holds now."""
    freeze: StoredAct | None = None
    signed: dict[str, str] = {}
    for act in store.acts(FREEZE):
        if act.kind == FROZEN and freeze is None:
            freeze, signed = act, {}
        elif act.kind == UNFREEZE_SIGNED and freeze is not None and act.body["freeze"] == freeze.number:
            signed[act.actor] = str(act.body["steward"])
        elif act.kind == UNFROZEN:
            freeze = None
    if freeze is None:
        return None
    return Freeze(freeze.number, freeze.at, freeze.actor, str(freeze.body["reason"]), tuple(signed.values()))
