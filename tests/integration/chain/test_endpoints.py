"""Pinning a block on nodes that must agree."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from dao_bot.chain.abi import function
from dao_bot.chain.endpoints import Endpoints, Freshness
from dao_bot.chain.plan import Plan
from dao_bot.chain.rpc import Endpoint
from dao_bot.domain.addresses import Address
from dao_bot.domain.errors import BadInput, ChainError, RpcDisagreement, RpcUnavailable
from tests.integration.chain.conftest import ANY_TIME, Scene
from tests.integration.chain.hostile import Alter, Behaviour, HostileServer, honest, liar

if TYPE_CHECKING:
    from dao_bot.devnet import Anvil

Serve = Callable[[Behaviour], HostileServer]
BALANCE_OF = function("balanceOf(address)", "(uint256)")


@pytest.fixture
def second(serve: Serve, anvil: Anvil) -> Callable[[Alter], Endpoint]:
    """A node of another operator that stands before the same chain and changes what it says."""
    return lambda alter: Endpoint(serve(liar(anvil.port, alter)).url, "other", timeout=5)


def both(scene: Scene, other: Endpoint, **options: Any) -> Endpoints:
    return Endpoints(
        [scene.endpoint, other],
        chain_id=scene.world.chain_id,
        multicall3=scene.world.multicall3,
        **{"freshness": ANY_TIME, **options},
    )


def balance(token: Address, holder: Address) -> Plan[int]:
    (answer,) = yield (BALANCE_OF.read(token, holder),)
    return int(BALANCE_OF.decode(answer.data)[0])


def head_of(chain: Anvil) -> dict[str, Any]:
    return dict(chain.rpc("eth_getBlockByNumber", "latest", False))


def test_one_operator_is_pinned_in_one_round_trip(scene: Scene, anvil: Anvil) -> None:
    before = scene.endpoints.round_trips
    block = scene.endpoints.pin()
    assert scene.endpoints.round_trips == before + 1
    assert (block.hash, block.number) == (head_of(anvil)["hash"], int(head_of(anvil)["number"], 16))
    assert block.timestamp == anvil.timestamp()
    assert scene.endpoints.second is None


def test_two_operators_that_agree_are_pinned_in_one_round_trip_each(
    scene: Scene, second: Callable[[Alter], Endpoint]
) -> None:
    other = second(honest)
    endpoints = both(scene, other)
    block = endpoints.pin()
    assert block == scene.endpoints.pin()
    assert endpoints.second is other
    assert other.round_trips == 1


def test_another_chain_is_refused_by_its_id(scene: Scene, second: Callable[[Alter], Endpoint]) -> None:
    def other_chain(method: str, params: Any, answer: dict[str, Any]) -> dict[str, Any]:
        return {**answer, "result": "0x1"} if method == "eth_chainId" else answer

    with pytest.raises(BadInput, match=r"other .* is on another chain; got chain id 1; allowed: 31337"):
        both(scene, second(other_chain)).pin()


def test_another_hash_at_the_same_height_is_a_disagreement(scene: Scene, second: Callable[[Alter], Endpoint]) -> None:
    def other_hash(method: str, params: Any, answer: dict[str, Any]) -> dict[str, Any]:
        if method == "eth_getBlockByNumber":
            answer["result"]["hash"] = "0x" + "ab" * 32
        return answer

    with pytest.raises(RpcDisagreement, match="different blocks at height"):
        both(scene, second(other_hash)).pin()


def test_another_time_in_the_same_block_is_a_disagreement(scene: Scene, second: Callable[[Alter], Endpoint]) -> None:
    def other_time(method: str, params: Any, answer: dict[str, Any]) -> dict[str, Any]:
        if method == "eth_getBlockByNumber":
            answer["result"]["timestamp"] = hex(int(answer["result"]["timestamp"], 16) + 1)
        return answer

    with pytest.raises(RpcDisagreement, match="different blocks"):
        both(scene, second(other_time)).pin()


def lagging(anvil: Anvil, blocks: int) -> Alter:
    """A node that has not seen the last `blocks`."""
    old = anvil.rpc("eth_getBlockByNumber", hex(int(head_of(anvil)["number"], 16) - blocks), False)

    def alter(method: str, params: Any, answer: dict[str, Any]) -> dict[str, Any]:
        if method == "eth_getBlockByNumber":
            if params[0] == "latest":
                return {**answer, "result": old}
            if int(params[0], 16) > int(old["number"], 16):
                return {**answer, "result": None}
        return answer

    return alter


def test_a_head_a_little_behind_is_where_both_are_pinned(
    scene: Scene, anvil: Anvil, second: Callable[[Alter], Endpoint]
) -> None:
    anvil.mine(3)
    block = both(scene, second(lagging(anvil, 2))).pin()
    assert block.number == int(head_of(anvil)["number"], 16) - 2


@pytest.mark.parametrize("primary_lags", [False, True])
def test_a_head_far_behind_is_named(
    scene: Scene, anvil: Anvil, second: Callable[[Alter], Endpoint], primary_lags: bool
) -> None:
    anvil.mine(6)
    slow = second(lagging(anvil, 5))
    nodes = [slow, scene.endpoint] if primary_lags else [scene.endpoint, slow]
    endpoints = Endpoints(nodes, chain_id=scene.world.chain_id, multicall3=scene.world.multicall3, freshness=ANY_TIME)
    with pytest.raises(RpcUnavailable, match=r"too few nodes(.|\n)*other .* lags behind; got 5 blocks; allowed: 3"):
        endpoints.pin()


@pytest.mark.parametrize(("offset", "words"), [(1000, "too old"), (-1000, "in the future")])
def test_a_head_far_from_this_machines_clock_is_refused(scene: Scene, anvil: Anvil, offset: int, words: str) -> None:
    endpoints = Endpoints(
        [scene.endpoint],
        chain_id=scene.world.chain_id,
        multicall3=scene.world.multicall3,
        freshness=Freshness(oldest=300, ahead=60),
        clock=lambda: anvil.timestamp() + offset,
    )
    with pytest.raises(RpcUnavailable, match=words):
        endpoints.pin()


def test_a_dead_node_is_passed_over_when_enough_others_agree(
    scene: Scene, serve: Serve, second: Callable[[Alter], Endpoint]
) -> None:
    dead = Endpoint(serve(lambda c: c.hang_up()).url, "dead", timeout=1)
    other = second(honest)
    endpoints = Endpoints(
        [dead, scene.endpoint, other],
        chain_id=scene.world.chain_id,
        multicall3=scene.world.multicall3,
        freshness=ANY_TIME,
    )
    endpoints.pin()
    assert (endpoints.primary, endpoints.second) == (scene.endpoint, other)


def test_nothing_is_pinned_when_the_second_operator_is_dead(scene: Scene, serve: Serve) -> None:
    dead = Endpoint(serve(lambda c: c.answer(b"<html>", 502)).url, "dead", timeout=1, patience=0.2)
    with pytest.raises(RpcUnavailable, match=r"too few nodes(.|\n)*dead .* limits how often"):
        both(scene, dead).pin()


def test_two_endpoints_of_one_operator_are_not_two(scene: Scene) -> None:
    twin = Endpoint(scene.endpoint.url, scene.endpoint.operator)
    with pytest.raises(BadInput, match="too few RPC operators"):
        both(scene, twin, operators=2)


def test_a_second_node_that_lies_about_a_balance_is_found_out(
    scene: Scene, second: Callable[[Alter], Endpoint]
) -> None:
    def richer(method: str, params: Any, answer: dict[str, Any]) -> dict[str, Any]:
        if method == "eth_call":
            answer["result"] = answer["result"][:-1] + format(int(answer["result"][-1], 16) ^ 1, "x")
        return answer

    endpoints = both(scene, second(richer))
    block = endpoints.pin()
    usdc = scene.token("USDC").address
    with pytest.raises(RpcDisagreement, match="different answers to the same question"):
        endpoints.read(block, [balance(usdc, scene.world.safe)])


def test_reads_before_a_pin_are_checked_all_the_same(scene: Scene, second: Callable[[Alter], Endpoint]) -> None:
    def poorer(method: str, params: Any, answer: dict[str, Any]) -> dict[str, Any]:
        return {**answer, "result": "0x" + "00" * 32} if method == "eth_call" else answer

    block = scene.endpoints.pin()
    restarted = both(scene, second(poorer))
    with pytest.raises(ChainError):
        restarted.read(block, [balance(scene.token("USDC").address, scene.world.safe)])


def test_reads_that_two_operators_agree_on_pass(scene: Scene, second: Callable[[Alter], Endpoint]) -> None:
    other = second(honest)
    endpoints = both(scene, other)
    block = endpoints.pin()
    before = other.round_trips
    plans = [balance(token.address, scene.world.safe) for token in scene.treasury.tokens.values()]
    balances = endpoints.read(block, plans)
    assert len(balances) == len(plans)
    assert any(balances)
    assert other.round_trips == before + 1


def test_a_node_without_a_block_is_named(scene: Scene, serve: Serve) -> None:
    def empty(conversation: Any) -> None:
        conversation.answer(
            [
                {"jsonrpc": "2.0", "id": 0, "result": hex(scene.world.chain_id)},
                {"jsonrpc": "2.0", "id": 1, "result": None},
            ]
        )

    endpoint = Endpoint(serve(empty).url, "empty")
    endpoints = Endpoints([endpoint], chain_id=scene.world.chain_id, multicall3=scene.world.multicall3)
    with pytest.raises(RpcUnavailable, match="nonsense for a block of empty"):
        endpoints.pin()


def test_pinning_never_hangs(scene: Scene, serve: Serve) -> None:
    server = serve(lambda c: server.released.wait(10))
    silent = Endpoint(server.url, "silent", timeout=0.3)
    started = time.monotonic()
    with pytest.raises(RpcUnavailable, match="did not answer in time"):
        both(scene, silent).pin()
    assert time.monotonic() - started < 8, "the server lets go after ten"
