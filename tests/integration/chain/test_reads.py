"""Plans in lockstep: few round trips, one block, failures that stay where they belong."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from dao_bot.chain.abi import function
from dao_bot.chain.multicall import balance_read
from dao_bot.chain.plan import Answer, Plan, Read
from dao_bot.chain.reads import read_all, run_plans
from dao_bot.chain.rpc import Endpoint
from dao_bot.devnet.transactions import Transaction, transact
from dao_bot.domain.addresses import Address
from dao_bot.domain.errors import ChainError, RpcDisagreement, RpcUnavailable
from dao_bot.domain.runs import Block
from tests.integration.chain.conftest import Scene
from tests.integration.chain.hostile import Behaviour, HostileServer, liar

if TYPE_CHECKING:
    from dao_bot.devnet import Anvil

Serve = Callable[[Behaviour], HostileServer]
BALANCE_OF = function("balanceOf(address)", "(uint256)")
DECIMALS = function("decimals()", "(uint8)")
NOBODY = Address("0x000000000000000000000000000000000000dEaD")


def one(read: Read) -> Plan[Answer]:
    (answer,) = yield (read,)
    return answer


def test_plans_of_different_depth_share_their_rounds(scene: Scene) -> None:
    usdc = scene.token("USDC").address

    def deep(depth: int) -> Plan[int]:
        total = 0
        for step in range(depth):
            (answer,) = yield (BALANCE_OF.read(usdc, Address(f"0x{step + 1:040x}")),)
            total += int(BALANCE_OF.decode(answer.data)[0])
        return depth + total

    block = scene.endpoints.pin()
    before = scene.endpoint.round_trips
    results, transcript = run_plans(
        scene.endpoint, block, scene.world.multicall3, [deep(depth) for depth in (0, 1, 3, 2, 0)]
    )
    assert results == [0, 1, 3, 2, 0]
    assert scene.endpoint.round_trips == before + 3
    assert len(transcript) == 3, "equal reads of different plans are made once"


def test_two_thousand_reads_are_one_round_trip(scene: Scene) -> None:
    block = scene.endpoints.pin()
    usdc = scene.token("USDC").address
    reads = [BALANCE_OF.read(usdc, Address(f"0x{number:040x}")) for number in range(1, 2001)]
    before = scene.endpoint.round_trips
    answers = read_all(scene.endpoint, block, scene.world.multicall3, reads)
    assert scene.endpoint.round_trips == before + 1
    assert len(answers) == 2000
    assert all(answer.success for answer in answers)


def test_a_failing_read_fails_alone(scene: Scene) -> None:
    block = scene.endpoints.pin()
    usdc = scene.token("USDC").address
    transfer = function("transfer(address,uint256)", "(bool)")
    plans = [
        one(DECIMALS.read(usdc)),
        one(DECIMALS.read(NOBODY)),
        one(transfer.read(usdc, NOBODY, 10**60)),
        one(Read(usdc, b"\xff\xff\xff\xff")),
        one(balance_read(scene.world.multicall3, scene.world.keeper)),
    ]
    (good, no_code, reverts, no_function, coins), _ = run_plans(scene.endpoint, block, scene.world.multicall3, plans)
    assert good == Answer(True, (6).to_bytes(32, "big"))
    assert (no_code.success, reverts.success, no_function.success) == (False, False, False)
    assert int.from_bytes(coins.data, "big") > 10**18


def test_reads_stay_at_their_block_while_the_chain_goes_on(scene: Scene, anvil: Anvil) -> None:
    block = scene.endpoints.pin()
    read = balance_read(scene.world.multicall3, NOBODY)
    transact(anvil, Transaction(scene.world.deployer, NOBODY, value=5))
    old, _ = run_plans(scene.endpoint, block, scene.world.multicall3, [one(read)])
    new, _ = run_plans(scene.endpoint, scene.endpoints.pin(), scene.world.multicall3, [one(read)])
    assert int.from_bytes(new[0].data, "big") == 5 != int.from_bytes(old[0].data, "big")


def test_a_block_that_was_reorganised_away_is_an_error(scene: Scene) -> None:
    block = scene.endpoints.pin()
    gone = Block(block.chain_id, block.number, "0x" + "12" * 32, block.timestamp)
    with pytest.raises(RpcUnavailable, match="does not have block"):
        run_plans(scene.endpoint, gone, scene.world.multicall3, [one(DECIMALS.read(NOBODY))])


@pytest.mark.parametrize("same_block", [True, False])
def test_a_node_that_takes_no_hashes_is_asked_by_number_and_checked(
    scene: Scene, serve: Serve, anvil: Anvil, same_block: bool
) -> None:
    def refuse_hashes(method: str, params: Any, answer: dict[str, Any]) -> dict[str, Any]:
        if method == "eth_call" and isinstance(params[1], dict):
            error = {"code": -32602, "message": "invalid argument 1: cannot unmarshal object into string"}
            return {"jsonrpc": "2.0", "id": answer["id"], "error": error}
        if method == "eth_getBlockByNumber" and not same_block:
            answer["result"]["hash"] = "0x" + "34" * 32
        return answer

    endpoint = Endpoint(serve(liar(anvil.port, refuse_hashes)).url, "old")
    block = scene.endpoints.pin()
    plans = [one(DECIMALS.read(scene.token("USDC").address))]
    if same_block:
        (answer,), _ = run_plans(endpoint, block, scene.world.multicall3, plans)
        assert answer.success
        assert endpoint.pins_by_hash is False
    else:
        with pytest.raises(RpcDisagreement, match="another block at number"):
            run_plans(endpoint, block, scene.world.multicall3, plans)


def test_a_read_that_burns_all_gas_does_not_take_the_others_with_it(scene: Scene, serve: Serve, anvil: Anvil) -> None:
    poison = scene.token("DAI").address[2:].lower()

    def out_of_gas(method: str, params: Any, answer: dict[str, Any]) -> dict[str, Any]:
        if method == "eth_call" and poison in params[0]["data"]:
            return {"jsonrpc": "2.0", "id": answer["id"], "error": {"code": -32000, "message": "out of gas"}}
        return answer

    endpoint = Endpoint(serve(liar(anvil.port, out_of_gas)).url, "tight")
    block = scene.endpoints.pin()
    plans = [one(DECIMALS.read(token.address)) for token in scene.treasury.tokens.values()]
    answers, _ = run_plans(endpoint, block, scene.world.multicall3, plans)
    failed = [symbol for symbol, answer in zip(scene.treasury.tokens, answers, strict=True) if not answer.success]
    assert failed == ["DAI"]


def test_a_missing_multicall_is_named(scene: Scene) -> None:
    with pytest.raises(ChainError, match="no Multicall3 contract"):
        run_plans(scene.endpoint, scene.endpoints.pin(), NOBODY, [one(DECIMALS.read(NOBODY))])


def test_an_error_inside_a_plan_closes_the_others(scene: Scene) -> None:
    closed = []

    def waits() -> Plan[None]:
        try:
            while True:
                yield (DECIMALS.read(NOBODY),)
        finally:
            closed.append(True)

    def raises() -> Plan[None]:
        yield (DECIMALS.read(NOBODY),)
        raise ChainError("a plan that cannot go on")

    with pytest.raises(ChainError, match="cannot go on"):
        run_plans(scene.endpoint, scene.endpoints.pin(), scene.world.multicall3, [waits(), raises()])
    assert closed == [True]
