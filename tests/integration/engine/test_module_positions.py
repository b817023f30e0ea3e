"""Fees of positions through the module: of the Safe's own ones, to the Safe, and of nobody else's."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from dao_bot.app.wiring import open_desk
from dao_bot.chain.abi import function
from dao_bot.devnet.accounts import DEPLOYER
from dao_bot.devnet.errors import DevnetError
from dao_bot.devnet.transactions import Transaction, transact
from dao_bot.domain.addresses import Address
from dao_bot.domain.calls import Call
from dao_bot.protocols.uniswap_v3.position_manager import COLLECT, DECREASE
from tests.integration.engine.kit import KEEPER_VARIABLE, SIGNER_VARIABLE, Office, write_config
from tests.integration.engine.module_kit import call_of_member, give_role, through_the_module

if TYPE_CHECKING:
    from dao_bot.devnet import Anvil, World

OURS, THEIRS = 1, 2
EVERYTHING = 2**128 - 1
THIEF = Address("0x00000000000000000000000000000000000000C3")


@pytest.fixture
def office(tmp_path: Path, world: World, anvil: Anvil, monkeypatch: pytest.MonkeyPatch) -> Iterator[Office]:
    """The first position of the deployer belongs to the Safe, whose module may take fees."""
    monkeypatch.setenv(KEEPER_VARIABLE, world.keeper_key)
    monkeypatch.setenv(SIGNER_VARIABLE, world.module_signer_key)

    def may_collect(data: dict[str, Any]) -> None:
        through_the_module(world, data)
        data["routes"]["module"]["limits"] = {}
        data["strategies"]["reserve"]["may"] = [{"collect": "fees"}]
        uniswap = data["protocols"]["uniswap_v3"]
        uniswap |= {"position_manager": world.position_manager, "owner_condition": world.position_owner_condition}

    move = function("transferFrom(address,address,uint256)").encode(DEPLOYER.address, world.safe, OURS)
    transact(anvil, Transaction(DEPLOYER.address, world.position_manager, "0x" + move.hex()))
    with open_desk(write_config(tmp_path, anvil.url, may_collect)) as desk:
        opened = Office(desk, world, anvil)
        give_role(opened)
        yield opened


def collect(office: Office, position: int, to: Address | None = None) -> Call:
    fields = (position, to or office.world.safe, EVERYTHING, EVERYTHING)
    return Call(office.world.position_manager, COLLECT.encode(fields))


def test_fees_of_the_safes_own_position_are_taken(office: Office) -> None:
    transact(office.anvil, call_of_member(office, collect(office, OURS)))


@pytest.mark.parametrize(("position", "to"), [(THEIRS, None), (OURS, THIEF), (THEIRS, THIEF)])
def test_nothing_of_others_and_nothing_for_others(office: Office, position: int, to: Address | None) -> None:
    with pytest.raises(DevnetError, match="reverted"):
        transact(office.anvil, call_of_member(office, collect(office, position, to)))


def test_liquidity_itself_stays_where_it_is(office: Office) -> None:
    data = DECREASE.encode((OURS, 1, 0, 0, 2**40))
    with pytest.raises(DevnetError, match="reverted"):
        transact(office.anvil, call_of_member(office, Call(office.world.position_manager, data)))
