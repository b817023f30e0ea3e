"""Signatures that must not count: by a stranger, over another hash, twice, too early, too late."""

from __future__ import annotations

import sqlite3
import time
from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from eth_account import Account

from dao_bot.devnet.safes import deploy_safe
from tests.integration.app.kit import KEEPER_VARIABLE, Ended, Office, open_office, refused

if TYPE_CHECKING:
    from pathlib import Path

    from dao_bot.devnet import RunningWorld, World

KEYS = ("FIRST", "SECOND", "STRANGER", "KEEPER_TOO")


@pytest.fixture(scope="module")
def recorded(running_world: RunningWorld, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A record in which one proposal waits for signatures; made once, because that takes seconds."""
    running_world.anvil.set_time(max(int(time.time()), running_world.anvil.timestamp() + 1))
    office = open_office(tmp_path_factory.mktemp("recorded"), running_world.world, [running_world.anvil.url])
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(KEEPER_VARIABLE, running_world.world.keeper_key)
        ended = office.dao_bot("run", "--once")
    assert ended.code == 0, ended
    return office.directory / "dao-bot.sqlite3"


@pytest.fixture
def queued(office: Office, recorded: Path, world: World, monkeypatch: pytest.MonkeyPatch) -> str:
    """Id of a proposal that waits for signatures, in the record of this test."""
    for name, key in zip(KEYS, (*world.owner_keys[:2], world.stranger_key, world.keeper_key), strict=True):
        monkeypatch.setenv(name, key)
    with closing(sqlite3.connect(recorded)) as whole, closing(sqlite3.connect(office.directory / recorded.name)) as own:
        whole.backup(own)
    (proposal,) = office.facts("proposals")
    assert proposal["state"] == "queued"
    return str(proposal["id"])


def sign(office: Office, proposal: str, key: str) -> Ended:
    return office.dao_bot("sign", proposal, "--key", key, "--yes", "--json")


def test_who_is_no_owner_signs_nothing(office: Office, queued: str) -> None:
    before = office.events()
    for key in ("env:STRANGER", "env:KEEPER_TOO"):
        refused(sign(office, queued, key), 2, "belongs to no owner of the Safe", "Use an owner's key")
    assert office.events() == before


def test_a_key_that_is_none_is_refused_and_never_shown(office: Office, queued: str, world: World) -> None:
    secret = world.owner_keys[0]
    (office.directory / "key").write_text(secret[:40])
    for key in ("env:NOT_SET", "file:nowhere", f"file:{office.directory / 'key'}", secret):
        ended = sign(office, queued, key)
        refused(ended, 2)
        assert secret[2:40] not in ended.out + ended.err


def test_an_owner_signs_once(office: Office, queued: str) -> None:
    assert sign(office, queued, "env:FIRST").code == 0
    before = office.events()
    refused(sign(office, queued, "env:FIRST"), 2, "has signed already", "Ask another owner")
    assert office.events() == before


def test_one_signature_of_two_executes_nothing(office: Office, queued: str) -> None:
    assert sign(office, queued, "env:FIRST").code == 0
    ended = office.dao_bot("execute", queued)
    assert ended.code == 1
    assert "It waits for signatures of the Safe's owners" in ended.out


def test_a_signature_over_another_hash_that_was_put_into_the_record_executes_nothing(
    office: Office, queued: str, world: World
) -> None:
    first, second = (sign(office, queued, key).facts for key in ("env:FIRST", "env:SECOND"))
    forged = bytes(Account.from_key(world.owner_keys[1]).unsafe_sign_hash(b"\x11" * 32).signature)
    with closing(sqlite3.connect(office.directory / "dao-bot.sqlite3")) as record:
        change = "UPDATE signatures SET signature = ? WHERE owner = ?"
        assert record.execute(change, (forged, second["owner"])).rowcount == 1
        record.commit()
    ended = office.dao_bot("execute", queued, "--json")
    assert ended.code == 1, ended
    assert ended.facts["state"] == "queued"
    assert first["safe_tx_hash"] == second["safe_tx_hash"]


def test_nobody_who_was_not_asked_signs(office: Office, queued: str) -> None:
    ended = office.dao_bot("sign", queued, "--key", "env:FIRST")
    assert ended.code == 2
    assert "Pass --yes if you have compared the hashes" in ended.err
    assert "safeTxHash" in ended.out


def test_a_proposal_of_another_safe_is_not_signed(office: Office, queued: str, running_world: RunningWorld) -> None:
    world, packages = running_world.world, running_world.toolchain.packages
    other = deploy_safe(
        running_world.anvil, packages, version="1.4.1", owners=world.owners, threshold=world.threshold, salt_nonce=7
    )
    office.configure(lambda data: data["treasury"].update(safe=other))
    for command in (
        ["sign", queued, "--key", "env:FIRST", "--yes"],
        ["show", queued],
        ["cancel", queued, "--reason=x"],
    ):
        refused(office.dao_bot(*command, "--json"), 2, "was made for another Safe", world.safe)


@pytest.mark.parametrize("given", ["ab", "zz9999", "0x" + "1" * 70, "abcdef12", "11" * 32])
def test_an_id_that_is_none_or_of_nobody_is_refused(office: Office, given: str) -> None:
    refused(office.dao_bot("show", given, "--json"), 2, "proposal")


def test_what_is_executed_is_over(office: Office, queued: str) -> None:
    for key in ("env:FIRST", "env:SECOND"):
        assert sign(office, queued, key).code == 0
    executed = office.facts("execute", queued)
    assert executed["state"] == "executed"
    refused(sign(office, queued, "env:FIRST"), 2, "nothing to sign", "state executed")
    refused(office.dao_bot("cancel", queued, "--reason", "late", "--json"), 2, "cannot be canceled", "state executed")
    again = office.facts("execute", queued)
    assert again == {**executed, "steps": again["steps"]}, "executing again changes nothing"
