"""The page's own Keccak-256 and EIP-712 are those of the server, whatever is hashed."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

from dao_bot.domain.addresses import Address, checksum
from dao_bot.domain.calls import CallType
from dao_bot.domain.hashing import keccak
from dao_bot.safe.hashes import safe_hashes
from dao_bot.safe.transaction import SafeTransaction
from dao_bot.safe.typed_data import safe_typed_data
from governance.wallets.typed_data import VOTE_TYPES, SignedChoice, VoteMessage
from governance.web.assets import assets

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page, Route

ORIGIN = "https://hashes.example.org"
LARGEST = 2**256 - 1


@pytest.fixture(scope="module")
def page(browser: Browser) -> Iterator[Page]:
    """Any document from which the page's modules can be imported; what they compute depends on nothing else."""
    files = assets()

    def serve(route: Route) -> None:
        name = route.request.url.rpartition("/")[2]
        if name:
            route.fulfill(body=files[name].content, content_type="text/javascript")
        else:
            route.fulfill(body="<!doctype html>", content_type="text/html")

    context = browser.new_context()
    opened = context.new_page()
    opened.route("**/*", serve)
    opened.goto(f"{ORIGIN}/")
    yield opened
    context.close()


def test_keccak_of_every_length_around_its_block(page: Page) -> None:
    chance = random.Random(1)
    texts = [chance.randbytes(length) for length in (*range(140), 271, 272, 273, 5000)]
    script = """async (texts) => {
        const { keccak256 } = await import("/keccak.js");
        const { fromHex, toHex } = await import("/typed_data.js");
        return texts.map((text) => toHex(keccak256(fromHex(text))));
    }"""
    made = page.evaluate(script, ["0x" + text.hex() for text in texts])
    assert made == ["0x" + keccak(text).hex() for text in texts]


def test_addresses_have_their_checksum(page: Page) -> None:
    chance = random.Random(2)
    addresses = [chance.randbytes(20) for _ in range(50)]
    script = """async (addresses) => {
        const { checksummed } = await import("/typed_data.js");
        return addresses.map(checksummed);
    }"""
    made = page.evaluate(script, ["0x" + address.hex() for address in addresses])
    assert made == [checksum(address) for address in addresses]


def hashed(page: Page, typed: list[dict[str, Any]]) -> list[dict[str, str]]:
    script = """async (texts) => {
        const { hashTypedData } = await import("/typed_data.js");
        return texts.map((text) => hashTypedData(JSON.parse(text)));
    }"""
    made: list[dict[str, str]] = page.evaluate(script, [json.dumps(each) for each in typed])
    return made


def test_safe_transactions_hash_to_what_the_safe_computes(page: Page) -> None:
    chance = random.Random(3)

    def address() -> Address:
        return checksum(chance.randbytes(20))

    def number() -> int:
        return chance.choice([0, 1, 2**53 + 1, LARGEST, chance.getrandbits(256)])

    made = []
    for _ in range(40):
        transaction = SafeTransaction(
            address(), number(), chance.randbytes(chance.randrange(300)), chance.choice(list(CallType)), number(),
            number(), number(), number(), address(), address(),
        )  # fmt: skip
        made.append((chance.randrange(1, 2**53), address(), transaction))
    wanted = [safe_hashes(*each) for each in made]
    found = hashed(page, [safe_typed_data(*each) for each in made])
    assert [(each["domain"], each["message"], each["signed"]) for each in found] == [
        (each.domain, each.message, each.safe_tx) for each in wanted
    ]


def test_votes_of_every_form_hash_to_what_is_verified(page: Page) -> None:
    choices: dict[str, SignedChoice] = {"uint32": 3, "uint32[]": (1, 2**32 - 1), "string": '{"1":3}'}
    voter = checksum(b"\x11" * 20)
    messages = [
        VoteMessage(kind, voter, "eip155:1:0x…", 2**53 - 1, "0x" + "ab" * 32, choices[kind.choice], reason, "app")
        for kind in VOTE_TYPES
        for reason in ("", "naïve ☂ 𝒳 \n<b>")
    ]
    found = hashed(page, [message.typed_data() for message in messages])
    assert [each["signed"] for each in found] == ["0x" + message.digest.hex() for message in messages]


@pytest.mark.parametrize(
    ("field", "value"),
    [("value", "-1"), ("value", str(2**256)), ("operation", 256), ("operation", 1.5), ("to", "0x12"), ("data", "0x1")],
)
def test_what_cannot_be_encoded_is_refused_and_not_guessed(page: Page, field: str, value: object) -> None:
    from playwright.sync_api import Error

    zero = Address("0x" + "00" * 20)
    typed = safe_typed_data(1, zero, SafeTransaction(zero, 0, b"", CallType.CALL, 0))
    typed["message"][field] = value
    with pytest.raises(Error):
        hashed(page, [typed])
