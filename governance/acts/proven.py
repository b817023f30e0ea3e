"""What the record says that wallets signed, proven anew: who can write into the record cannot sign for anybody."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from dao_bot.chain.plan import Plan
from dao_bot.domain.addresses import Address
from dao_bot.domain.errors import BadInput
from dao_bot.store.values import StoredAct
from governance.acts.opened import OpenedBallot
from governance.wallets.errors import InvalidSignature
from governance.wallets.signatures import Proof, holds_still, parse_signature, personal_hash, recover
from governance.wallets.signed_ballot import signed_ballot_from_record
from governance.wallets.statement import Statement, parse_statement


@dataclass(frozen=True, slots=True)
class Signed:
    """A statement with a signature that is the wallet's key's, or that only the wallet as a contract can confirm."""

    statement: Statement
    proof: Proof

    def holds(self) -> Plan[bool]:
        """Whether it holds at the block that is read; of a key's signature without reading."""
        return (yield from holds_still(self.proof, personal_hash(self.statement.text())))


def signed_statement(body: Mapping[str, Any], space: str) -> Signed | None:
    """The statement beside an act; None of what was said through a chat, for another treasury, or is no statement."""
    text, signature = body["statement"], body["signature"]
    if text is None or signature is None:
        return None
    try:
        statement, raw = parse_statement(str(text)), parse_signature(str(signature))
    except BadInput:
        return None
    if statement.space != space:
        return None
    by_key = _is_by_key(statement.wallet, personal_hash(statement.text()), raw)
    return Signed(statement, Proof(statement.wallet, raw, contract=not by_key))


def vote_counts(opened: OpenedBallot, act: StoredAct) -> bool:
    """Whether a recorded vote may be counted: it says what its wallet signed, or nobody had to sign.

    A contract's signature is not asked for here, but when the ballot is closed.
    """
    if act.body["signed"] is None:
        return not opened.signed
    try:
        signed = signed_ballot_from_record(act.body["signed"])
        opened.paper.check(signed.message, act.at)
        same = opened.paper.choice(signed.message) == opened.ballot.method.parse(act.body["choice"])
    except BadInput:
        return False
    wallet, proof = signed.message.sender, signed.proof
    if not same or proof.wallet != wallet or {wallet.lower()} != {act.actor, act.body["wallet"]}:
        return False
    return proof.contract or _is_by_key(proof.wallet, signed.message.digest, proof.signature)


def _is_by_key(wallet: Address, digest: bytes, signature: bytes) -> bool:
    try:
        return recover(digest, signature) == wallet
    except InvalidSignature:
        return False
