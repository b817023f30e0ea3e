"""`dao-bot delegates` against a transaction service: what an owner signs, who may propose, and bad input."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from eth_account import Account
from eth_account.messages import encode_typed_data

from dao_bot.safe.signing import key_address
from tests.contract.owners_queue.standin import StandIn
from tests.integration.app.kit import Office, in_, refused

if TYPE_CHECKING:
    from dao_bot.devnet import Anvil

PROPOSER_VARIABLE = "DAO_BOT_PROPOSER_KEY"
PROPOSER_KEY = bytes(range(1, 33))
PROPOSER = key_address(PROPOSER_KEY)


@pytest.fixture
def service(office: Office, anvil: Anvil, monkeypatch: pytest.MonkeyPatch) -> Iterator[StandIn]:
    """Configured, but no owner has registered the proposer yet."""
    monkeypatch.setenv(PROPOSER_VARIABLE, PROPOSER_KEY.hex())
    monkeypatch.setenv("OWNER_KEY", office.world.owner_keys[0])
    with StandIn(anvil.url) as service:
        settings = {"url": service.url, "proposer": f"env:{PROPOSER_VARIABLE}", "requests_per_second": "1000"}
        office.configure(in_("treasury", service=settings))
        yield service


def test_an_owner_signs_the_message_in_a_wallet_and_registers_and_removes_the_delegate(
    office: Office, service: StandIn
) -> None:
    owner = office.world.owners[0]
    assert office.facts("delegates", "list") == {"proposer": PROPOSER, "registered": False, "all": []}
    message = office.facts("delegates", "message")
    signed = Account.sign_message(encode_typed_data(full_message=message["typed_data"]), office.world.owner_keys[0])
    assert signed.message_hash.hex() == message["hash"][2:]
    signature = "0x" + bytes(signed.signature).hex()
    office.facts("delegates", "add", owner, "--signature", signature, "--label", "our bot")
    listed = office.facts("delegates", "list")
    assert listed["registered"]
    assert [(each["delegate"], each["delegator"], each["label"]) for each in listed["all"]] == [
        (PROPOSER, owner, "our bot")
    ]
    assert PROPOSER in office.dao_bot("delegates", "list").out
    office.facts("delegates", "remove", owner, "--signature", signature)
    assert service.delegates == {}


def test_an_owner_s_key_may_sign_here_and_the_proposer_removes_itself(office: Office, service: StandIn) -> None:
    owner = office.world.owners[0]
    ended = office.dao_bot("delegates", "add", owner, "--key", "env:OWNER_KEY")
    assert ended.code == 0, ended
    assert "may now propose" in ended.out
    assert len(service.delegates) == 1
    ended = office.dao_bot("delegates", "remove", owner)
    assert ended.code == 0, ended
    assert service.delegates == {}
    refused(office.dao_bot("delegates", "remove", owner, "--json"), 1, "status 404", "not registered")


def test_who_is_no_owner_has_no_delegates(office: Office, service: StandIn) -> None:
    stranger = office.world.stranger
    refused(office.dao_bot("delegates", "add", stranger, "--signature", "0x" + "11" * 65, "--json"), 2, "only an owner")
    assert service.seen == []


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        ((), 2, "an owner has to sign"),
        (("--signature", "0x1234"), 2, "not a signature"),
        (("--signature", "0x" + "00" * 64 + "1b"), 2, "signature"),
        (("--key", f"env:{PROPOSER_VARIABLE}"), 2, "the key of somebody else"),
        (("--key", "env:OWNER_KEY", "--label", "x" * 51), 2, "not a label"),
        (("--key", "env:NOT_THERE"), 2, "is not set"),
    ],
)
def test_what_is_no_owner_s_signature_is_refused_before_anything_is_asked(
    office: Office, service: StandIn, arguments: tuple[str, ...], code: int, words: str
) -> None:
    refused(office.dao_bot("delegates", "add", office.world.owners[0], *arguments, "--json"), code, words)
    assert service.delegates == {}
    assert service.seen == []


def test_a_signature_over_something_else_is_refused_by_the_service(office: Office, service: StandIn) -> None:
    made = Account.unsafe_sign_hash(b"\x07" * 32, office.world.owner_keys[0])
    signature = "0x" + bytes(made.signature).hex()
    ended = office.dao_bot("delegates", "add", office.world.owners[0], "--signature", signature, "--json")
    refused(ended, 1, "Signature does not match")
    assert service.delegates == {}


def test_without_a_service_it_says_what_to_configure(office: Office) -> None:
    refused(office.dao_bot("delegates", "list", "--json"), 2, "no transaction service is configured")


def test_there_is_no_hosted_service_for_a_local_chain(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(PROPOSER_VARIABLE, PROPOSER_KEY.hex())
    office.configure(in_("treasury", service={"proposer": f"env:{PROPOSER_VARIABLE}"}))
    refused(office.dao_bot("delegates", "list", "--json"), 2, "no hosted transaction service", "chain 31337")


def test_a_key_does_not_travel_unencrypted(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(PROPOSER_VARIABLE, PROPOSER_KEY.hex())
    monkeypatch.setenv("SERVICE_KEY", "secret-key-of-the-service")
    settings = {"url": "http://service.example", "proposer": f"env:{PROPOSER_VARIABLE}", "key": "env:SERVICE_KEY"}
    office.configure(in_("treasury", service=settings))
    ended = office.dao_bot("delegates", "list", "--json")
    refused(ended, 2, "would travel unencrypted")
    assert "secret-key-of-the-service" not in str(ended)


def test_the_doctor_tells_whether_the_account_may_propose(
    office: Office, service: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    def line() -> dict[str, object]:
        checks = office.dao_bot("doctor", "--json").facts["checks"]
        (found,) = (check for check in checks if check["subject"] == "proposer")
        assert isinstance(found, dict)
        return found

    assert "is not registered" in str(line()["problem"])
    office.facts("delegates", "add", office.world.owners[0], "--key", "env:OWNER_KEY")
    assert line()["problem"] is None
    monkeypatch.setenv(PROPOSER_VARIABLE, office.world.owner_keys[0])
    assert "belongs to an owner" in str(line()["problem"])
