"""Signatures: one for each owner and Safe transaction hash. Whoever adds one has checked it."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Row, insert, select, update

from dao_bot.domain.addresses import Address, parse_address
from dao_bot.domain.errors import BadInput
from dao_bot.store.checks import hash_of, whole
from dao_bot.store.part import Part
from dao_bot.store.proposals import proposal_row
from dao_bot.store.record import append_event
from dao_bot.store.schema import signatures
from dao_bot.store.values import SignatureKind, StoredSignature

LONGEST_SIGNATURE = 64 * 1024
KEEPER = "keeper"


class Signatures(Part):
    """Collected one by one, from any side; a hash is known here before or after its proposal has a nonce."""

    def add_signature(
        self,
        safe_tx_hash: str,
        owner: str,
        kind: str,
        signature: bytes,
        at: int,
        *,
        proposal_id: str | None = None,
    ) -> bool:
        """Keep an owner's signature; False when it adds nothing.

        The first one of an owner stays, because a second valid signature of the same hash says nothing new. Two things
        replace it: a hash approved on the chain, which is never taken back, replaces any other kind; and a contract
        owner's signature replaces its older one, which may have lost its validity.

        Raises:
            BadInput: malformed hash, owner, kind or bytes.
            NotFound: no such proposal.
        """
        row = {
            "kind": _kind(kind).value,
            "signature": _bytes(signature),
            "at": whole("the time of a signature", at),
            "proposal_id": proposal_id,
        }
        key = {"safe_tx_hash": hash_of("Safe transaction", safe_tx_hash), "owner": parse_address(owner)}
        is_this = (signatures.c.safe_tx_hash == key["safe_tx_hash"], signatures.c.owner == key["owner"])
        with self._database.write("add_signature") as connection:
            if proposal_id is not None:
                proposal_row(connection, proposal_id)
            known = connection.execute(select(signatures).where(*is_this)).first()
            if known is not None and not _replaces(known, row):
                return False
            if known is None:
                connection.execute(insert(signatures).values(**key, **row))
            else:
                connection.execute(update(signatures).where(*is_this).values(row))
            told = {**key, "kind": row["kind"], "signature": signature, "replaced": known is not None}
            append_event(connection, self._codec, proposal_id or KEEPER, "signed", at, told)
            return True

    def signatures(self, safe_tx_hash: str) -> tuple[StoredSignature, ...]:
        """All of one hash, sorted by owner as the Safe wants them (ascending as numbers)."""
        query = select(signatures).where(signatures.c.safe_tx_hash == hash_of("Safe transaction", safe_tx_hash))
        with self._database.read() as connection:
            rows = connection.execute(query).all()
        return tuple(
            StoredSignature(
                safe_tx_hash=row.safe_tx_hash,
                owner=Address(row.owner),
                kind=SignatureKind(row.kind),
                signature=row.signature,
                at=row.at,
                proposal_id=row.proposal_id,
            )
            for row in sorted(rows, key=lambda row: int(row.owner, 16))
        )


def _replaces(known: Row[Any], new: dict[str, Any]) -> bool:
    if known.kind == SignatureKind.APPROVED_HASH or (known.kind, known.signature) == (new["kind"], new["signature"]):
        return False
    if new["kind"] == SignatureKind.APPROVED_HASH:
        return True
    return bool(known.kind == new["kind"] == SignatureKind.CONTRACT)


def _kind(kind: str) -> SignatureKind:
    try:
        return SignatureKind(kind)
    except ValueError:
        raise BadInput("no such kind of signature", value=repr(kind)[:80], limit=", ".join(SignatureKind)) from None


def _bytes(signature: bytes) -> bytes:
    if not isinstance(signature, bytes) or not 0 < len(signature) <= LONGEST_SIGNATURE:
        raise BadInput("not the bytes of a signature", limit=f"1 to {LONGEST_SIGNATURE} bytes")
    return signature
