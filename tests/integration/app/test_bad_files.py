"""Batch files, configurations and databases that are missing, damaged, foreign or locked."""

from __future__ import annotations

import json
import os
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from copy import deepcopy
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from dao_bot.devnet.abi import encode_call
from dao_bot.devnet.artifacts import own_artifact
from dao_bot.safe.builder import checksum_of
from dao_bot.store.store import open_store
from tests.integration.app import kit
from tests.integration.app.kit import Office, refused

if TYPE_CHECKING:
    from dao_bot.devnet import Anvil, World

pytestmark = pytest.mark.usefixtures("untouched")
NOBODY_ID = 65534
STRANGER = "0x000000000000000000000000000000000000dEaD"


@pytest.fixture
def batch(world: World) -> dict[str, Any]:
    """A Transaction Builder batch that pays one USDC to a stranger."""
    data = encode_call(own_artifact("Token"), "transfer", STRANGER, 10**6)
    return {
        "version": "1.0",
        "chainId": str(world.chain_id),
        "createdAt": 1_700_000_000_000,
        "meta": {"name": "Payment", "createdFromSafeAddress": world.safe},
        "transactions": [
            {
                "to": world.tokens["USDC"].address,
                "value": "0",
                "data": data,
                "contractMethod": None,
                "contractInputsValues": None,
            }
        ],
    }


def inspect(office: Office, content: bytes | dict[str, Any], *, sealed: bool = True) -> kit.Ended:
    """`dao-bot inspect` of that content; `sealed` gives a batch the checksum that it should have."""
    if isinstance(content, dict):
        if sealed:
            content["meta"]["checksum"] = checksum_of(content)
        content = json.dumps(content).encode()
    file = office.directory / "batch.json"
    file.write_bytes(content)
    return office.dao_bot("inspect", file, "--json")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"\x00\xff{{{", "it is no JSON"),
        (b"", "it is no JSON"),
        (b"[1]", "a JSON list"),
        (b'{"a": 1}', "version 1.0 with meta and transactions"),
        (b"[" * 100_000, "nested too deep"),
        (b" " * (5 * 2**20), "too large"),
    ],
    ids=["garbage", "empty", "list", "other", "deep", "large"],
)
def test_what_is_no_batch_is_refused(office: Office, content: bytes, words: str) -> None:
    refused(inspect(office, content), 2, words)


def test_a_missing_batch_file_is_named(office: Office) -> None:
    refused(office.dao_bot("inspect", "nowhere.json", "--json"), 2, "nowhere.json cannot be read")
    refused(office.dao_bot("verify", "nowhere.json", "--json"), 2, "nowhere.json cannot be read")


def test_a_batch_that_was_changed_after_it_was_made_is_refused(office: Office, batch: dict[str, Any]) -> None:
    batch["meta"]["checksum"] = checksum_of(batch)
    batch["transactions"][0]["value"] = "1"
    refused(inspect(office, batch, sealed=False), 2, "was changed after it was made", "Export it again")


def test_a_batch_of_another_chain_or_safe_is_refused(office: Office, batch: dict[str, Any]) -> None:
    refused(inspect(office, {**batch, "chainId": "1"}), 2, "chain")
    other = {**batch, "meta": {**batch["meta"], "createdFromSafeAddress": STRANGER}}
    refused(inspect(office, other), 2, "another Safe", STRANGER)


def test_a_whole_batch_is_held_to_the_policy(office: Office, batch: dict[str, Any]) -> None:
    ended = inspect(office, batch)
    assert ended.code == 3, ended
    assert {report["rule"] for report in ended.facts["verdict"]["reports"] if report["violated"]} >= {
        "allowed_recipients",
        "deadline",
    }


def test_a_missing_configuration_says_how_to_begin() -> None:
    for name in (["check"], ["doctor"], ["plan", "reserve"], ["proposals"], ["audit"]):
        ended = kit.command(*name, "-c", "nowhere.yaml", "--json")
        assert ended.code == 2
        assert "`dao-bot init` writes one" in json.dumps(ended.facts)


def test_twenty_mistakes_are_told_at_once_each_with_its_line(office: Office) -> None:
    text = office.path.read_text()
    for number, key in enumerate(("decimals", "fee", "heartbeat", "hazard", "backing")):
        text = text.replace(f" {key}:", f" {key}{number}:", 4)
    office.path.write_text(text)
    facts = refused(office.dao_bot("plan", "reserve", "--json"), 2)
    told = office.dao_bot("check", "--json")
    assert told.code == 2
    assert len(told.facts["problems"]) >= 20
    assert all(problem["position"] and problem["path"] for problem in told.facts["problems"])
    assert len(facts["problems"]) <= len(told.facts["problems"]), "check asks the strategies too"


def test_a_database_that_is_none_is_told(office: Office) -> None:
    (office.directory / "dao-bot.sqlite3").write_bytes(b"shopping list\n" * 500)
    for command in ("proposals", "audit", "doctor"):
        refused(office.dao_bot(command, "--json"), 1, "not a SQLite database", "Check the path under `store`")


def test_a_database_of_another_program_is_told(office: Office) -> None:
    with closing(sqlite3.connect(office.directory / "dao-bot.sqlite3")) as other:
        other.execute("CREATE TABLE recipes (name)")
        other.commit()
    refused(office.dao_bot("proposals", "--json"), 1, "belongs to another program", "recipes")


def test_a_database_of_a_newer_version_is_told(office: Office) -> None:
    assert office.facts("proposals") == []
    with closing(sqlite3.connect(office.directory / "dao-bot.sqlite3")) as other:
        other.execute("UPDATE dao_bot_version SET version_num = '9999'")
        other.commit()
    for command in (["proposals"], ["plan", "reserve"], ["audit"]):
        refused(office.dao_bot(*command, "--json"), 1, "newer version")
    ended = office.dao_bot("run", "--once")
    assert (ended.code, "newer version" in ended.err) == (1, True), ended


def test_a_locked_database_is_told_after_a_moment_and_nothing_is_lost(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(open_store.__kwdefaults__ or {}, "wait", 0.2)
    assert office.facts("proposals") == []
    with closing(sqlite3.connect(office.directory / "dao-bot.sqlite3", isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        refused(office.dao_bot("doctor", "--accept", "--json"), 1, "locked by another process", "try again")
        assert office.facts("proposals") == [], "reading goes on"
        other.execute("ROLLBACK")
    assert office.events() == []
    assert office.dao_bot("doctor", "--accept").code == 0
    assert office.events() == ["safe accepted"]


@contextmanager
def ordinary_user() -> Iterator[None]:
    """Permissions mean nothing to root, so root steps down for a while."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(NOBODY_ID)
    try:
        yield
    finally:
        os.seteuid(0)


def test_a_read_only_database_is_told_and_can_still_be_read(world: World, anvil: Anvil) -> None:
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        directory.chmod(0o777)
        office = kit.open_office(directory, world, [anvil.url])
        assert office.dao_bot("doctor", "--accept", "--json").code in (0, 1)
        for file in directory.iterdir():
            file.chmod(0o444)
        directory.chmod(0o555)
        with ordinary_user():
            refused(office.dao_bot("doctor", "--accept", "--json"), 1, "read-only", "writable")
        directory.chmod(0o777)
        assert office.events() == ["safe accepted"]


def test_a_database_server_that_is_away_is_told_without_its_password(office: Office) -> None:
    office.configure(lambda data: data["store"].update(url="postgresql://steward:hunter2hunter2@127.0.0.1:9/dao"))
    ended = office.dao_bot("proposals", "--json")
    refused(ended, 1, "the database server cannot be reached", "Check that it runs")
    assert "hunter2" not in ended.out + ended.err


def test_what_strategies_say_of_their_parameters_is_told_beside_everything_else(office: Office) -> None:
    def spoil(data: dict[str, Any]) -> None:
        data["treasury"]["chain"]["id"] = "one"
        data["strategies"]["reserve"].update(approval="nobody")
        data["strategies"]["reserve"]["params"]["runway"] = "long"
        data["strategies"]["other"] = {**deepcopy(data["strategies"]["reserve"]), "use": "./absent.py:Other"}

    office.configure(spoil)
    told = office.dao_bot("check", "--json")
    assert told.code == 2, told
    problems = {".".join(map(str, one["path"])): one for one in told.facts["problems"]}
    for path in ("treasury.chain.id", "strategies.reserve.approval", "strategies.other.use"):
        assert problems[path]["position"] is not None
    assert any(path.startswith("strategies.reserve.params") for path in problems), problems
    assert not [path for path in problems if path.startswith("strategies.other.params")], "it cannot be asked"
