"""The week before the present: trades, payments and stakes that strategies look back on."""

from __future__ import annotations

from typing import Any

import pytest

from dao_bot.devnet import Anvil, RunningWorld, World
from dao_bot.devnet.abi import encode_call
from dao_bot.devnet.artifacts import npm_artifact, own_artifact
from dao_bot.devnet.build import TOKENS, WETH_PRICE
from dao_bot.devnet.errors import DevnetError
from dao_bot.devnet.history import DAYS, POOL, STEPS, premium_bps
from dao_bot.devnet.running import start_world
from dao_bot.devnet.scenarios import act, balance_of, pay_revenue, stake, unstake
from dao_bot.devnet.toolchain import Toolchain
from dao_bot.devnet.transactions import read
from dao_bot.domain.hashing import keccak

SWAP = "Swap(address,address,int256,int256,uint160,uint128,int24)"
TRANSFER = "Transfer(address,address,uint256)"
DAO_DECIMALS = 10**18


def logs(anvil: Anvil, address: str, event: str, *topics: str | None) -> list[dict[str, Any]]:
    """All logs of an event since the first block, each with the time of its block under `time`."""
    wanted = ["0x" + keccak(event.encode()).hex(), *topics]
    found = anvil.rpc("eth_getLogs", {"fromBlock": "0x0", "toBlock": "latest", "address": address, "topics": wanted})
    blocks = anvil.batch([("eth_getBlockByNumber", (log["blockNumber"], False)) for log in found])
    return [{**log, "time": int(block["timestamp"], 16)} for log, block in zip(found, blocks, strict=True)]


def topic(address: str) -> str:
    return "0x" + address[2:].lower().rjust(64, "0")


def sold_of_token0(log: dict[str, Any]) -> int:
    return abs(int.from_bytes(bytes.fromhex(log["data"][2:66]), "big", signed=True))


@pytest.fixture
def start(anvil: Anvil, running_world: RunningWorld) -> int:
    """When the days began."""
    latest: int = logs(anvil, running_world.world.pool(*POOL), SWAP)[-1]["time"]
    return latest - DAYS * 86_400


def test_the_pool_was_traded_in_four_times_a_day(anvil: Anvil, world: World, start: int) -> None:
    trades = [log for log in logs(anvil, world.pool(*POOL), SWAP) if log["time"] > start]
    assert len(trades) == STEPS
    daily = [sum(sold_of_token0(log) for log in trades[day * 4 : day * 4 + 4]) for day in range(DAYS)]
    for units in daily:
        assert 50_000 < units * TOKENS["DAO"].price / 10**8 / DAO_DECIMALS < 1_000_000


def test_the_token_fell_to_its_present_price_and_pool_and_feed_agree(
    anvil: Anvil, running_world: RunningWorld, world: World
) -> None:
    assert premium_bps(0) > premium_bps(STEPS // 2) > premium_bps(STEPS - 1) == 0
    pool, dao = world.pool(*POOL), world.tokens["DAO"].address
    root = read(anvil, pool, npm_artifact(running_world.toolchain.packages, "UniswapV3Pool"), "slot0")[0]
    ratio = (root / 2**96) ** 2
    in_weth = ratio if int(dao, 16) < int(world.tokens["WETH"].address, 16) else 1 / ratio
    feed = read(anvil, world.feeds["DAO"], own_artifact("PriceFeed"), "latestRoundData")[1]
    assert feed == TOKENS["DAO"].price
    assert in_weth * WETH_PRICE == pytest.approx(feed, rel=1e-4)


def test_the_time_weighted_price_is_the_present_one(anvil: Anvil, running_world: RunningWorld, world: World) -> None:
    artifact = npm_artifact(running_world.toolchain.packages, "UniswapV3Pool")
    tick = read(anvil, world.pool(*POOL), artifact, "slot0")[1]
    cumulative, _ = read(anvil, world.pool(*POOL), artifact, "observe", [1800, 0])
    assert abs((cumulative[1] - cumulative[0]) / 1800 - tick) <= 1


def test_revenue_came_every_day_and_the_treasury_holds_what_the_demo_tells(
    anvil: Anvil, world: World, start: int
) -> None:
    usdc = world.tokens["USDC"]
    paid = logs(anvil, usdc.address, TRANSFER, topic(world.revenue), topic(world.safe))
    assert len(paid) == DAYS
    assert all(log["time"] > start for log in paid)
    assert balance_of(anvil, usdc.address, world.safe) == TOKENS["USDC"].holding * 10**6


def test_members_staked_on_works_and_the_contract_holds_what_is_staked(anvil: Anvil, world: World) -> None:
    staked = logs(anvil, world.staking, "Staked(address,uint256,uint256)")
    unstaked = logs(anvil, world.staking, "Unstaked(address,uint256,uint256)")
    assert len(staked) == STEPS - 8
    assert len(unstaked) >= 2
    assert {log["topics"][1] for log in staked} <= {topic(member) for member in world.community}
    held = sum(int(log["data"], 16) for log in staked) - sum(int(log["data"], 16) for log in unstaked)
    assert balance_of(anvil, world.tokens["DAO"].address, world.staking) == held > 0
    assert len(logs(anvil, world.staking, "Registered(uint256,address)")) == 8


def test_some_payments_between_members_come_back(anvil: Anvil, world: World) -> None:
    token = world.tokens["DAO"].address
    pairs = [
        (log["topics"][1], log["topics"][2], log["data"])
        for giver in world.community
        for log in logs(anvil, token, TRANSFER, topic(giver))
        if log["topics"][2] in {topic(member) for member in world.community}
    ]
    assert [pair for pair in pairs if (pair[1], pair[0], pair[2]) in pairs]


def test_two_worlds_have_the_same_history(running_world: RunningWorld, world: World, toolchain: Toolchain) -> None:
    """But for its moment."""

    def told(anvil: Anvil) -> list[Any]:
        found = logs(anvil, world.pool(*POOL), SWAP) + logs(anvil, world.tokens["DAO"].address, TRANSFER)
        return [(log["blockNumber"], log["topics"], log["data"], log["transactionHash"]) for log in found]

    with start_world(toolchain) as other:
        assert other.world == world
        assert told(other.anvil) == told(running_world.anvil)


def test_revenue_stakes_and_unstakes_can_be_added(running_world: RunningWorld, anvil: Anvil, world: World) -> None:
    for symbol, units in (("USDC", 5 * 10**9), ("WETH", 10**18)):
        before = balance_of(anvil, world.tokens[symbol].address, world.safe)
        pay_revenue(running_world, symbol, units)
        assert balance_of(anvil, world.tokens[symbol].address, world.safe) == before + units
    somebody = "0x00000000000000000000000000000000000000Aa"
    stake(running_world, somebody, 3, 70 * DAO_DECIMALS)
    unstake(running_world, somebody, 3, 20 * DAO_DECIMALS)
    assert read(anvil, world.staking, own_artifact("Staking"), "stake_of", somebody, 3) == 50 * DAO_DECIMALS
    assert balance_of(anvil, world.tokens["DAO"].address, somebody) == 20 * DAO_DECIMALS


def test_more_cannot_be_unstaked_than_was_staked_nor_staked_on_what_nobody_made(
    running_world: RunningWorld, world: World
) -> None:
    with pytest.raises(DevnetError):
        unstake(running_world, world.community[0], 1, 10**24)
    with pytest.raises(DevnetError, match="no such work"):
        stake(running_world, world.community[0], 99, 1)
    with pytest.raises(DevnetError, match="already registered"):
        act(running_world, world.community[1], world.staking, "Staking", "register", 1)


def test_calldata_of_the_staking_contract_is_what_vyper_compiled() -> None:
    selector = "0x" + keccak(b"stake(uint256,uint256)")[:4].hex()
    assert encode_call(own_artifact("Staking"), "stake", 1, 2).startswith(selector)
