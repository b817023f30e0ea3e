"""A Safe that is too old, or that has changed hands since it was accepted: nothing goes on until it is accepted."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from dao_bot.devnet.abi import encode_call
from dao_bot.devnet.artifacts import npm_artifact
from dao_bot.devnet.canonical import SAFE_CONTRACTS
from dao_bot.devnet.transactions import Transaction, transact
from dao_bot.safe.transaction import rejection
from dao_bot.safe.transaction_file import write_transaction_file
from tests.integration.app.kit import Office, refused

if TYPE_CHECKING:
    from dao_bot.devnet import Anvil, RunningWorld, World

NEW_OWNER = "0x000000000000000000000000000000000000bEEF"
_TREASURY_WEI = 20 * 10**18
Tamper = Callable[["RunningWorld"], None]


def safe_calls_itself(running: RunningWorld, function: str, *arguments: Any) -> None:
    """What owners do in the Safe's own interface."""
    anvil, safe = running.anvil, running.world.safe
    anvil.rpc("anvil_impersonateAccount", safe)
    data = encode_call(npm_artifact(running.toolchain.packages, "SafeL2-1.4.1"), function, *arguments)
    transact(anvil, Transaction(safe, safe, data))
    anvil.rpc("anvil_setBalance", safe, hex(_TREASURY_WEI))
    anvil.rpc("anvil_stopImpersonatingAccount", safe)


def add_owner(running: RunningWorld) -> None:
    safe_calls_itself(running, "addOwnerWithThreshold", NEW_OWNER, 2)


def lower_threshold(running: RunningWorld) -> None:
    safe_calls_itself(running, "changeThreshold", 1)


def enable_module(running: RunningWorld) -> None:
    safe_calls_itself(running, "enableModule", NEW_OWNER)


def exchange_singleton(running: RunningWorld) -> None:
    singleton = SAFE_CONTRACTS["1.5.0"].singleton[2:].lower().rjust(64, "0")
    running.anvil.rpc("anvil_setStorageAt", running.world.safe, "0x" + "0" * 64, "0x" + singleton)
    running.anvil.mine()


CHANGES: dict[str, tuple[Tamper, str]] = {
    "owners": (add_owner, NEW_OWNER),
    "threshold": (lower_threshold, "threshold was 2, is 1"),
    "modules": (enable_module, "modules was none"),
    "version": (exchange_singleton, "version was 1.4.1, is 1.5.0"),
}


@pytest.fixture
def accepted(office: Office) -> Office:
    """The first run has seen the Safe; the strategy rests, so that only the keeper works."""
    office.configure(lambda data: data["strategies"]["reserve"].update(enabled=False))
    ended = office.dao_bot("run", "--once")
    assert ended.code == 0, ended
    assert "the Safe: is accepted as it is: 2 of 3 owners" in ended.out
    return office


@pytest.mark.usefixtures("untouched")
@pytest.mark.parametrize("name", CHANGES)
def test_a_change_of_control_stops_plan_and_run_until_it_is_accepted(
    accepted: Office, running_world: RunningWorld, name: str
) -> None:
    tamper, words = CHANGES[name]
    tamper(running_world)
    before = accepted.events()
    refused(accepted.dao_bot("plan", "reserve", "--json"), 3, "has changed since it was accepted", words, "--accept")
    run = accepted.dao_bot("run", "--once")
    assert (run.code, words in run.err) == (3, True), run
    doctor = accepted.dao_bot("doctor", "--json")
    assert doctor.code == 1
    (line,) = [check for check in doctor.facts["checks"] if "since it was accepted" in check["subject"]]
    assert words in line["problem"]
    assert accepted.events() == before, "nothing was recorded, nothing was lost"


def test_after_doctor_accepts_it_work_goes_on(accepted: Office, running_world: RunningWorld) -> None:
    add_owner(running_world)
    checks = accepted.facts("doctor", "--accept")["checks"]
    assert [check["found"] for check in checks if "since it was accepted" in check["subject"]] == ["none"]
    assert accepted.dao_bot("plan", "reserve", "--json").code == 0
    assert accepted.dao_bot("run", "--once").code == 0
    assert accepted.events() == ["safe accepted", "safe accepted"]


def test_verify_warns_of_a_changed_safe(accepted: Office, running_world: RunningWorld, world: World) -> None:
    add_owner(running_world)
    file = accepted.directory / "transaction.json"
    file.write_bytes(write_transaction_file(world.chain_id, world.safe, rejection(world.safe, 0)))
    ended = accepted.dao_bot("verify", file, "--json")
    assert ended.code == 3, ended
    assert any("changed since it was accepted" in danger for danger in ended.facts["dangers"])


@pytest.mark.usefixtures("untouched")
def test_a_safe_below_1_3_0_is_refused_everywhere(office: Office, anvil: Anvil, world: World) -> None:
    code = str(anvil.rpc("eth_getCode", world.safe_singleton, "latest"))
    said, old = b"1.4.1".hex(), b"1.1.1".hex()
    assert code.count(said) == 1
    anvil.rpc("anvil_setCode", world.safe_singleton, code.replace(said, old))
    anvil.mine()
    refused(office.dao_bot("plan", "reserve", "--json"), 3, "the Safe is too old", "version 1.1.1", "Upgrade the Safe")
    assert office.dao_bot("run", "--once").code == 3
    ended = office.dao_bot("doctor", "--json")
    assert ended.code == 1
    assert any("the Safe is too old" in (check["problem"] or "") for check in ended.facts["checks"])
