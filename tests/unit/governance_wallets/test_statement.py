"""A statement counts for one treasury, one wallet, one act, for some minutes; and nothing can hide in its lines."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest
from eth_account import Account
from eth_account.messages import encode_defunct

from dao_bot.chain.plan import Answer, Plan
from dao_bot.domain.addresses import Address
from governance.wallets.by_key import sign
from governance.wallets.errors import InvalidMessage, InvalidSignature
from governance.wallets.signatures import Proof, parse_signature
from governance.wallets.statement import AHEAD, OLDEST, Deed, Statement, parse_statement

KEY = bytes.fromhex("0b" * 32)
WALLET = Address(Account.from_key(KEY).address)
SPACE = "eip155:1:0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"
NOW = 1_800_000_000
STATEMENT = Statement(Deed.APPROVE, SPACE, WALLET, "0x" + "ab" * 32, NOW, "because")


def proven(statement: Statement, signature: str, now: int = NOW, space: str = SPACE) -> Proof:
    """No wallet here is a contract: every call answers nothing."""
    plan: Plan[Proof] = statement.proven(space, parse_signature(signature), now)
    try:
        reads = next(plan)
        while True:
            reads = plan.send([Answer(True, b"") for _ in reads])
    except StopIteration as done:
        found: Proof = done.value
        return found


def test_what_a_key_signs_here_is_what_wallets_sign() -> None:
    theirs = Account.sign_message(encode_defunct(text=STATEMENT.text()), KEY).signature
    assert sign(KEY, STATEMENT) == "0x" + bytes(theirs).hex()
    assert proven(STATEMENT, sign(KEY, STATEMENT)) == Proof(WALLET, bytes(theirs), contract=False)


@pytest.mark.parametrize(
    "changes",
    [
        {"deed": Deed.VETO},
        {"about": "0x" + "ac" * 32},
        {"reason": "because "},
        {"at": NOW - 1},
        {"wallet": Address("0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed")},
    ],
)
def test_a_signature_over_one_statement_is_worth_nothing_for_another(changes: dict[str, Any]) -> None:
    with pytest.raises(InvalidSignature):
        proven(dataclasses.replace(STATEMENT, **changes), sign(KEY, STATEMENT))


def test_another_treasury_or_another_time_is_refused() -> None:
    signature = sign(KEY, STATEMENT)
    with pytest.raises(InvalidMessage, match="another treasury"):
        proven(STATEMENT, signature, space=SPACE.replace(":1:", ":5:"))
    for now in (NOW + OLDEST + 1, NOW - AHEAD - 1):
        with pytest.raises(InvalidMessage, match="another time"):
            proven(STATEMENT, signature, now)
    for now in (NOW + OLDEST, NOW - AHEAD):
        proven(STATEMENT, signature, now)


@pytest.mark.parametrize("text", ["two\nlines", "tab\t", "\u202edrawkcab", "x" * 501, "nul\0"])
def test_nothing_can_hide_in_a_line(text: str) -> None:
    with pytest.raises(InvalidMessage, match="not one line"):
        dataclasses.replace(STATEMENT, reason=text)
    with pytest.raises(InvalidMessage, match="not one line"):
        dataclasses.replace(STATEMENT, about=text)


def test_a_statement_is_read_back_to_the_letter_and_nothing_else_is() -> None:
    for statement in (STATEMENT, dataclasses.replace(STATEMENT, deed=Deed.MANDATE, reason="")):
        assert parse_statement(statement.text()) == statement
    text = STATEMENT.text()
    for other in (
        "",
        text + "\n",
        text.replace("because", "a\nTime: b"),
        text.replace("approve", "steal"),
        text.replace("Z\n", "+00:00\n"),
        text.replace(WALLET, WALLET.lower()),
    ):
        with pytest.raises(InvalidMessage):
            parse_statement(other)
