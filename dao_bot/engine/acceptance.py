"""The Safe as its stewards accepted it, kept in the record: a change of who controls it stops everything else."""

from __future__ import annotations

from dao_bot.domain.addresses import Address
from dao_bot.domain.errors import Refused, StoreError
from dao_bot.domain.hashing import canonical
from dao_bot.domain.simulation import SafeState
from dao_bot.safe.state import control_changes
from dao_bot.store.store import Store

_KIND = "safe accepted"


def accept_safe(store: Store, state: SafeState, at: int) -> None:
    """Record the Safe as it is; from now on it has to stay so."""
    store.append(_subject(state.address), _KIND, at, {"safe": canonical(state)})


def accepted_safe(store: Store, address: Address) -> SafeState | None:
    """The Safe as it was accepted last; None when it never was.

    Raises:
        StoreError: the record tells of it in a way that this program does not know.
    """
    from pydantic import TypeAdapter, ValidationError

    accepted = [event for event in store.events(_subject(address)) if event.kind == _KIND]
    if not accepted:
        return None
    try:
        return TypeAdapter(SafeState).validate_python(accepted[-1].body["safe"])
    except (ValidationError, KeyError) as error:
        raise StoreError(
            "the record does not say how the Safe was accepted", value=f"event {accepted[-1].number}"
        ) from error


def require_accepted(accepted: SafeState | None, state: SafeState) -> None:
    """Refuse a Safe whose version, singleton, owners, threshold, modules, guards or fallback handler changed.

    Raises:
        Refused: it did.
    """
    changes = control_changes(accepted, state) if accepted is not None else ()
    if changes:
        raise Refused(
            f"who controls the Safe {state.address} has changed since it was accepted",
            value="; ".join(changes),
            limit="the Safe as the record has it",
            next_step="Make sure that the owners did this; then accept it with `dao-bot doctor --accept`",
        )


def _subject(address: Address) -> str:
    return f"safe:{address}"
