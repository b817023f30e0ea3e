"""The demo's treasury on the module route: a role that is derived, set up as its owners would, and used."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import pytest

from dao_bot.app.wiring import open_desk
from dao_bot.chain.transactions import unsigned_of
from dao_bot.devnet.running import refresh_feeds
from dao_bot.devnet.transactions import Transaction, transact
from dao_bot.domain.calls import Call
from dao_bot.engine.routes.module import MODULE, Module
from dao_bot.engine.routes.module_role import derived_role, module_on_chain
from dao_bot.safe.roles.changes import changes
from dao_bot.safe.roles.contract import ENABLE_MODULE
from tests.integration.engine.kit import KEEPER_VARIABLE, SIGNER_VARIABLE, Office, write_config

if TYPE_CHECKING:
    from dao_bot.devnet import Anvil, World

DAY = 86_400


def through_the_module(world: World, data: dict[str, Any]) -> None:
    """The only strategy pays its grantee and swaps through the module, a thousand dollars a day."""
    data["routes"] = {
        MODULE: {
            "roles": world.roles,
            "from_block": 0,
            "mastercopy": world.roles_mastercopy,
            "signer": world.module_signer,
            "key": f"env:{SIGNER_VARIABLE}",
            "limits": {"USDC": {"most": "1000", "every": "1d"}},
        }
    }
    data["approvals"]["inside-limits"] = {"use": "none"}
    (strategy,) = data["strategies"].values()
    strategy |= {
        "route": MODULE,
        "approval": "inside-limits",
        "may": [{"send": "USDC", "to": "Grantee"}, {"swap": "USDC", "into": "DAI"}],
    }


@contextmanager
def module_office(
    directory: Path, world: World, anvil: Anvil, monkeypatch: pytest.MonkeyPatch, *, set_up: bool = True
) -> Iterator[Office]:
    """The treasury, open; its role is on the chain unless that is not wanted."""
    monkeypatch.setenv(KEEPER_VARIABLE, world.keeper_key)
    monkeypatch.setenv(SIGNER_VARIABLE, world.module_signer_key)
    path = write_config(directory, anvil.url, lambda data: through_the_module(world, data))
    with open_desk(path) as desk:
        office = Office(desk, world, anvil)
        if set_up:
            give_role(office)
        yield office


def module_of(office: Office) -> Module:
    return cast("Module", office.desk.services.routes[MODULE])


def role_calls(office: Office) -> tuple[Call, ...]:
    """What the owners would execute to bring the module to the derived role."""
    module, services = module_of(office), office.desk.services
    block = services.endpoints.pin()
    there = module_on_chain(module, services, block)
    return changes(there.role, derived_role(module, services), module.address, there.callers)


def give_role(office: Office) -> None:
    """Enable the module and give it its role, as if the owners had executed it."""
    enable = Call(office.world.safe, ENABLE_MODULE.encode(office.world.roles))
    as_safe(office.anvil, office.world, enable, *role_calls(office))


def as_safe(anvil: Anvil, world: World, *calls: Call) -> None:
    """Calls of the Safe, as if its owners had executed them."""
    coins = anvil.rpc("eth_getBalance", world.safe, "latest")
    anvil.rpc("anvil_impersonateAccount", world.safe)
    anvil.rpc("anvil_setBalance", world.safe, hex(10**20))
    for call in calls:
        transact(anvil, Transaction(world.safe, call.to, "0x" + call.data.hex()))
    anvil.rpc("anvil_setBalance", world.safe, coins)


def before_a_refill(office: Office, seconds: int) -> None:
    """So long before the allowances are refilled, which is at midnight UTC: today's, or tomorrow's if it is later."""
    office.anvil.set_time(((office.anvil.timestamp() + seconds) // DAY + 1) * DAY - seconds)
    refresh_feeds(office.anvil, office.world.feeds)


def relay(office: Office, proposal: str) -> None:
    """A stranger sends what was signed for the proposal; raises `DevnetError` when it reverts."""
    sent = unsigned_of(office.desk.store.attempts(proposal)[0].raw)
    transact(office.anvil, Transaction(office.world.stranger, sent.to, "0x" + sent.data.hex()))


def call_of_member(office: Office, *calls: Call) -> Transaction:
    """What a thief with the member's key sends: no signature, no salt, no keeper."""
    return Transaction(office.world.module_signer, office.world.roles, "0x" + module_of(office).wrap(calls).data.hex())
