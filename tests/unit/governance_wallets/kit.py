"""Wallets that really sign, and plans that are run without a chain."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from eth_account import Account
from eth_account.messages import encode_defunct

from dao_bot.chain.plan import Answer, Plan, Read
from dao_bot.domain.addresses import Address
from governance.wallets.linking import request
from governance.wallets.links import Links
from governance.wallets.person import Person
from governance.wallets.sign_in import Page, Purpose, SignIn

PAGE = Page("vote.example.org", "https://vote.example.org/link", 1)
ANN, BOB = Person("77", "1001"), Person("77", "1002")
NOW = 1_800_000_000
KEYS = [f"0x{number:064x}" for number in range(1, 9)]
WALLETS = [Address(Account.from_key(key).address) for key in KEYS]

NO_CODE = Answer(False, b"")


def run(plan: Plan[Any], answer: Callable[[Read], Answer] = lambda read: NO_CODE) -> Any:
    """The result of a plan whose reads are all answered by `answer`."""
    told = None
    while True:
        try:
            reads = next(plan) if told is None else plan.send(told)
        except StopIteration as end:
            return end.value
        told = [answer(read) for read in reads]


def personal_sign(text: str, wallet: int = 0) -> bytes:
    return bytes(Account.sign_message(encode_defunct(text=text), KEYS[wallet]).signature)


def asked(links: Links, person: Person = ANN, now: int = NOW, purpose: Purpose = Purpose.LINK) -> SignIn:
    """A request whose nonce is in the record."""
    issued = links.nonces.issue(person, purpose, now)
    links.apply(issued)
    return request(PAGE, issued)


def no_chain(read: Read) -> Answer:
    """For plans that must not read anything."""
    raise AssertionError(read)
