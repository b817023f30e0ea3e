"""EIP-4361: the standard's own examples, siwe's public vectors, and texts that differ from a message by little."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from governance.wallets.errors import InvalidMessage
from governance.wallets.siwe import LONGEST_MESSAGE, SiweMessage, parse_siwe

VECTORS = json.loads((Path(__file__).parent / "vectors" / "siwe.json").read_text())
NAMES = {
    "chainId": "chain_id",
    "issuedAt": "issued_at",
    "expirationTime": "expiration_time",
    "notBefore": "not_before",
    "requestId": "request_id",
}

EXAMPLE = """example.com{port} wants you to sign in with your Ethereum account:
0xC02aaA39b223FE8D0A0e5C4F27eAD9083C756Cc2

I accept the ExampleOrg Terms of Service: https://example.com/tos

URI: https://example.com/login
Version: 1
Chain ID: 1
Nonce: 32891756
Issued At: 2021-09-30T16:25:24Z
Resources:
- ipfs://bafybeiemxf5abjwjbikoz4mc3a3dla6ual3jsgpdr4cjr3oz3evfyavhwq/
- https://example.com/my-web2-claim.json"""
"""The examples of EIP-4361 differ in scheme and port alone."""


def fields(raw: dict[str, Any]) -> dict[str, Any]:
    """A vector's fields under our names."""
    known = {NAMES.get(name, name): value for name, value in raw.items() if name != "version"}
    return {**known, "resources": tuple(known["resources"])} if "resources" in known else known


@pytest.mark.parametrize(
    ("text", "scheme", "domain"),
    [
        (EXAMPLE.format(port=""), None, "example.com"),
        (EXAMPLE.format(port=":3388"), None, "example.com:3388"),
        ("https://" + EXAMPLE.format(port=""), "https", "example.com"),
    ],
)
def test_the_examples_of_the_standard_are_read_and_written_back(text: str, scheme: str | None, domain: str) -> None:
    message = parse_siwe(text)
    assert (message.scheme, message.domain) == (scheme, domain)
    assert message.statement == "I accept the ExampleOrg Terms of Service: https://example.com/tos"
    assert message.resources is not None and len(message.resources) == 2
    assert message.text() == text


@pytest.mark.parametrize("name", VECTORS["parsing_positive"])
def test_public_vectors_are_read_into_their_fields_and_written_back(name: str) -> None:
    vector = VECTORS["parsing_positive"][name]
    message = parse_siwe(vector["message"])
    assert message == SiweMessage(**fields(vector["fields"]))
    assert message.text() == vector["message"]


@pytest.mark.parametrize("name", VECTORS["parsing_negative"])
def test_public_negative_vectors_are_refused(name: str) -> None:
    with pytest.raises(InvalidMessage):
        parse_siwe(VECTORS["parsing_negative"][name])


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("\n", "\r\n"),
        ("Nonce: 32891756", "Nonce:  32891756"),
        ("Nonce: 32891756", "Nonce: 3289175-"),
        ("Nonce: 32891756", "Nonce: ３２８９１７５６"),
        ("Chain ID: 1", "Chain ID: 01"),
        ("Chain ID: 1", "Chain ID: 0"),
        ("Chain ID: 1", "Chain ID: 0x1"),
        ("Version: 1", "version: 1"),
        ("2021-09-30T16:25:24Z", "2021-09-31T16:25:24Z"),
        ("2021-09-30T16:25:24Z", "2021-09-30T24:00:00Z"),
        ("2021-09-30T16:25:24Z", "2021-09-30T16:25:60Z"),
        ("2021-09-30T16:25:24Z", "2021-09-30 16:25:24Z"),
        ("2021-09-30T16:25:24Z", "2021-09-30T16:25:24"),
        ("2021-09-30T16:25:24Z", "2021-09-30T16:25:24+24:00"),
        ("2021-09-30T16:25:24Z", "0001-01-01T00:00:00+01:00"),
        ("I accept", "I «accept»"),
        ("I accept", "I\taccept"),
        ("I accept", "I <accept>"),
        ("0xC02aaA39", "0xc02aaA39"),
        ("0xC02aaA39b", "0xC02aaA39"),
        ("example.com wants", "example.com/path wants"),
        ("example.com wants", "exa mple.com wants"),
        ("example.com wants", "example.com:port wants"),
        ("example.com wants", "[::1%25eth0] wants"),
        ("example.com wants", "://example.com wants"),
        ("example.com wants", "1https://example.com wants"),
        ("example.com wants", "example.com Wants"),
        ("https://example.com/login", "//example.com/login"),
        ("https://example.com/login", "https://example.com/%zz"),
        ("- ipfs:", "* ipfs:"),
        ("- ipfs:", "-  ipfs:"),
    ],
)
def test_a_small_difference_makes_it_no_message(old: str, new: str) -> None:
    text = EXAMPLE.format(port="")
    assert old in text
    with pytest.raises(InvalidMessage):
        parse_siwe(text.replace(old, new, 1))


@pytest.mark.parametrize("extra", ["\n", " ", "\nExpiration Time: 2021-09-30T16:25:24Z", "\n- "])
def test_nothing_may_stand_behind_it(extra: str) -> None:
    with pytest.raises(InvalidMessage):
        parse_siwe(EXAMPLE.format(port="") + extra)


def test_every_shorter_text_is_refused_or_written_back_as_it_is() -> None:
    text = EXAMPLE.format(port="")
    for length in range(len(text)):
        try:
            message = parse_siwe(text[:length])
        except InvalidMessage:
            continue
        assert message.text() == text[:length]


def test_an_empty_statement_is_not_no_statement() -> None:
    base = parse_siwe(EXAMPLE.format(port=""))
    for statement in (None, "", "a"):
        message = SiweMessage("a.b", base.address, base.uri, 1, base.nonce, base.issued_at, statement)
        assert parse_siwe(message.text()).statement == statement


def test_an_empty_list_of_resources_and_an_empty_request_id_are_kept() -> None:
    base = parse_siwe(EXAMPLE.format(port=""))
    message = SiweMessage("a.b", base.address, base.uri, 1, base.nonce, base.issued_at, request_id="", resources=())
    assert parse_siwe(message.text()) == message


def test_a_message_of_any_length_is_not_read() -> None:
    with pytest.raises(InvalidMessage, match="too long"):
        parse_siwe(EXAMPLE.format(port="") + "\n- a:b" * LONGEST_MESSAGE)


@pytest.mark.parametrize("statement", ["two\nlines", "https://é", 'a "quote"'])
def test_no_message_is_made_of_fields_that_it_could_not_be_read_back_from(statement: str) -> None:
    base = parse_siwe(EXAMPLE.format(port=""))
    with pytest.raises(InvalidMessage, match="statement"):
        SiweMessage("a.b", base.address, base.uri, 1, base.nonce, base.issued_at, statement)
