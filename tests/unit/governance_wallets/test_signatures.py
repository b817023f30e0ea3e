"""Signatures of keys and of contracts; the public vectors of siwe among them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from dao_bot.chain.plan import Answer, Read
from governance.wallets.errors import InvalidMessage, InvalidSignature
from governance.wallets.person import Person
from governance.wallets.rfc3339 import parse_time
from governance.wallets.sign_in import Page, Purpose, SignIn
from governance.wallets.signatures import Proof, holds_still, parse_signature, personal_hash, prove, recover
from governance.wallets.siwe import SiweMessage
from tests.unit.governance_wallets.kit import NO_CODE, WALLETS, no_chain, personal_sign, run
from tests.unit.governance_wallets.test_siwe import fields

VECTORS = json.loads((Path(__file__).parent / "vectors" / "siwe.json").read_text())
ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
DIGEST = personal_hash("hello")
MAGIC = bytes.fromhex("1626ba7e").ljust(32, b"\0")


class Vector(SignIn):
    """A request whose statement is the vector's."""

    @property
    def statement(self) -> str:
        return "Sign-In With Ethereum Example Statement"


def message_of(vector: dict[str, Any]) -> SiweMessage:
    extra = ("signature", "time", "domainBinding", "matchNonce")
    return SiweMessage(**fields({name: value for name, value in vector.items() if name not in extra}))


@pytest.mark.parametrize("name", VECTORS["verification_positive"])
def test_public_signatures_verify(name: str) -> None:
    vector = VECTORS["verification_positive"][name]
    message = message_of(vector)
    signature = parse_signature(vector["signature"])
    assert run(prove(message.address, personal_hash(message.text()), signature)).wallet == vector["address"]


@pytest.mark.parametrize("name", VECTORS["verification_negative"])
def test_public_wrong_signatures_and_messages_do_not(name: str) -> None:
    vector = VECTORS["verification_negative"][name]
    with pytest.raises((InvalidMessage, InvalidSignature)):
        message = message_of(vector)
        issued = int(parse_time(message.issued_at, "issue"))
        now = int(parse_time(vector.get("time", message.issued_at), "now"))
        page = Page(vector.get("domainBinding", message.domain), message.uri, message.chain_id)
        asked = Vector(page, Purpose.LINK, Person("1", "1"), vector.get("matchNonce", message.nonce), issued, 2**32 * 2)
        asked.check(message.text(), now)
        run(prove(message.address, personal_hash(message.text()), parse_signature(vector["signature"])))


def test_a_key_needs_no_chain() -> None:
    proof = run(prove(WALLETS[0], DIGEST, personal_sign("hello")), no_chain)
    assert proof == Proof(WALLETS[0], personal_sign("hello"), contract=False)


def test_a_signature_over_another_message_is_refused() -> None:
    with pytest.raises(InvalidSignature, match="not a signature of"):
        run(prove(WALLETS[0], DIGEST, personal_sign("hello!")))


def test_the_high_s_spelling_of_a_good_signature_is_refused_and_named() -> None:
    good = personal_sign("hello")
    s = ORDER - int.from_bytes(good[32:64], "big")
    high = good[:32] + s.to_bytes(32, "big") + bytes([27 + 28 - good[64]])
    with pytest.raises(InvalidSignature, match="high s"):
        recover(DIGEST, high)
    with pytest.raises(InvalidSignature, match="high s"):
        run(prove(WALLETS[0], DIGEST, high))


@pytest.mark.parametrize(
    "signature",
    [
        b"\0" * 65,
        b"\xff" * 65,
        personal_sign("hello")[:64],
        personal_sign("hello") + b"\0",
        personal_sign("hello")[:64] + b"\x1d",
        ORDER.to_bytes(32, "big") * 2 + b"\x1b",
    ],
)
def test_bytes_that_no_key_writes_are_refused(signature: bytes) -> None:
    with pytest.raises(InvalidSignature):
        recover(DIGEST, signature)


@pytest.mark.parametrize("text", ["", "0x", "0x123", "zz", "0x" + "00" * 20_000, "0X12"])
def test_texts_that_are_no_hex_are_refused(text: str) -> None:
    with pytest.raises(InvalidSignature):
        parse_signature(text)


def test_a_contract_is_asked_with_the_hash_and_the_signature_as_they_are() -> None:
    seen: list[Read] = []

    def agree(read: Read) -> Answer:
        seen.append(read)
        return Answer(True, MAGIC)

    proof = run(prove(WALLETS[3], DIGEST, b"any bytes"), agree)
    assert proof.contract and proof.wallet == WALLETS[3]
    assert seen[0].to == WALLETS[3] and seen[0].data[:4] == MAGIC[:4] and DIGEST in seen[0].data


@pytest.mark.parametrize(
    "answer",
    [
        NO_CODE,
        Answer(False, MAGIC),
        Answer(True, b"\0" * 32),
        Answer(True, MAGIC[:4]),
        Answer(True, MAGIC + b"\0"),
        Answer(True, MAGIC[:31] + b"\1"),
    ],
)
def test_only_the_magic_value_is_a_yes(answer: Answer) -> None:
    with pytest.raises(InvalidSignature, match="does not confirm"):
        run(prove(WALLETS[3], DIGEST, b"any bytes"), lambda read: answer)


def test_a_contract_can_change_its_mind_and_a_key_cannot() -> None:
    contract, key = Proof(WALLETS[3], b"any", True), Proof(WALLETS[0], personal_sign("hello"), False)
    assert run(holds_still(contract, DIGEST), lambda read: Answer(True, MAGIC))
    assert not run(holds_still(contract, DIGEST))
    assert run(holds_still(key, DIGEST), no_chain)
    assert not run(holds_still(key, personal_hash("other")), no_chain)


def test_a_wallet_that_is_not_deployed_is_told_so() -> None:
    with pytest.raises(InvalidSignature, match="not deployed"):
        run(prove(WALLETS[3], DIGEST, b"x" * 64 + bytes.fromhex("6492" * 16)), no_chain)
