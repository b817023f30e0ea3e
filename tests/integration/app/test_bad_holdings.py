"""Treasuries that are empty, dusty, immense, or have no or two hundred assets: an answer, never an accident."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from dao_bot.devnet.abi import encode_call
from dao_bot.devnet.accounts import DEPLOYER
from dao_bot.devnet.artifacts import npm_artifact
from dao_bot.devnet.safes import deploy_safe
from dao_bot.devnet.scenarios import give
from dao_bot.devnet.transactions import Transaction, transact_all
from tests.integration.app.kit import Office, refused

if TYPE_CHECKING:
    from dao_bot.devnet import RunningWorld
    from dao_bot.domain.addresses import Address

pytestmark = pytest.mark.usefixtures("untouched")


@pytest.fixture
def empty_safe(office: Office, running_world: RunningWorld) -> Address:
    """A new Safe of the same owners, configured in place of the demo's."""
    world, packages = running_world.world, running_world.toolchain.packages
    safe = deploy_safe(
        running_world.anvil, packages, version="1.4.1", owners=world.owners, threshold=world.threshold, salt_nonce=7
    )
    office.configure(lambda data: data["treasury"].update(safe=safe))
    return safe


def why_not(office: Office) -> str:
    """The reason of a plan that does nothing."""
    says = office.facts("plan", "reserve")
    assert says["schema"].startswith("dao-bot/decision-card/")
    return str(says["strategy_says"]["reason"])


def test_an_empty_treasury_has_nothing_to_do(office: Office, empty_safe: Address) -> None:
    assert "the reserve is empty" in why_not(office)
    assert office.dao_bot("doctor").code == 0


def test_dust_is_left_alone(office: Office, empty_safe: Address, running_world: RunningWorld) -> None:
    give(running_world, running_world.world.tokens["USDC"], empty_safe, 3)
    give(running_world, running_world.world.tokens["DAI"], empty_safe, 1)
    assert "less than the minimum trade" in why_not(office)


@pytest.mark.parametrize("symbol", ["USDC", "DAI"])
def test_ten_to_the_thirty_is_an_amount_like_any_other(
    office: Office, empty_safe: Address, running_world: RunningWorld, symbol: str
) -> None:
    give(running_world, running_world.world.tokens[symbol], empty_safe, 10**30)
    ended = office.dao_bot("plan", "reserve", "--json")
    assert ended.code in (0, 3), ended
    for row in ended.facts.get("holdings", ()):
        if row["symbol"] == symbol:
            assert row["before"]["units"] == str(10**30)
    assert "Traceback" not in ended.err
    assert office.dao_bot("doctor").code == 0


def test_a_pool_without_liquidity_is_told_and_not_traded_in(office: Office, running_world: RunningWorld) -> None:
    world, packages = running_world.world, running_world.toolchain.packages
    low, high = sorted((world.tokens[s].address for s in ("DAI", "LUSD")), key=lambda address: int(address, 16))
    manager = npm_artifact(packages, "NonfungiblePositionManager")
    create = encode_call(manager, "createAndInitializePoolIfNecessary", low, high, 500, 2**96)
    transact_all(running_world.anvil, [Transaction(DEPLOYER.address, world.position_manager, create)])
    pool = {"tokens": ["DAI", "LUSD"], "fee": "500"}
    office.configure(lambda data: data["protocols"]["uniswap_v3"]["pools"].append(pool))
    checks = office.facts("doctor")["checks"]
    (line,) = [check for check in checks if check["subject"] == "uniswap_v3 pool DAI/LUSD 500"]
    assert "it has no liquidity" in line["problem"]
    card = office.facts("plan", "reserve")
    assert card["holdings"]
    assert not any("LUSD for" in call["summary"] and "DAI" in call["summary"] for call in card["calls"])


def test_a_treasury_needs_a_token(office: Office) -> None:
    office.configure(lambda data: data["treasury"].update(tokens={}))
    problems = refused(office.dao_bot("plan", "reserve", "--json"), 2, "treasury.tokens")["problems"]
    assert len(problems) > 5, "everything that names a token is told too"


def test_a_reserve_without_assets_has_nothing_to_do(office: Office) -> None:
    office.configure(lambda data: data["strategies"]["reserve"]["params"].update(assets={}))
    assert "no asset of a reserve is configured" in why_not(office)


def add_tokens(office: Office, running: RunningWorld, count: int) -> None:
    """More stablecoins, each with its own address and issuer; the feed is that of USDC for all."""
    anvil, world = running.anvil, running.world
    code = anvil.rpc("eth_getCode", world.tokens["LUSD"].address, "latest")
    addresses = ["0x" + f"{number:040x}" for number in range(0xA11CE000, 0xA11CE000 + count)]
    anvil.batch([("anvil_setCode", (address, code)) for address in addresses])
    anvil.mine()

    def change(data: dict[str, Any]) -> None:
        params = data["strategies"]["reserve"]["params"]
        for number, address in enumerate(addresses):
            symbol = f"T{number:03d}"
            data["treasury"]["tokens"][symbol] = {"address": address, "decimals": "18"}
            data["prices"]["sources"][symbol] = [dict(data["prices"]["sources"]["USDC"][0])]
            params["assets"][symbol] = {"backing": {f"Issuer {symbol}": "100%"}}
            params["issuers"][f"Issuer {symbol}"] = {"hazard": "1%", "loss": "20%", "cap": "30%"}

    office.configure(change)


def test_two_hundred_assets_are_planned(office: Office, running_world: RunningWorld) -> None:
    add_tokens(office, running_world, 195)
    card = office.facts("plan", "reserve")
    assert {row["symbol"] for row in card["holdings"] if int(row["change"]["units"]) > 0} <= {"USDC", "DAI", "LUSD"}
    assert int(next(row for row in card["holdings"] if row["symbol"] == "USDT")["change"]["units"]) < 0


def test_two_hundred_and_one_assets_are_too_many_and_it_says_so(office: Office, running_world: RunningWorld) -> None:
    add_tokens(office, running_world, 196)
    refused(office.dao_bot("plan", "reserve", "--json"), 2, "assets", "must have at most 200 of them")
