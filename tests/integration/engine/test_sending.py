"""The keeper and its node: whatever the node says to a transaction, the batch takes effect once."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from dao_bot.app.wiring import open_desk
from dao_bot.devnet.transactions import Transaction, transact
from dao_bot.domain import failpoints
from dao_bot.domain.lifecycle import State
from dao_bot.store.values import AttemptState
from tests.integration.chain.hostile import HostileServer, honest, liar
from tests.integration.engine.kit import KEEPER_VARIABLE, SENDING, Office, at, ready, spend_as_safe, write_config

if TYPE_CHECKING:
    from dao_bot.devnet import Anvil, World


def planned(office: Office, proposal: str) -> str:
    """The bytes of the transaction that is on record and not sent yet."""
    (attempt,) = office.desk.store.attempts(proposal)
    assert attempt.state is AttemptState.PLANNED
    return "0x" + attempt.raw.hex()


def test_a_node_that_knows_the_transaction_already_is_followed(office: Office) -> None:
    proposal = ready(office)

    def sent_before() -> None:
        office.anvil.rpc("evm_setAutomine", False)
        office.anvil.rpc("eth_sendRawTransaction", planned(office, proposal))

    def mine(name: str) -> None:
        if name == SENDING:
            sent_before()
        if name == "store.mark_broadcast.after_commit":
            office.anvil.rpc("evm_setAutomine", True)
            office.anvil.mine()

    failpoints.install(mine)
    try:
        told = office.tick()
    finally:
        failpoints.install(None)
        office.anvil.rpc("evm_setAutomine", True)
    assert office.state(proposal) is State.EXECUTED, told
    assert (office.keeper_nonce(), office.executions()) == (1, 1)


def test_a_transaction_that_was_mined_before_the_node_answered_is_found(office: Office) -> None:
    proposal = ready(office)
    with at(SENDING, lambda: office.anvil.rpc("eth_sendRawTransaction", planned(office, proposal))):
        office.tick()
    office.tick()
    assert office.state(proposal) is State.EXECUTED
    assert (office.keeper_nonce(), office.executions()) == (1, 1)


def test_when_the_keeper_s_nonce_was_used_elsewhere_it_sends_with_the_next(office: Office) -> None:
    proposal = ready(office)

    def used_elsewhere() -> None:
        office.anvil.rpc("anvil_impersonateAccount", office.world.keeper)
        transact(office.anvil, Transaction(office.world.keeper, office.world.stranger, value=1))

    with at(SENDING, used_elsewhere):
        told = office.tick()
    assert "the node did not take the transaction" in " ".join(told[proposal])
    assert office.state(proposal) is State.EXECUTING
    told = office.tick()
    assert office.state(proposal) is State.EXECUTED, told
    assert (office.keeper_nonce(), office.executions()) == (2, 1)
    states = [attempt.state for attempt in office.desk.store.attempts(proposal)]
    assert states == [AttemptState.REPLACED, AttemptState.MINED]


def test_what_was_signed_and_is_on_no_node_is_sent_again_once_it_was_simulated_again(office: Office) -> None:
    proposal = ready(office)
    stop_before_sending(office)
    assert office.state(proposal) is State.EXECUTING
    (before,) = office.desk.store.attempts(proposal)
    told = office.tick()
    assert office.state(proposal) is State.EXECUTED, told
    (after,) = office.desk.store.attempts(proposal)
    assert after.transaction_hash == before.transaction_hash, "the same bytes"


def test_what_was_signed_and_no_longer_passes_is_not_sent_again(office: Office) -> None:
    proposal = ready(office)
    stop_before_sending(office)
    spend_as_safe(office, "USDC", leaving=10)
    office.tick()
    assert office.state(proposal) is State.STALE
    assert_dropped(office, proposal)


def test_what_was_signed_is_not_sent_again_after_its_deadline(office: Office) -> None:
    proposal = ready(office)
    stop_before_sending(office)
    office.anvil.set_time(office.stored(proposal).proposal.batch.valid_until + 1)
    office.tick()
    assert office.state(proposal) is State.EXPIRED
    assert_dropped(office, proposal)


def assert_dropped(office: Office, proposal: str) -> None:
    (attempt,) = office.desk.store.attempts(proposal)
    assert (attempt.state, office.keeper_nonce()) == (AttemptState.DROPPED, 0)


def test_a_stuck_transaction_is_taken_up_by_the_next_tick(office: Office) -> None:
    proposal = ready(office)

    def stop() -> None:
        raise RuntimeError("stopped")

    office.anvil.rpc("evm_setAutomine", False)
    try:
        with at("store.mark_broadcast.after_commit", stop):
            office.tick(finds_a_bug=True)
        assert office.state(proposal) is State.EXECUTING
        pending = "rpc:eth_getTransactionByHash+eth_getTransactionCount+eth_getTransactionReceipt:after"
        with at(pending, office.anvil.mine):
            office.tick()
    finally:
        office.anvil.rpc("evm_setAutomine", True)
    assert office.state(proposal) is State.EXECUTED
    assert (office.keeper_nonce(), office.executions()) == (1, 1)


def stop_before_sending(office: Office) -> None:
    """The keeper records its intent and then does not send it."""

    def stop() -> None:
        raise RuntimeError("stopped")

    with at(SENDING, stop):
        office.tick(finds_a_bug=True)


def test_a_relay_that_is_configured_gets_the_transactions_and_the_nodes_none(
    tmp_path: Path, world: World, anvil: Anvil, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(KEEPER_VARIABLE, world.keeper_key)
    with HostileServer(liar(anvil.port, honest)) as relay, HostileServer(liar(anvil.port, honest)) as node:

        def through_the_relay(data: dict[str, Any]) -> None:
            data["treasury"]["keeper"]["relay"] = {"url": relay.url, "operator": "private"}

        with open_desk(write_config(tmp_path, node.url, through_the_relay)) as desk:
            office = Office(desk, world, anvil)
            proposal = ready(office)
            office.tick()
            assert office.state(proposal) is State.EXECUTED
        assert "eth_sendRawTransaction" in relay.methods
        assert "eth_sendRawTransaction" not in node.methods
