"""What two witnesses see of a batch, and that it is what really happens."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from dao_bot.chain.abi import function
from dao_bot.chain.assets import EVERYTHING
from dao_bot.chain.rpc import Endpoint
from dao_bot.devnet.scenarios import deploy_token
from dao_bot.domain.addresses import ZERO_ADDRESS, Address
from dao_bot.domain.calls import Call
from dao_bot.domain.errors import RpcDisagreement, RpcUnavailable
from dao_bot.domain.simulation import AssetChange, ResidualAllowance
from tests.integration.chain.batches import APPROVE, DEADLINE, TRANSFER, simulated, swap_calls, wrap
from tests.integration.chain.conftest import Scene
from tests.integration.chain.hostile import Behaviour, HostileServer, liar

if TYPE_CHECKING:
    from dao_bot.devnet import Anvil

Serve = Callable[[Behaviour], HostileServer]
NOBODY = Address("0x000000000000000000000000000000000000dEaD")
MINT = function("mint(address,uint256)")
REBASE = function("rebase(uint256)")


def deltas(scene: Scene, changes: tuple[AssetChange, ...]) -> dict[str, int]:
    symbols = {token.address: symbol for symbol, token in scene.treasury.tokens.items()}
    return {symbols.get(change.token, change.token): change.delta for change in changes}


def test_a_swap_is_seen_alike_by_both_witnesses(scene: Scene) -> None:
    simulation = simulated(scene, swap_calls(scene, "USDC", "USDT", 100, 10**9))
    assert simulation.success
    changes = deltas(scene, simulation.changes)
    assert changes.keys() == {"USDC", "USDT"}
    assert changes["USDC"] == -(10**9)
    assert 0.9 * 10**9 < changes["USDT"] < 1.1 * 10**9
    assert simulation.residual_allowances == ()
    assert 100_000 < simulation.gas_used < 400_000
    first, second = simulation.witnesses
    assert (first.changes, first.gas_used, second.gas_used) == (second.changes, None, simulation.gas_used)
    assert first.method != second.method


def test_the_safe_afterwards_is_as_before_but_for_its_nonce(scene: Scene) -> None:
    simulation = simulated(scene, swap_calls(scene, "USDC", "USDT", 100, 10**9))
    assert simulation.safe_after is not None
    assert simulation.safe_after.nonce == 1
    assert simulation.safe_after.threshold == scene.world.threshold, "not that of the override"
    assert simulation.safe_after.owners == scene.world.owners
    assert simulation.safe_after.singleton == scene.world.safe_singleton


def test_a_simulation_of_a_known_batch_is_two_round_trips(scene: Scene) -> None:
    calls = swap_calls(scene, "USDC", "USDT", 100, 10**9)
    block = scene.endpoints.pin()
    before = scene.endpoint.round_trips
    simulated(scene, calls)
    # Pinning and reading the Safe took one each.
    assert scene.endpoint.round_trips == before + 2 + 2
    assert block.number > 0


def test_a_reverting_call_is_named_with_its_reason(scene: Scene) -> None:
    simulation = simulated(scene, swap_calls(scene, "USDC", "USDT", 100, 10**9, minimum=10**10))
    assert not simulation.success
    assert simulation.changes == ()
    assert simulation.safe_after is None
    assert simulation.revert_reason is not None
    assert "call 3 of 4 reverted" in simulation.revert_reason
    assert "less than its minimum" in simulation.revert_reason
    assert "GS013" in str(simulation.witnesses[1].revert_reason)


def test_a_deadline_that_has_passed_at_the_simulated_time_fails_the_batch(scene: Scene) -> None:
    block = scene.endpoints.pin()
    deadline = Call(scene.world.router, DEADLINE.encode(block.timestamp + 100, []))
    assert simulated(scene, [deadline], timestamp=block.timestamp + 100).success
    late = simulated(scene, [deadline], timestamp=block.timestamp + 101)
    assert "the deadline has passed" in str(late.revert_reason)


def test_an_allowance_that_stays_is_told(scene: Scene) -> None:
    usdc = scene.token("USDC").address
    simulation = simulated(scene, [Call(usdc, APPROVE.encode(NOBODY, 5))])
    assert simulation.success
    assert simulation.residual_allowances == (ResidualAllowance(usdc, NOBODY, 5),)


def test_an_operator_for_all_positions_is_told_as_an_allowance_of_everything(scene: Scene) -> None:
    approve_all = function("setApprovalForAll(address,bool)")
    manager = scene.world.position_manager
    simulation = simulated(scene, [Call(manager, approve_all.encode(NOBODY, True))])
    assert simulation.residual_allowances == (ResidualAllowance(manager, NOBODY, EVERYTHING),)


def test_a_minted_position_is_an_asset_with_its_id(scene: Scene) -> None:
    mint = function(
        "mint((address,address,uint24,int24,int24,uint256,uint256,uint256,uint256,address,uint256))",
        "(uint256,uint128,uint256,uint256)",
    )
    manager, units = scene.world.position_manager, 10**8
    low, high = sorted((scene.token("USDC").address, scene.token("USDT").address), key=lambda each: int(each, 16))
    order = (low, high, 100, -100, 100, units, units, 0, 0, scene.world.safe, 2**40)
    calls = [
        Call(low, APPROVE.encode(manager, units)),
        Call(high, APPROVE.encode(manager, units)),
        Call(manager, mint.encode(order)),
        Call(low, APPROVE.encode(manager, 0)),
        Call(high, APPROVE.encode(manager, 0)),
    ]
    simulation = simulated(scene, calls)
    assert simulation.success, simulation.revert_reason
    positions = [change for change in simulation.changes if change.token == manager]
    assert len(positions) == 1
    assert positions[0].delta == 1
    assert positions[0].token_id is not None
    assert {change.token for change in simulation.changes} == {manager, low, high}


def test_coins_and_their_wrapping_are_seen_without_transfer_logs(scene: Scene, anvil: Anvil) -> None:
    anvil.rpc("anvil_setBalance", scene.world.safe, hex(10**18))
    anvil.mine(1)
    deposit, withdraw = function("deposit()"), function("withdraw(uint256)")
    calls = [
        Call(scene.world.weth, deposit.encode(), 6 * 10**17),
        Call(scene.world.weth, withdraw.encode(10**17)),
        Call(NOBODY, b"", 10**16),
    ]
    simulation = simulated(scene, calls)
    assert simulation.success, simulation.revert_reason
    assert deltas(scene, simulation.changes) == {ZERO_ADDRESS: -51 * 10**16, "WETH": 5 * 10**17}


def test_more_coins_than_the_safe_has_fail_in_words(scene: Scene) -> None:
    simulation = simulated(scene, [Call(NOBODY, b"", 10**30)])
    assert not simulation.success
    assert "nsufficient funds" in str(simulation.revert_reason)


def test_a_token_that_changes_balances_without_logs_is_caught(scene: Scene, anvil: Anvil) -> None:
    token = deploy_token(anvil, "RebasingToken").address
    # The token's owner is the deployer; in this world the Safe is made to be it, so that a batch can rebase.
    code = anvil.rpc("eth_getCode", token, "latest")
    owned = code.replace(scene.world.deployer[2:].lower(), scene.world.safe[2:].lower())
    assert owned != code
    anvil.rpc("anvil_setCode", token, owned)
    anvil.mine(1)
    calls = [Call(token, MINT.encode(scene.world.safe, 10**18)), Call(token, REBASE.encode(2 * 10**18))]
    simulation = simulated(scene, calls)
    assert not simulation.success
    assert f"says in its logs that the Safe's balance changed by {10**18}, but it changed by {2 * 10**18}" in str(
        simulation.revert_reason
    )
    assert simulated(scene, calls[:1]).success, "a mint alone is honest"


def test_a_token_that_lies_in_its_logs_is_caught(scene: Scene, anvil: Anvil) -> None:
    topic = "ddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef"
    # Balances are always 0; any other call logs a transfer of 1000 to the caller.
    code = f"0x5f3560e01c6370a0823114603e576103e85f52335f7f{topic}60205fa360205ff35b5f5f5260205ff3"
    token = Address("0x00000000000000000000000000000000000011E5")
    anvil.rpc("anvil_setCode", token, code)
    anvil.mine(1)
    simulation = simulated(scene, [Call(token, TRANSFER.encode(NOBODY, 1))])
    assert not simulation.success
    assert "its logs that the Safe's balance changed by 1000, but it changed by 0" in str(simulation.revert_reason)


def test_a_fee_on_transfer_shows_as_what_really_arrives(scene: Scene, anvil: Anvil) -> None:
    token = deploy_token(anvil, "FeeToken", fee_bps=100).address
    anvil.rpc("anvil_impersonateAccount", scene.world.deployer)
    mint = {"from": scene.world.deployer, "to": token, "data": "0x" + MINT.encode(scene.world.safe, 1000).hex()}
    anvil.rpc("eth_sendTransaction", mint)
    anvil.mine(1)
    # To itself: 1000 leave, 990 arrive.
    simulation = simulated(scene, [Call(token, TRANSFER.encode(scene.world.safe, 1000))])
    assert simulation.success, simulation.revert_reason
    assert deltas(scene, simulation.changes) == {token: -10}


def test_an_owner_change_shows_in_the_safe_afterwards(scene: Scene) -> None:
    add_owner = function("addOwnerWithThreshold(address,uint256)")
    simulation = simulated(scene, [Call(scene.world.safe, add_owner.encode(NOBODY, 1))])
    assert simulation.success, simulation.revert_reason
    assert simulation.safe_after is not None
    assert NOBODY in simulation.safe_after.owners
    assert simulation.safe_after.threshold == 1


def test_modules_guards_and_handlers_show_in_the_safe_afterwards(scene: Scene) -> None:
    handler = function("setFallbackHandler(address)")
    module = function("enableModule(address)")
    calls = [Call(scene.world.safe, handler.encode(NOBODY)), Call(scene.world.safe, module.encode(NOBODY))]
    simulation = simulated(scene, calls)
    assert simulation.safe_after is not None
    assert simulation.safe_after.fallback_handler == NOBODY
    assert simulation.safe_after.modules == (NOBODY,)


def test_a_wrapping_that_does_something_else_is_a_disagreement(scene: Scene) -> None:
    usdc = scene.token("USDC").address
    shown = [Call(usdc, TRANSFER.encode(NOBODY, 1))]
    hidden = [Call(usdc, TRANSFER.encode(NOBODY, 2))]
    with pytest.raises(RpcDisagreement, match="disagree on asset changes"):
        simulated(scene, shown, wrapped=wrap(scene, hidden))


def test_a_wrapping_that_also_approves_is_a_disagreement(scene: Scene) -> None:
    usdc = scene.token("USDC").address
    shown = [Call(usdc, TRANSFER.encode(NOBODY, 1))]
    with pytest.raises(RpcDisagreement, match="disagree on allowances"):
        simulated(scene, shown, wrapped=wrap(scene, [*shown, Call(usdc, APPROVE.encode(NOBODY, 7))]))


def test_a_wrapping_that_also_enables_a_module_is_a_disagreement(scene: Scene) -> None:
    shown = [Call(scene.token("USDC").address, TRANSFER.encode(NOBODY, 1))]
    module = Call(scene.world.safe, function("enableModule(address)").encode(NOBODY))
    with pytest.raises(RpcDisagreement, match="the Safe's state afterwards"):
        simulated(scene, shown, wrapped=wrap(scene, [*shown, module]))


def test_a_second_witness_that_calls_success_a_failure_is_a_disagreement(
    scene: Scene, serve: Serve, anvil: Anvil
) -> None:
    def fail(method: str, params: Any, answer: dict[str, Any]) -> dict[str, Any]:
        if method == "eth_simulateV1":
            answer["result"][0]["calls"][1]["status"] = "0x0"
        return answer

    other = Endpoint(serve(liar(anvil.port, fail)).url, "other")
    with pytest.raises(RpcDisagreement, match="disagree on success"):
        simulated(scene, swap_calls(scene, "USDC", "USDT", 100, 10**9), second=other)


def test_a_node_that_simulates_at_another_time_is_refused(scene: Scene, serve: Serve, anvil: Anvil) -> None:
    def elsewhen(method: str, params: Any, answer: dict[str, Any]) -> dict[str, Any]:
        if method == "eth_simulateV1":
            answer["result"][0]["timestamp"] = "0x1"
        return answer

    other = Endpoint(serve(liar(anvil.port, elsewhen)).url, "other")
    with pytest.raises(RpcUnavailable, match="simulated at another time"):
        simulated(scene, swap_calls(scene, "USDC", "USDT", 100, 10**9), first=other)


def test_a_node_that_leaves_results_out_is_refused(scene: Scene, serve: Serve, anvil: Anvil) -> None:
    def shorten(method: str, params: Any, answer: dict[str, Any]) -> dict[str, Any]:
        if method == "eth_simulateV1":
            answer["result"][0]["calls"].pop()
        return answer

    other = Endpoint(serve(liar(anvil.port, shorten)).url, "other")
    with pytest.raises(RpcUnavailable, match="nonsense for eth_simulateV1"):
        simulated(scene, swap_calls(scene, "USDC", "USDT", 100, 10**9), first=other)
