"""Whoever steals the keys of the module route takes at most what was stated: twice the allowance across a refill."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dao_bot.app.roles import exposures
from dao_bot.chain.abi import function
from dao_bot.devnet.errors import DevnetError
from dao_bot.devnet.scenarios import balance_of
from dao_bot.devnet.transactions import Transaction, transact
from dao_bot.domain.addresses import Address
from dao_bot.domain.calls import Call, CallType
from dao_bot.domain.runs import RunId
from dao_bot.engine.look import look
from dao_bot.protocols.erc20 import APPROVE, TRANSFER
from dao_bot.protocols.uniswap_v3.encode import EXACT_INPUT, EXACT_INPUT_SINGLE
from dao_bot.safe.roles.contract import ASSIGN_ROLES, ENABLE_MODULE, EXECUTE, SET_ALLOWANCE
from tests.examples import examples
from tests.integration.engine.kit import GRANTEE, Office
from tests.integration.engine.module_kit import before_a_refill, call_of_member, module_of, module_office

if TYPE_CHECKING:
    from dao_bot.devnet import Anvil, World

USDC = 10**6
THIEF = Address("0x00000000000000000000000000000000000000C3")


@pytest.fixture
def office(tmp_path: Path, world: World, anvil: Anvil, monkeypatch: pytest.MonkeyPatch) -> Iterator[Office]:
    with module_office(tmp_path, world, anvil, monkeypatch) as opened:
        yield opened


def swap(office: Office, whole: int, *, to: Address | None = None, fee: int = 100, least: int = 0) -> Call:
    """USDC for DAI at whatever price: the pool may have been moved by the thief himself."""
    sell, buy = office.token("USDC").address, office.token("DAI").address
    fields = (sell, buy, fee, to or office.world.safe, whole * USDC, least, 0)
    return Call(office.world.router, EXACT_INPUT_SINGLE.encode(fields))


def take(office: Office, *calls: Call) -> None:
    """The thief sends with the member's key itself, at any price, as often as he likes."""
    transact(office.anvil, call_of_member(office, *calls))


def allow(office: Office) -> Call:
    return Call(office.token("USDC").address, APPROVE.encode(office.world.router, 2**255))


def test_across_a_refill_with_minimum_output_0_the_loss_is_at_most_the_stated_amount(office: Office) -> None:
    seen = look(office.desk.services, RunId("theft", 0))
    (stated,) = exposures(module_of(office), seen)
    assert (stated.at_once, stated.per_period) == (2000 * USDC, 1000 * USDC)
    before_a_refill(office, 30)
    begin = office.anvil.timestamp()
    held = held_usdc(office)
    take(office, allow(office), swap(office, 1000))
    with pytest.raises(DevnetError, match="reverted"):
        take(office, swap(office, 1))
    office.anvil.set_time(begin + 60)
    take(office, swap(office, 1000))
    with pytest.raises(DevnetError, match="reverted"):
        take(office, swap(office, 1))
    assert office.anvil.timestamp() - begin < 120
    assert held - held_usdc(office) == stated.at_once
    # Nobody took the key away: one allowance more in each period.
    office.anvil.advance(stated.period)
    take(office, swap(office, 1000))
    with pytest.raises(DevnetError, match="reverted"):
        take(office, swap(office, 1))
    assert held - held_usdc(office) == stated.at_once + stated.per_period


def held_usdc(office: Office) -> int:
    return balance_of(office.anvil, office.token("USDC").address, office.world.safe)


def test_one_allowance_holds_for_all_functions_together(office: Office) -> None:
    usdc = office.token("USDC").address
    take(office, Call(usdc, TRANSFER.encode(GRANTEE, 600 * USDC)))
    with pytest.raises(DevnetError, match="reverted"):
        take(office, allow(office), swap(office, 401))
    take(office, allow(office), swap(office, 400))


def test_an_allowance_left_to_the_router_is_of_no_use_to_anybody_else(office: Office) -> None:
    take(office, allow(office))
    held = held_usdc(office)
    with pytest.raises(DevnetError, match="reverted"):
        transact(
            office.anvil, Transaction(office.world.stranger, office.world.router, "0x" + swap(office, 1).data.hex())
        )
    assert held_usdc(office) == held


HOSTILE = {
    "transfer to the thief": lambda office: Call(office.token("USDC").address, TRANSFER.encode(THIEF, 1)),
    "transfer of another token": lambda office: Call(office.token("DAI").address, TRANSFER.encode(GRANTEE, 1)),
    "approval of the thief": lambda office: Call(office.token("USDC").address, APPROVE.encode(THIEF, 1)),
    "approval of another token": lambda office: Call(
        office.token("DAI").address, APPROVE.encode(office.world.router, 1)
    ),
    "swap to the thief": lambda office: swap(office, 1, to=THIEF),
    "swap to whoever calls the router": lambda office: swap(
        office, 1, to=Address("0x0000000000000000000000000000000000000001")
    ),
    "swap through another pool": lambda office: swap(office, 1, fee=500),
    "swap of what the router holds": lambda office: swap(office, 0),
    "swap along another path": lambda office: Call(
        office.world.router,
        EXACT_INPUT.encode((bytes.fromhex(office.token("USDC").address[2:]) + b"\0\0d" + bytes(20), THIEF, 1, 0)),
    ),
    "coins": lambda office: Call(THIEF, b"", 1),
    "coins with an allowed call": lambda office: Call(office.token("USDC").address, TRANSFER.encode(GRANTEE, 1), 1),
    "a call behind the deadline": lambda office: Call(
        office.world.router,
        function("multicall(uint256,bytes[])").encode(2**40, [swap(office, 1, to=THIEF).data]),
    ),
    "another module of the Safe": lambda office: Call(office.world.safe, ENABLE_MODULE.encode(THIEF)),
    "another member of the role": lambda office: Call(
        office.world.roles, ASSIGN_ROLES.encode(THIEF, [module_of(office).role], [True])
    ),
    "a larger allowance": lambda office: Call(
        office.world.roles,
        SET_ALLOWANCE.encode(bytes.fromhex(office.token("USDC").address[2:]).ljust(32, b"\0"), 10**18, 0, 0, 0, 0),
    ),
}


@pytest.mark.parametrize("what", HOSTILE)
def test_what_the_role_does_not_name_is_refused(office: Office, what: str) -> None:
    held = held_usdc(office)
    call = HOSTILE[what](office)
    if what != "swap of what the router holds":
        with pytest.raises(DevnetError, match="reverted"):
            take(office, call)
        with pytest.raises(DevnetError, match="reverted"):
            transact(office.anvil, alone(office, call, CallType.CALL))
    with pytest.raises(DevnetError, match="reverted"):
        transact(office.anvil, alone(office, call, CallType.DELEGATECALL))
    assert held_usdc(office) == held
    assert balance_of(office.anvil, office.token("USDC").address, THIEF) == 0


def alone(office: Office, call: Call, operation: CallType) -> Transaction:
    """The call without MultiSend around it."""
    data = EXECUTE.encode(call.to, call.value, call.data, int(operation), module_of(office).role, True)
    return Transaction(office.world.module_signer, office.world.roles, "0x" + data.hex())


def test_the_keepers_own_key_is_worth_nothing_without_the_members(office: Office) -> None:
    data = call_of_member(office, Call(office.token("USDC").address, TRANSFER.encode(GRANTEE, 1))).data
    with pytest.raises(DevnetError, match="reverted"):
        transact(office.anvil, Transaction(office.world.keeper, office.world.roles, data))
    assert office.received() == 0


@settings(max_examples=examples(15), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    steps=st.lists(
        st.tuples(st.integers(0, 2 * 86_400), st.sampled_from(["pay", "swap"]), st.integers(1, 1500)), max_size=8
    )
)
def test_however_he_times_it_he_takes_at_most_one_allowance_and_one_for_each_refill(
    office: Office, steps: list[tuple[int, str, int]]
) -> None:
    """The formula: amount × (1 + refills that he sees), refills falling on multiples of the period since 1970."""
    snapshot = office.anvil.snapshot()
    try:
        take(office, allow(office))
        held, begin = held_usdc(office), office.anvil.timestamp()
        for wait, how, whole in steps:
            office.anvil.advance(wait + 1)
            call = (
                swap(office, whole)
                if how == "swap"
                else Call(office.token("USDC").address, TRANSFER.encode(GRANTEE, whole * USDC))
            )
            try:
                take(office, call)
            except DevnetError as error:
                assert "reverted" in str(error)
        refills = office.anvil.timestamp() // 86_400 - begin // 86_400
        assert held - held_usdc(office) <= 1000 * USDC * (1 + refills)
    finally:
        office.anvil.revert(snapshot)
