"""What every second witness must do: have exactly the pinned block, and try a batch on it as the first one does."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from dao_bot.chain.endpoints import Endpoints
from dao_bot.chain.rpc import Endpoint
from dao_bot.chain.witnesses import LocalFork, OtherOperator, SecondWitness
from dao_bot.devnet.transactions import Transaction, transact
from dao_bot.domain.addresses import Address
from dao_bot.domain.errors import BadInput, DaoBotError, RpcDisagreement
from dao_bot.domain.runs import Block
from tests.integration.chain.batches import simulated, swap_calls
from tests.integration.chain.conftest import ANY_TIME, Scene, scene, serve, treasury
from tests.integration.chain.hostile import Behaviour, HostileServer, liar

if TYPE_CHECKING:
    from dao_bot.devnet import Anvil, Toolchain

__all__ = ["scene", "serve", "treasury"]
Serve = Callable[[Behaviour], HostileServer]
NOBODY = Address("0x000000000000000000000000000000000000dEaD")


@pytest.fixture
def fork(scene: Scene, toolchain: Toolchain) -> Iterator[LocalFork]:
    witness = LocalFork(lambda: toolchain.anvil, lambda: scene.endpoint)
    yield witness
    witness.close()


@pytest.fixture
def other(scene: Scene, anvil: Anvil) -> OtherOperator:
    """Another operator's node; here it stands before the same chain."""
    twin = Endpoint(str(anvil.ipc), "other")
    endpoints = Endpoints(
        [scene.endpoint, twin], chain_id=scene.world.chain_id, multicall3=scene.world.multicall3, freshness=ANY_TIME
    )
    endpoints.pin()
    return OtherOperator(endpoints)


@pytest.fixture
def fork_of_socket(anvil: Anvil, toolchain: Toolchain) -> Iterator[LocalFork]:
    """A fork of a node that is spoken to over its Unix socket."""
    witness = LocalFork(lambda: toolchain.anvil, lambda: Endpoint(f"ipc:{anvil.ipc}", "demo"))
    yield witness
    witness.close()


@pytest.fixture(params=["fork", "fork_of_socket", "other"])
def witness(request: pytest.FixtureRequest) -> SecondWitness:
    chosen: SecondWitness = request.getfixturevalue(request.param)
    return chosen


def is_alive(pid: int) -> bool:
    """A process that nobody has reaped yet is not."""
    status = Path(f"/proc/{pid}/stat")
    return status.exists() and status.read_text().rpartition(")")[2].split()[0] not in "ZX"


def test_it_has_the_pinned_block(scene: Scene, witness: SecondWitness) -> None:
    block = scene.endpoints.pin()
    header = witness.at(block).request("eth_getBlockByHash", block.hash, False)
    assert int(header["number"], 16) == block.number


def test_it_agrees_with_the_first_witness(scene: Scene, witness: SecondWitness) -> None:
    second = witness.at(scene.endpoints.pin())
    simulation = simulated(scene, swap_calls(scene, "USDC", "USDT", 100, 10**9), second=second)
    assert simulation.success
    assert len(simulation.changes) == 2
    assert simulation.witnesses[0].endpoint != simulation.witnesses[1].endpoint


def test_it_follows_the_chain_from_run_to_run(scene: Scene, anvil: Anvil, witness: SecondWitness) -> None:
    for wei in (1, 2, 3):
        transact(anvil, Transaction(scene.world.deployer, NOBODY, value=wei))
        block = scene.endpoints.pin()
        at_hash = {"blockHash": block.hash}
        seen = witness.at(block).request("eth_getBalance", NOBODY, at_hash)
        assert seen == scene.endpoint.request("eth_getBalance", NOBODY, at_hash)


def test_it_says_what_it_is(witness: SecondWitness) -> None:
    assert "operator" in witness.description or "fork of demo" in witness.description


def test_no_second_operator_before_a_pin_is_an_error(scene: Scene) -> None:
    with pytest.raises(DaoBotError, match="no second operator"):
        OtherOperator(scene.endpoints).at(Block(1, 1, "0x" + "00" * 32, 1))


def test_a_fork_of_another_block_is_a_disagreement(scene: Scene, fork: LocalFork) -> None:
    block = scene.endpoints.pin()
    with pytest.raises(RpcDisagreement, match="another block at number"):
        fork.at(Block(block.chain_id, block.number, "0x" + "12" * 32, block.timestamp))
    assert fork.at(block).request("eth_blockNumber") == hex(block.number), "and it goes on afterwards"


def test_a_fork_simulates_for_a_node_that_cannot(
    scene: Scene, serve: Serve, anvil: Anvil, toolchain: Toolchain
) -> None:
    def cannot(method: str, params: Any, answer: dict[str, Any]) -> dict[str, Any]:
        if method == "eth_simulateV1":
            error = {"code": -32601, "message": "the method eth_simulateV1 does not exist"}
            return {"jsonrpc": "2.0", "id": answer["id"], "error": error}
        return answer

    limited = Endpoint(serve(liar(anvil.port, cannot)).url, "limited")
    calls = swap_calls(scene, "USDC", "USDT", 100, 10**9)
    with pytest.raises(DaoBotError, match="does not offer eth_simulateV1"):
        simulated(scene, calls, first=limited)
    witness = LocalFork(lambda: toolchain.anvil, lambda: limited)
    try:
        at_block = witness.at(scene.endpoints.pin())
        assert simulated(scene, calls, first=at_block).success
    finally:
        witness.close()


def test_a_fork_is_reset_for_the_next_block_and_not_started_again(scene: Scene, anvil: Anvil, fork: LocalFork) -> None:
    first = fork.at(scene.endpoints.pin())
    anvil.mine(1)
    again = fork.at(scene.endpoints.pin())
    assert again is first


def test_a_fork_that_was_killed_is_started_again(scene: Scene, fork: LocalFork) -> None:
    block = scene.endpoints.pin()
    fork.at(block)
    assert fork._process is not None
    os.kill(fork._process.pid, signal.SIGKILL)
    deadline = time.monotonic() + 5
    while fork._process.is_running() and time.monotonic() < deadline:
        time.sleep(0.01)
    assert fork.at(block).request("eth_blockNumber") == hex(block.number)


def test_the_url_of_the_upstream_is_not_among_the_arguments(scene: Scene, fork: LocalFork) -> None:
    fork.at(scene.endpoints.pin())
    assert fork._process is not None
    process = Path("/proc") / str(fork._process.pid)
    assert scene.endpoint.url.encode() not in (process / "cmdline").read_bytes() + (process / "environ").read_bytes()


def test_a_fork_ends_with_its_parent_even_when_that_is_killed(toolchain: Toolchain) -> None:
    script = (
        "import sys, time\n"
        "from pathlib import Path\n"
        "from dao_bot.chain.anvil import AnvilProcess\n"
        "process = AnvilProcess(Path(sys.argv[1]))\n"
        "sys.stdout.write(f'{process.pid} {process.ipc}\\n')\n"
        "sys.stdout.flush()\n"
        "time.sleep(60)\n"
    )
    with subprocess.Popen([sys.executable, "-c", script, str(toolchain.anvil)], stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        pid, ipc = parent.stdout.readline().decode().split()
        parent.kill()
        parent.wait()
    deadline = time.monotonic() + 20
    while (Path(ipc).parent.exists() or is_alive(int(pid))) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not Path(ipc).parent.exists()
    assert not is_alive(int(pid))


def test_a_missing_anvil_is_named(scene: Scene, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="anvil cannot be started"):
        LocalFork(lambda: tmp_path / "anvil", lambda: scene.endpoint).at(scene.endpoints.pin())
