"""A treasury with a transaction service and a module: what goes through the module is not the service's business."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from dao_bot.app.wiring import open_desk
from dao_bot.chain.abi import function
from dao_bot.devnet.transactions import transact
from dao_bot.domain.calls import Call, CallType
from dao_bot.domain.lifecycle import State
from dao_bot.protocols.erc20 import TRANSFER
from dao_bot.safe.transaction import SafeTransaction
from tests.contract.owners_queue.standin import StandIn
from tests.integration.app.kit import command
from tests.integration.engine.kit import GRANTEE, KEEPER_VARIABLE, SENDING, SIGNER_VARIABLE, Office, at, write_config
from tests.integration.engine.module_kit import as_safe, call_of_member, give_role, module_of, through_the_module
from tests.integration.engine.queue_kit import PROPOSER_KEY, PROPOSER_VARIABLE, Clock, ServedOffice, register

if TYPE_CHECKING:
    from dao_bot.devnet import Anvil, World

USDC = 10**6


@pytest.fixture
def served(tmp_path: Path, world: World, anvil: Anvil, monkeypatch: pytest.MonkeyPatch) -> Iterator[ServedOffice]:
    monkeypatch.setenv(KEEPER_VARIABLE, world.keeper_key)
    monkeypatch.setenv(SIGNER_VARIABLE, world.module_signer_key)
    monkeypatch.setenv(PROPOSER_VARIABLE, PROPOSER_KEY.hex())
    with StandIn(anvil.url) as service:

        def change(data: dict[str, Any]) -> None:
            through_the_module(world, data)
            data["treasury"]["service"] = {
                "url": service.url,
                "proposer": f"env:{PROPOSER_VARIABLE}",
                "requests_per_second": "1000",
            }

        register(service, world.safe)
        with open_desk(write_config(tmp_path, anvil.url, change)) as desk:
            office = Office(desk, world, anvil)
            give_role(office)
            yield ServedOffice(office, service, Clock())


def test_what_goes_through_the_module_is_not_offered_to_owners_alive_or_left_open(served: ServedOffice) -> None:
    office = served.office
    usdc = office.token("USDC").address
    executed = office.propose(office.payment("USDC", 100))
    served.tick()
    failing = office.propose(office.payment("USDC", 500), nominal=1)

    def somebody_else_spends() -> None:
        transact(office.anvil, call_of_member(office, Call(usdc, TRANSFER.encode(GRANTEE, 800 * USDC))))

    with at(SENDING, somebody_else_spends):
        served.tick()
    told = [served.tick() for _ in range(3)]
    assert (office.state(executed), office.state(failing)) == (State.EXECUTED, State.STALE)
    closed = [event.body["how"] for event in office.desk.store.events(failing) if event.kind == "closed"]
    assert closed == ["invalidated on the chain"], told
    assert served.asked() == 0


def test_a_change_of_the_role_waits_where_owners_sign_and_is_the_derived_one_once_they_have(
    served: ServedOffice,
) -> None:
    office, path = served.office, served.desk.config.path
    assert command("roles", "plan", "-c", path, "--propose", "--json").facts["proposed"] is None
    call_everything = function("allowTarget(bytes32,address,uint8)")
    data = call_everything.encode(module_of(office).role, office.token("DAI").address, 0)
    as_safe(office.anvil, office.world, Call(office.world.roles, data))
    assert command("roles", "diff", "-c", path).code == 1
    digest = command("roles", "plan", "-c", path, "--propose", "--json").facts["proposed"]
    (kept,) = served.service.kept.values()
    assert kept.hash == digest
    told = kept.fields
    raw = bytes.fromhex(told["data"][2:])
    executed = SafeTransaction(told["to"], int(told["value"]), raw, CallType(told["operation"]), int(told["nonce"]))
    office.submit_as_stranger(executed)
    assert command("roles", "diff", "-c", path).code == 0
