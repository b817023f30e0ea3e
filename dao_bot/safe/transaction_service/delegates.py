"""Delegates: who may propose to the owners without being one. The service keeps the list, owners sign its changes."""

from __future__ import annotations

from dataclasses import dataclass

from dao_bot.domain.addresses import Address
from dao_bot.domain.errors import BadInput, ServiceRefused
from dao_bot.safe.signatures import parse_signature, signature_bytes
from dao_bot.safe.transaction_service.api import ServiceApi
from dao_bot.safe.transaction_service.schemas import DelegatePage

LONGEST_LABEL = 50
NOT_FOUND = 404


@dataclass(frozen=True, slots=True)
class Delegate:
    """`delegate` may propose in the name of the owner `delegator`.

    Attributes:
        safe: the one Safe for which it holds; None: all Safes of this owner.
        expires: when the service forgets it, as it says.
    """

    delegate: Address
    delegator: Address
    label: str
    safe: Address | None
    expires: str | None


class Delegates:
    """The delegates of one Safe."""

    def __init__(self, api: ServiceApi, safe: Address) -> None:
        self._api = api
        self._safe = safe

    def all(self) -> tuple[Delegate, ...]:
        """Those that are registered for this very Safe."""
        found: dict[Delegate, None] = {}
        for page in self._api.pages(DelegatePage, "/api/v2/delegates/", {"safe": self._safe}):
            for each in page.results:
                safe = None if each.safe is None else Address(each.safe)
                known = Delegate(Address(each.delegate), Address(each.delegator), each.label, safe, each.expiry_date)
                found[known] = None
        return tuple(found)

    def add(self, delegate: Address, owner: Address, signature: bytes, label: str) -> None:
        """Register; once more with another label replaces the label.

        Raises:
            BadInput: no signature, or a label that is too long.
            ServiceRefused: the signature is not this owner's, or too old.
        """
        if not 0 < len(label) <= LONGEST_LABEL or not label.isprintable():
            limit = f"1 to {LONGEST_LABEL} printable characters"
            raise BadInput("not a label of a delegate", value=label[:80], limit=limit)
        self._api.add_delegate(delegate, owner, label, _checked(signature), self._safe)  # type: ignore[arg-type]  # ours are checksummed too

    def remove(self, delegate: Address, owner: Address, signature: bytes) -> None:
        """Take it off the list; the owner or the delegate itself signs.

        Raises:
            BadInput: no signature.
            ServiceRefused: it is not registered, or the signature is neither's.
        """
        signed = _checked(signature)
        try:
            self._api.remove_delegate(delegate, owner, signed, self._safe)  # type: ignore[arg-type]  # as above
        except ServiceRefused as error:
            if error.status != NOT_FOUND:
                raise
            raise ServiceRefused(
                "this delegate is not registered for this owner and this Safe",
                status=NOT_FOUND,
                value=f"{delegate} for {owner}: status {NOT_FOUND}",
                next_step="List those that are with `dao-bot delegates list`",
            ) from None


def _checked(signature: bytes) -> bytes:
    return signature_bytes(parse_signature(signature))
