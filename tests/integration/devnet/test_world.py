"""The demo world: what stands where, and that the real contracts work on it."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest
from eth_account import Account

from dao_bot.devnet import Anvil, RunningWorld, Toolchain, World, start_world
from dao_bot.devnet.abi import encode_call
from dao_bot.devnet.artifacts import npm_artifact, own_artifact
from dao_bot.devnet.build import POOLS, TOKENS
from dao_bot.devnet.canonical import MULTICALL3, SAFE_CONTRACTS
from dao_bot.devnet.errors import DevnetError
from dao_bot.devnet.safes import deploy_safe
from dao_bot.devnet.scenarios import balance_of, give, set_feed_price, swap_as_stranger
from dao_bot.devnet.transactions import Transaction, read, send, transact
from dao_bot.domain.addresses import ZERO_ADDRESS


def test_safe_contracts_stand_at_the_addresses_of_the_public_registry(anvil: Anvil) -> None:
    from safe_eth.safe.safe_deployments import safe_deployments

    for version, contracts in SAFE_CONTRACTS.items():
        for name, address in contracts.by_artifact().items():
            registered = name.removesuffix(f"-{version}")
            if version == "1.3.0" and registered in ("SafeL2", "SafeProxyFactory"):
                registered = f"Gnosis{registered}"
            assert safe_deployments[version][registered]["1"][0] == address
            assert len(anvil.rpc("eth_getCode", address, "latest")) > 100


def test_multicall3_answers_at_its_public_address(anvil: Anvil) -> None:
    get_block_number = "0x42cbb15c"
    answer = anvil.rpc("eth_call", {"to": MULTICALL3, "data": get_block_number}, "latest")
    assert int(answer, 16) == int(anvil.rpc("eth_blockNumber"), 16)


def test_addresses_are_the_same_on_every_machine(world: World) -> None:
    assert world.safe == "0x399c61b017A871181d8B6C418c93a8bB361E3Db8"
    assert world.tokens["USDC"].address == "0x89fd9a9D4a4155c385a4b51a6F2A5EB00310F722"
    assert world.router == "0x60d94834Be2035e21d1553e31F8e21B023539a08"


def test_the_treasury_holds_what_the_demo_tells(anvil: Anvil, world: World) -> None:
    for symbol, spec in TOKENS.items():
        token = world.tokens[symbol]
        assert balance_of(anvil, token.address, world.safe) == spec.holding * 10**token.decimals
    assert int(anvil.rpc("eth_getBalance", world.safe, "latest"), 16) == 20 * 10**18


def test_the_keeper_is_funded_and_no_owner(anvil: Anvil, world: World) -> None:
    assert world.keeper not in world.owners
    assert int(anvil.rpc("eth_getBalance", world.keeper, "latest"), 16) >= 10**18


def test_every_token_says_the_decimals_that_the_world_says(running_world: RunningWorld, world: World) -> None:
    for token in world.tokens.values():
        assert read(running_world.anvil, token.address, own_artifact("Token"), "decimals") == token.decimals


@pytest.mark.parametrize("version", SAFE_CONTRACTS)
def test_two_of_three_owners_move_a_token_and_one_does_not(
    anvil: Anvil, world: World, toolchain: Toolchain, version: str
) -> None:
    safe = deploy_safe(anvil, toolchain.packages, version=version, owners=world.owners, threshold=2, salt_nonce=7)
    artifact = npm_artifact(toolchain.packages, f"SafeL2-{version}")
    assert read(anvil, safe, artifact, "VERSION") == version
    transact(anvil, Transaction(world.deployer, safe, value=10**18))
    call: list[Any] = [world.stranger, 10**17, b"", 0, 0, 0, 0, ZERO_ADDRESS, ZERO_ADDRESS]
    digest = read(anvil, safe, artifact, "getTransactionHash", *call, 0)
    before = int(anvil.rpc("eth_getBalance", world.stranger, "latest"), 16)
    with pytest.raises(DevnetError, match="GS020"):
        send(anvil, world.keeper, safe, artifact, "execTransaction", *call, _signatures(digest, world.owner_keys[:1]))
    send(anvil, world.keeper, safe, artifact, "execTransaction", *call, _signatures(digest, world.owner_keys[:2]))
    assert int(anvil.rpc("eth_getBalance", world.stranger, "latest"), 16) - before == 10**17


def _signatures(digest: bytes, keys: tuple[str, ...]) -> bytes:
    signers = sorted((Account.from_key(key) for key in keys), key=lambda account: int(account.address, 16))
    return b"".join(bytes(signer.unsafe_sign_hash(digest).signature) for signer in signers)


@pytest.mark.parametrize(("sell", "buy", "fee"), [("USDT", "USDC", 100), ("DAI", "USDC", 100), ("LUSD", "USDC", 500)])
def test_a_swap_of_half_a_million_pays_a_small_visible_price(
    running_world: RunningWorld, world: World, anvil: Anvil, sell: str, buy: str, fee: int
) -> None:
    sold, bought = world.tokens[sell], world.tokens[buy]
    swap_as_stranger(running_world, sell, buy, fee, 500_000 * 10**sold.decimals)
    received = balance_of(anvil, bought.address, world.stranger)
    fair = 500_000 * TOKENS[sell].price * 10**bought.decimals // TOKENS[buy].price
    lost_bps = (fair - received) * 10_000 / fair - fee / 100
    assert 0.3 < lost_bps < 15


@pytest.mark.parametrize(("one", "other", "fee"), POOLS)
def test_pools_have_time_weighted_prices_over_half_an_hour_also_after_a_swap(
    running_world: RunningWorld, world: World, one: str, other: str, fee: int
) -> None:
    pool = world.pool(one, other, fee)
    artifact = npm_artifact(running_world.toolchain.packages, "UniswapV3Pool")
    tick = read(running_world.anvil, pool, artifact, "slot0")[1]
    swap_as_stranger(running_world, one, other, fee, 10 ** world.tokens[one].decimals)
    cumulative, _ = read(running_world.anvil, pool, artifact, "observe", [1800, 0])
    assert abs((cumulative[1] - cumulative[0]) / 1800 - tick) <= 1


def test_quotes_equal_what_a_swap_then_pays(running_world: RunningWorld, world: World, anvil: Anvil) -> None:
    quoter = npm_artifact(running_world.toolchain.packages, "QuoterV2")
    usdt, usdc = world.tokens["USDT"], world.tokens["USDC"]
    asked = (usdt.address, usdc.address, 10**11, 100, 0)
    quoted = read(anvil, world.quoter, quoter, "quoteExactInputSingle", asked)[0]
    swap_as_stranger(running_world, "USDT", "USDC", 100, 10**11)
    assert balance_of(anvil, usdc.address, world.stranger) == quoted


def test_an_empty_router_multicall_holds_until_its_deadline_and_reverts_after(
    anvil: Anvil, world: World, toolchain: Toolchain
) -> None:
    router = npm_artifact(toolchain.packages, "SwapRouter02")
    multicall = next(
        entry
        for entry in router.abi
        if entry.get("name") == "multicall" and [item["type"] for item in entry["inputs"]] == ["uint256", "bytes[]"]
    )
    deadline_call = encode_call(
        type(router)("SwapRouter02.deadline", [multicall], b""), "multicall", anvil.timestamp() + 60, []
    )
    transact(anvil, Transaction(world.stranger, world.router, deadline_call))
    anvil.advance(120)
    with pytest.raises(DevnetError, match="Transaction too old"):
        transact(anvil, Transaction(world.stranger, world.router, deadline_call))


def test_feeds_are_fresh_when_the_world_starts(toolchain: Toolchain) -> None:
    with start_world(toolchain) as running:
        world, anvil = running.world, running.anvil
        feed = own_artifact("PriceFeed")
        for symbol, address in world.feeds.items():
            _, answer, _, updated_at, _ = read(anvil, address, feed, "latestRoundData")
            assert answer > 0, symbol
            assert 0 <= time.time() - updated_at < 600
            assert read(anvil, address, feed, "decimals") == 8


def test_a_feed_answers_what_it_was_set_to(world: World, anvil: Anvil) -> None:
    long_ago = anvil.timestamp() - 86400
    set_feed_price(anvil, world, "USDT", 93_000_000, updated_at=long_ago)
    latest = read(anvil, world.feeds["USDT"], own_artifact("PriceFeed"), "latestRoundData")
    assert (latest[1], latest[3]) == (93_000_000, long_ago)
    assert read(anvil, world.feeds["USDT"], own_artifact("PriceFeed"), "getRoundData", latest[0]) == latest


def test_the_governance_token_counts_votes_and_burns(running_world: RunningWorld, world: World, anvil: Anvil) -> None:
    token = world.tokens["DAO"]
    artifact = npm_artifact(running_world.toolchain.packages, "TokenERC20")
    give(running_world, token, world.stranger, 1000)
    send(anvil, world.stranger, token.address, artifact, "delegate", world.stranger)
    block = int(anvil.rpc("eth_blockNumber"), 16)
    supply = read(anvil, token.address, artifact, "totalSupply")
    send(anvil, world.stranger, token.address, artifact, "burn", 400)
    assert read(anvil, token.address, artifact, "totalSupply") == supply - 400
    assert read(anvil, token.address, artifact, "getVotes", world.stranger) == 600
    assert read(anvil, token.address, artifact, "getPastVotes", world.stranger, block) == 1000


def test_a_world_survives_its_json(world: World) -> None:
    assert World.from_json(world.to_json()) == world


def test_each_test_finds_the_world_as_new(world: World, anvil: Anvil, fresh_anvil: Callable[..., Anvil]) -> None:
    assert int(anvil.rpc("eth_getTransactionCount", world.stranger, "latest"), 16) == 0
    assert int(fresh_anvil().rpc("eth_blockNumber"), 16) == 0
