"""The member's key behind the signer's socket: no key that can move money is in the keeper's process."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from dao_bot.app.wiring import open_desk
from dao_bot.chain.gas import Fees
from dao_bot.chain.remote_signer import RemoteSigner
from dao_bot.chain.transactions import Unsigned
from dao_bot.domain.calls import Call
from dao_bot.domain.errors import BadInput, Refused
from dao_bot.domain.lifecycle import State
from dao_bot.engine.draft import deadline_call
from dao_bot.engine.presented import present
from dao_bot.protocols.erc20 import TRANSFER
from dao_bot.safe.roles.contract import INVALIDATE
from tests.integration.engine.kit import (
    GRANTEE,
    KEEPER_VARIABLE,
    SENDING,
    SIGNER_VARIABLE,
    Office,
    at,
    write_config,
)
from tests.integration.engine.module_kit import give_role, module_of, through_the_module
from tests.integration.engine.signer_kit import Start, keeper_config, signers
from tests.integration.engine.test_module import closings, pay_as_member

if TYPE_CHECKING:
    from dao_bot.devnet import Anvil, World

USDC = 10**6
THIEF = "0x" + "bad".rjust(40, "0")


@pytest.fixture
def socket_path(tmp_path: Path) -> Path:
    return tmp_path / "signer.sock"


@pytest.fixture
def office(
    tmp_path: Path, anvil: Anvil, world: World, socket_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Office]:
    """The keeper's side, which has no key at all; the signer runs."""
    monkeypatch.delenv(KEEPER_VARIABLE, raising=False)
    monkeypatch.delenv(SIGNER_VARIABLE, raising=False)

    def change(data: dict[str, Any]) -> None:
        through_the_module(world, data)

    with (
        open_desk(write_config(tmp_path, anvil.url, keeper_config(socket_path, change))) as desk,
        signers(tmp_path / "signer", anvil, world, socket_path) as start,
    ):
        office = Office(desk, world, anvil)
        give_role(office)
        begin: Start = start
        begin(change=change)
        yield office


def presented(office: Office, proposal: str, **changes: Any) -> dict[str, Any]:
    """As the keeper would, with fields of the proposal changed by a thief."""
    shown: dict[str, Any] = present(office.desk.services, office.desk.store, office.stored(proposal))
    return {**shown, "text": json.dumps({**json.loads(shown["text"]), **changes})}


def test_a_batch_goes_through_the_module_and_what_was_signed_is_taken_back(office: Office) -> None:
    proposal = office.propose(office.payment("USDC", 400))
    told = office.tick()
    assert (office.state(proposal), office.received()) == (State.EXECUTED, 400 * USDC), told
    # What is signed, and then cannot be executed, is invalidated with the same key.
    second = office.propose(office.payment("USDC", 500), nominal=2)
    with at(SENDING, lambda: pay_as_member(office, 300)):
        office.tick()
    for _ in range(3):
        office.tick()
    assert closings(office, second) == ["invalidated on the chain"]
    assert office.received() == 700 * USDC


def test_nothing_but_an_approved_batch_is_signed_once_for_its_own_proposal(office: Office, socket_path: Path) -> None:
    signer = RemoteSigner(socket_path)
    proposal = office.propose(office.payment("USDC", 400))
    text = json.loads(office.desk.store.proposal_text(proposal))

    def batch(**changes: Any) -> dict[str, Any]:
        return {"batch": {**text["batch"], **changes}}

    services, valid_until = office.desk.services, text["batch"]["valid_until"]

    def paying(to: str, whole: int) -> dict[str, Any]:
        pay = Call(office.token("USDC").address, TRANSFER.encode(to, whole * USDC))
        wrapped = module_of(office).wrap([deadline_call(services, valid_until), pay])
        return batch(transaction={**text["batch"]["transaction"], "data": "0x" + wrapped.data.hex()})

    for changes, words in (
        ({"approval_rule": "two-owners"}, "may not go this way"),
        ({"approval_rule": "nobody"}, "may not go this way"),
        ({"run": {**text["run"], "strategy": "another"}}, "not configured here"),
        (batch(policy_hash="0x" + "00" * 32), "another policy"),
        (batch(valid_until=valid_until + 10**6), "deadline"),
        (batch(safe=office.world.owners[0]), "another Safe"),
        (batch(transaction={**text["batch"]["transaction"], "to": office.world.safe}), "no batch for the configured"),
        (batch(transaction={**text["batch"]["transaction"], "route": "multisig"}), "another route"),
        (paying(GRANTEE, 1001), "allowance of the role is used up"),
        (paying(THIEF, 1), "recipients may receive"),
    ):
        with pytest.raises(Refused, match=words):
            signer.sign_for_module(presented(office, proposal, **changes))
    first = signer.sign_for_module(presented(office, proposal))
    assert first == signer.sign_for_module(presented(office, proposal)), "a retry gets the same signature"
    with pytest.raises(Refused, match="executed twice"):
        signer.sign_for_module(presented(office, proposal, attempt=1))
    office.tick()
    assert office.state(proposal) is State.EXECUTED
    with pytest.raises(Refused, match="executed or invalidated before"):
        signer.sign_for_module(presented(office, proposal))
    late = office.propose(office.payment("USDC", 100), nominal=2)
    office.anvil.set_time(office.stored(late).proposal.batch.valid_until + 1)
    with pytest.raises(Refused, match="late|deadline"):
        signer.sign_for_module(presented(office, late))
    strange: tuple[Any, ...] = (
        None,
        [],
        {"text": "{}", "created_at": 1, "grounds": {}},
        {"text": "", "created_at": ""},
    )
    for nonsense in strange:
        with pytest.raises(Refused):
            signer.sign_for_module(nonsense)
    assert office.received() == 400 * USDC


def test_the_member_sends_nothing_but_invalidations_and_the_keeper_relays_nothing_unsigned(
    office: Office, socket_path: Path
) -> None:
    module = module_of(office)
    call = office.stored(office.propose(office.payment("USDC", 400))).proposal.batch.transaction.data
    member, keeper = RemoteSigner(socket_path, "member"), RemoteSigner(socket_path)
    assert (member.address, keeper.address) == (office.world.module_signer, office.world.keeper)
    plain = Unsigned(office.world.chain_id, 0, module.address, call, 0, 10**6, Fees(10**10, 1))
    with pytest.raises(Refused, match="nothing but invalidations"):
        member.sign(plain)
    for data in (call, call + b"\0" * 97, b""):
        with pytest.raises(Refused):
            keeper.sign(dataclasses.replace(plain, data=data))
    revoked = INVALIDATE.encode(b"\1" * 32)
    with pytest.raises(Refused, match="receiver"):
        member.sign(dataclasses.replace(plain, to=office.world.safe, data=revoked))
    assert member.sign(dataclasses.replace(plain, data=revoked)).sender == office.world.module_signer


def test_the_keys_stand_in_one_place(tmp_path: Path, anvil: Anvil, world: World) -> None:
    def both(data: dict[str, Any]) -> None:
        through_the_module(world, data)
        data["treasury"]["keeper"] |= {"signer": "x.sock"}
        del data["treasury"]["keeper"]["key"]

    def neither(data: dict[str, Any]) -> None:
        through_the_module(world, data)
        del data["routes"]["module"]["key"]

    for change, words in ((both, "the signer has this key"), (neither, "is missing: where its private key is")):
        with pytest.raises(BadInput, match=words), open_desk(write_config(tmp_path, anvil.url, change)):
            pass
