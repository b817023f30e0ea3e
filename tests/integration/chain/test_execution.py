"""A batch from simulation to the receipt: what was promised is what came, whoever sent it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import pytest

from dao_bot.chain.abi import function
from dao_bot.chain.executions import find_execution
from dao_bot.chain.gas import FeePolicy, gas_limit
from dao_bot.chain.realised import realised_changes
from dao_bot.chain.receipts import Receipt, safe_execution
from dao_bot.chain.rpc import Endpoint
from dao_bot.chain.sending import Pacing, Request, Sender
from dao_bot.chain.simulate_v1 import Trial
from dao_bot.chain.simulation import Execution
from dao_bot.chain.transactions import LocalSigner
from dao_bot.devnet.safes import deploy_safe
from dao_bot.devnet.transactions import Transaction, transact
from dao_bot.domain.addresses import Address
from dao_bot.domain.calls import Call
from dao_bot.domain.errors import RpcDisagreement
from tests.integration.chain.batches import signed_execution, simulated, swap_calls, wrap
from tests.integration.chain.conftest import Scene
from tests.integration.chain.hostile import Behaviour, HostileServer, liar

if TYPE_CHECKING:
    from dao_bot.devnet import Anvil, Toolchain

Serve = Callable[[Behaviour], HostileServer]
NOBODY = Address("0x000000000000000000000000000000000000dEaD")


def executed(scene: Scene, request: Request) -> Receipt:
    signer = LocalSigner(bytes.fromhex(scene.world.keeper_key[2:]))
    pacing = Pacing(poll=0.01, give_up_after=5)
    keeper = Sender(lambda: scene.endpoint, signer, scene.world.chain_id, FeePolicy(cap=10**12), pacing=pacing)
    sent = keeper.send(request, lambda signed: None)
    receipt = keeper.follow(request, [sent.signed], lambda signed: None).found.receipt
    assert receipt is not None
    return receipt


def batches(scene: Scene) -> dict[str, Sequence[Call]]:
    deposit, withdraw = function("deposit()"), function("withdraw(uint256)")
    weth = scene.world.weth
    return {
        "swap": swap_calls(scene, "USDC", "USDT", 100, 10**9),
        "coins": [Call(NOBODY, b"", 10**17)],
        "wrap": [Call(weth, deposit.encode(), 5 * 10**17), Call(weth, withdraw.encode(10**17))],
        "all": [
            *swap_calls(scene, "DAI", "USDC", 100, 10**20),
            Call(weth, deposit.encode(), 5 * 10**17),
            Call(NOBODY, b"", 1),
        ],
    }


@pytest.fixture
def funded(scene: Scene, anvil: Anvil) -> Scene:
    transact(anvil, Transaction(scene.world.deployer, scene.world.safe, value=10**18))
    return scene


@pytest.mark.parametrize("batch", ["swap", "coins", "wrap", "all"])
@pytest.mark.parametrize("traces", [True, False])
def test_what_was_simulated_is_what_comes(funded: Scene, serve: Serve, anvil: Anvil, batch: str, traces: bool) -> None:
    def without_traces(method: str, params: Any, answer: dict[str, Any]) -> dict[str, Any]:
        if method != "debug_traceTransaction":
            return answer
        return {"jsonrpc": "2.0", "id": answer["id"], "error": {"code": -32601, "message": "method not found"}}

    calls = batches(funded)[batch]
    simulation = simulated(funded, calls)
    assert simulation.success, simulation.revert_reason
    request, safe_tx_hash = signed_execution(funded, wrap(funded, calls), 0)
    receipt = executed(funded, Request(request.to, request.data, gas_limit(simulation.gas_used)))
    assert receipt.success
    assert safe_execution(receipt.logs, funded.world.safe, safe_tx_hash) is True
    endpoint = funded.endpoint if traces else Endpoint(serve(liar(anvil.port, without_traces)).url, "public")
    world = funded.world
    realised = realised_changes(endpoint, world.chain_id, receipt, world.safe, world.multicall3)
    assert realised == simulation.changes
    assert realised
    assert receipt.gas_used <= gas_limit(simulation.gas_used)
    assert abs(receipt.gas_used - simulation.gas_used) < simulation.gas_used // 5


@pytest.mark.parametrize("version", ["1.3.0", "1.4.1", "1.5.0"])
@pytest.mark.parametrize("threshold", [1, 2, 3])
def test_every_safe_version_and_threshold_is_simulated_as_it_executes(
    scene: Scene, anvil: Anvil, toolchain: Toolchain, version: str, threshold: int
) -> None:
    world = scene.world
    safe = deploy_safe(
        anvil, toolchain.packages, version=version, owners=world.owners, threshold=threshold, salt_nonce=9
    )
    transact(anvil, Transaction(world.deployer, safe, value=10**18))
    calls = [Call(world.weth, function("deposit()").encode(), 10**17), Call(NOBODY, b"", 5)]
    simulation = simulated(scene, calls, safe=safe)
    assert simulation.success, simulation.revert_reason
    assert simulation.safe_after is not None
    assert (simulation.safe_after.threshold, simulation.safe_after.nonce) == (threshold, 1)
    assert simulation.safe_after.version.startswith(version)
    request, safe_tx_hash = signed_execution(scene, wrap(scene, calls), 0, safe, threshold)
    receipt = executed(scene, Request(safe, request.data, gas_limit(simulation.gas_used)))
    assert safe_execution(receipt.logs, safe, safe_tx_hash) is True
    assert realised_changes(scene.endpoint, world.chain_id, receipt, safe, world.multicall3) == simulation.changes
    found = find_execution(scene.endpoint, safe, safe_tx_hash, receipt.block_number, receipt.block_number)
    assert found is not None
    assert found.success
    failing = simulated(scene, [Call(world.weth, function("withdraw(uint256)").encode(10**30))], safe=safe)
    assert not failing.success


def test_the_signed_transaction_itself_can_be_the_second_witness(funded: Scene) -> None:
    calls = batches(funded)["swap"]
    request, _ = signed_execution(funded, wrap(funded, calls), 0)
    execution = Execution(Trial(funded.world.keeper, request.to, request.data))
    simulation = simulated(funded, calls, execution=execution)
    assert simulation.success
    assert simulation.safe_after is not None
    assert simulation.safe_after.nonce == 1


def test_signatures_over_another_nonce_are_found_out_before_sending(funded: Scene) -> None:
    calls = batches(funded)["swap"]
    request, _ = signed_execution(funded, wrap(funded, calls), 1)
    execution = Execution(Trial(funded.world.keeper, request.to, request.data))
    with pytest.raises(RpcDisagreement, match=r"disagree on success.*GS026"):
        simulated(funded, calls, execution=execution)


def test_an_execution_by_a_stranger_is_found_in_the_safes_logs(funded: Scene, anvil: Anvil) -> None:
    first = funded.endpoints.pin().number
    request, safe_tx_hash = signed_execution(funded, wrap(funded, batches(funded)["coins"]), 0)
    last = funded.endpoints.pin().number
    assert find_execution(funded.endpoint, funded.world.safe, safe_tx_hash, first, last) is None
    by_stranger = Transaction(funded.world.stranger, request.to, "0x" + request.data.hex())
    receipt = transact(anvil, by_stranger)
    anvil.mine(3)
    last = funded.endpoints.pin().number
    found = find_execution(funded.endpoint, funded.world.safe, safe_tx_hash, first, last)
    assert found is not None
    assert (found.transaction_hash, found.block_hash, found.success) == (
        receipt["transactionHash"],
        receipt["blockHash"],
        True,
    )
    assert find_execution(funded.endpoint, funded.world.safe, b"\1" * 32, first, last) is None


def test_a_node_that_limits_ranges_is_asked_in_parts(funded: Scene, serve: Serve, anvil: Anvil) -> None:
    def at_most_five(method: str, params: Any, answer: dict[str, Any]) -> dict[str, Any]:
        if method == "eth_getLogs" and int(params[0]["toBlock"], 16) - int(params[0]["fromBlock"], 16) >= 5:
            error = {"code": -32005, "message": "block range is too large, at most 5"}
            return {"jsonrpc": "2.0", "id": answer["id"], "error": error}
        return answer

    request, safe_tx_hash = signed_execution(funded, wrap(funded, batches(funded)["coins"]), 0)
    receipt = transact(anvil, Transaction(funded.world.stranger, request.to, "0x" + request.data.hex()))
    limited = Endpoint(serve(liar(anvil.port, at_most_five)).url, "limited")
    last = funded.endpoints.pin().number
    found = find_execution(limited, funded.world.safe, safe_tx_hash, 0, last)
    assert found is not None
    assert found.transaction_hash == receipt["transactionHash"]


def test_a_chain_reorganised_under_a_simulation_is_an_error(funded: Scene, anvil: Anvil) -> None:
    transact(anvil, Transaction(funded.world.deployer, funded.world.safe, value=1))
    block = funded.endpoints.pin()
    anvil.rpc("anvil_reorg", 1, [])
    assert anvil.rpc("eth_getBlockByHash", block.hash, False) is None
    from dao_bot.chain.simulation import simulate
    from dao_bot.domain.errors import RpcUnavailable
    from tests.integration.chain.batches import safe_state

    calls = batches(funded)["coins"]
    state = safe_state(funded, funded.endpoints.pin())
    with pytest.raises(RpcUnavailable, match="does not have block"):
        simulate(funded.endpoint, funded.endpoint, funded.treasury, block, state, wrap(funded, calls), calls)
