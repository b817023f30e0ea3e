"""The key in a process of its own: whoever changes the keeper's configuration or a plugin moves nothing."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from dao_bot.app.keeping import make_keeper
from dao_bot.app.wiring import hash_of_policy, open_desk
from dao_bot.chain.gas import Fees
from dao_bot.chain.remote_signer import RemoteSigner
from dao_bot.chain.transactions import LocalSigner, Unsigned
from dao_bot.config.load import load_config
from dao_bot.domain.addresses import parse_address
from dao_bot.domain.errors import ChainError, Refused
from dao_bot.domain.lifecycle import State
from dao_bot.domain.operations import Transfer
from dao_bot.engine.presented import present
from dao_bot.engine.signing import batch_of
from tests.integration.engine.kit import GRANTEE, KEEPER_VARIABLE, Office, ready, write_config
from tests.integration.engine.signer_kit import Start, keeper_config, signers

if TYPE_CHECKING:
    from dao_bot.devnet import Anvil, World

USDC = 10**6
THIEF = parse_address("0x" + "bad".rjust(40, "0"))


@pytest.fixture
def socket_path(tmp_path: Path) -> Path:
    return tmp_path / "signer.sock"


@pytest.fixture
def start(
    tmp_path: Path, anvil: Anvil, world: World, socket_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Start]:
    monkeypatch.delenv(KEEPER_VARIABLE, raising=False)
    with signers(tmp_path / "signer", anvil, world, socket_path) as start_:
        yield start_


@pytest.fixture
def office(tmp_path: Path, anvil: Anvil, world: World, socket_path: Path) -> Iterator[Office]:
    """The keeper's side, which has no key."""
    with open_desk(write_config(tmp_path, anvil.url, keeper_config(socket_path))) as desk:
        yield Office(desk, world, anvil)


def test_what_the_policy_allows_is_signed_and_executed(office: Office, start: Start) -> None:
    process = start()
    proposal = ready(office)
    told = office.tick()
    assert office.state(proposal) is State.EXECUTED, (told, process.poll())
    assert (office.executions(), office.received()) == (1, 1000 * USDC)


def test_while_its_signer_is_gone_the_keeper_sends_nothing_and_goes_on_once_it_is_back(
    office: Office, start: Start
) -> None:
    with pytest.raises(ChainError, match="the signer does not answer"):
        make_keeper(office.desk)
    first = start()
    keeper, proposal = make_keeper(office.desk), ready(office, "USDC", 500)
    first.kill()
    first.wait()
    told = [step.told for step in keeper.tick()]
    assert "the signer does not answer" in str(told), told
    assert office.desk.store.attempts(proposal) == ()
    start()
    keeper.tick()
    assert (office.state(proposal), office.received()) == (State.EXECUTED, 500 * USDC)


def test_whoever_edits_the_keepers_configuration_moves_nothing(
    tmp_path: Path, anvil: Anvil, world: World, socket_path: Path, start: Start
) -> None:
    """The keeper's host is taken over: the thief stands in the address book, and its owners were fooled to sign."""
    start()

    def edited(data: dict[str, Any]) -> None:
        data["treasury"]["address_book"] = {"Grantee": THIEF}

    genuine = write_config(tmp_path, anvil.url, keeper_config(socket_path))
    own_hash = hash_of_policy(load_config(genuine))
    taken = tmp_path / "taken"
    taken.mkdir()
    with open_desk(write_config(taken, anvil.url, keeper_config(socket_path, edited))) as desk:
        # What the thief edited is another policy; and when he says that it is the signer's, that has its own rules.
        for nominal, (told_hash, why) in enumerate(
            ((desk.services.policy_hash, "another policy than the signer's own"), (own_hash, "recipients may receive"))
        ):
            claimed = replace(desk, services=replace(desk.services, policy_hash=told_hash))
            office = Office(claimed, world, anvil)
            stolen = Transfer(office.token("USDC").amount((1000 - nominal) * USDC), THIEF)
            proposal = office.propose(stolen, nominal=nominal)
            office.tick()
            office.sign(proposal)
            told = office.tick()
            assert "the signer refused" in str(told) and why in str(told), told
            assert (office.state(proposal), office.executions(), office.keeper_nonce()) == (State.READY, 0, 0)
            now = anvil.timestamp()
            desk.store.transition(proposal, State.READY, State.CANCELED, now, "canceled", {})


def least(data: dict[str, Any]) -> None:
    for rule in data["policy"]["rules"]:
        if rule["use"] == "move_size":
            rule.update(per_run="1200 USD", per_window="1500 USD", tokens={}, tokens_per_run={})


def test_a_signer_counts_what_it_signed_when_the_keepers_record_is_gone(
    tmp_path: Path, anvil: Anvil, world: World, socket_path: Path, start: Start
) -> None:
    start(change=least)
    for number, (state, moved) in enumerate(((State.EXECUTED, 1000), (State.READY, 1000))):
        directory = tmp_path / f"keeper {number}"
        directory.mkdir()
        with open_desk(write_config(directory, anvil.url, keeper_config(socket_path, least))) as desk:
            office = Office(desk, world, anvil)
            proposal = ready(office, "USDC", 1000 - number)
            told = office.tick()
            assert (office.state(proposal), office.received()) == (state, moved * USDC), told
    assert "the signer refused" in str(told), told


def test_nothing_but_an_execution_of_the_safe_is_signed(office: Office, start: Start, socket_path: Path) -> None:
    process = start("--json")
    proposal = ready(office)
    stored, services, store = office.stored(proposal), office.desk.services, office.desk.store
    fields: dict[str, Any] = {
        "chain_id": office.world.chain_id,
        "nonce": 0,
        "to": office.world.safe,
        "data": office.calldata(batch_of(stored)),
        "value": 0,
        "gas": 10**6,
        "fees": Fees(10**10, 1),
    }
    unsigned = fields["data"][:-160] + b"\0" * 160
    signer = RemoteSigner(socket_path)
    with pytest.raises(Refused, match="no proposal was presented"):
        signer.sign(Unsigned(**fields))
    other = office.stored(office.propose(office.payment("USDC", 999), nominal=2))
    signer.present(lambda: present(services, store, other))
    with pytest.raises(Refused, match="does not execute the batch that was presented"):
        signer.sign(Unsigned(**fields))
    signer.present(lambda: present(services, store, stored))
    for change, words in (
        ({"to": THIEF}, "receiver"),
        ({"value": 1}, "value"),
        ({"chain_id": 1}, "chain id"),
        ({"gas": 30_000_000}, "gas"),
        ({"fees": Fees(10**15, 1)}, "fee"),
        ({"data": b""}, "not a call of execTransaction"),
        ({"data": bytes.fromhex("a9059cbb") + b"\0" * 64}, "not a call of execTransaction"),
        ({"data": unsigned}, "GS02"),
    ):
        with pytest.raises(Refused, match=words):
            signer.sign(Unsigned(**{**fields, **change}))
    with pytest.raises(Refused, match="goes by another route"):
        signer.sign_for_module(present(services, store, stored))
    assert signer.sign(Unsigned(**fields)).sender == office.world.keeper
    process.send_signal(signal.SIGTERM)
    began, *lines = [json.loads(line) for line in process.communicate(timeout=60)[0].splitlines()]
    assert "signs as" in began["words"] and {line["subject"] for line in (began, *lines)} == {"signer"}
    assert "no proposal was presented" in lines[0]["words"] and lines[0]["proposal"] is None
    assert (lines[1]["level"], lines[1]["proposal"]) == ("warning", other.id)
    signed = lines[-1]
    assert (signed["level"], signed["proposal"]) == ("info", proposal)
    assert signed["run"] == stored.proposal.run.digest and "signed a transaction" in signed["words"]


def ask(socket_path: Path, line: bytes) -> bytes:
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(str(socket_path))
        try:
            connection.sendall(line)
            connection.shutdown(socket.SHUT_WR)
            return connection.recv(4096)
        except (BrokenPipeError, ConnectionResetError):
            return b""


def test_what_is_no_request_gets_a_refusal_and_the_signer_lives_on(
    start: Start, socket_path: Path, world: World
) -> None:
    process = start()
    for line in (
        b"",
        b"nonsense\n",
        b"[]\n",
        b'{"do":"export"}\n',
        b'{"do":"sign"}\n',
        b"x" * 600_000,
        b'{"do":"sign","proposal":[]}\n',
    ):
        assert b"raw" not in ask(socket_path, line), line
    assert RemoteSigner(socket_path).address == world.keeper
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=60)
    assert process.returncode == 0 and not socket_path.exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can ask as somebody else")
def test_only_its_own_user_and_the_named_one_may_ask(start: Start) -> None:
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o777)
        public = Path(name) / "signer.sock"
        start("--user", "12345", at=public)
        public.chmod(0o777)
        assert b"address" in as_user(12345, public)
        assert as_user(54321, public) == b""


def as_user(user: int, socket_path: Path) -> bytes:
    """The answer that a process of this user gets."""
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.setuid(user)
            os.write(write, ask(socket_path, b'{"do":"address"}\n'))
        finally:
            os._exit(0)
    os.close(write)
    os.waitpid(child, 0)
    with os.fdopen(read, "rb") as answer:
        return answer.read()


def test_no_strangers_plugin_runs_where_the_key_is(start: Start) -> None:
    """Checked in a process of its own, because it cannot be taken back."""
    code = (
        "from dao_bot import plugins\n"
        "plugins.trust_only_own()\n"
        "plugins.find(plugins.POLICY_RULES, 'slippage')\n"
        "plugins._OWN = 'another-distribution'\n"
        "plugins.find(plugins.POLICY_RULES, 'slippage')\n"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert "no plugin's code runs in this process" in ended.stderr
    process = start(change=lambda data: data["treasury"]["keeper"].update(signer="x"))
    assert process.wait(60) == 2
    assert "write either `key` or `signer`" in process.communicate()[0]


def test_a_signer_that_signs_something_else_is_not_believed(office: Office, world: World, socket_path: Path) -> None:
    """A signer of the same protocol that was taken over."""
    key = bytes.fromhex(world.owner_keys[0][2:])
    fake = RemoteSigner(socket_path)
    other = LocalSigner(key)
    asked = Unsigned(world.chain_id, 0, world.safe, b"", 0, 10**6, Fees(10**10, 1))
    raw = other.sign(Unsigned(world.chain_id, 1, world.safe, b"", 0, 10**6, Fees(10**10, 1))).raw
    fake._ask = lambda request: {"raw": "0x" + raw.hex(), "address": str(other.address)}  # type: ignore[method-assign]
    with pytest.raises(Refused, match="another transaction than it was asked for"):
        fake.sign(asked)
    raw = other.sign(asked).raw
    fake._ask = lambda request: {"raw": "0x" + raw.hex(), "address": str(GRANTEE)}  # type: ignore[method-assign]
    with pytest.raises(Refused, match="by another key"):
        fake.sign(asked)
