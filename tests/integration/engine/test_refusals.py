"""Between approval and execution the world moves on: what no longer holds is not sent, and the keeper says why."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import pytest

from dao_bot.chain.abi import function
from dao_bot.devnet.scenarios import set_feed_price, swap_as_stranger
from dao_bot.domain.errors import Refused
from dao_bot.domain.lifecycle import State
from dao_bot.engine.acceptance import accept_safe
from dao_bot.engine.look import look_at_safe
from tests.integration.engine.kit import SENDING, Office, at, ready, spend_as_safe

if TYPE_CHECKING:
    from dao_bot.devnet import RunningWorld

CHANGE_THRESHOLD = function("changeThreshold(uint256)")
SWAP_OWNER = function("swapOwner(address,address,address)")
GWEI = 10**9


def owners_change(office: Office, gone: int) -> str:
    """A new owner takes the place of one; the calldata."""
    owners = look_at_safe(office.desk.services, any_safe=True)[1].owners
    leaving = office.world.owners[gone]
    place = owners.index(leaving)
    before = owners[place - 1] if place else "0x" + "0" * 39 + "1"
    return "0x" + SWAP_OWNER.encode(before, leaving, office.world.stranger).hex()


def nothing_was_sent(office: Office) -> bool:
    return (office.keeper_nonce(), office.executions(), office.received()) == (0, 0, 0)


def test_signatures_that_no_longer_suffice_wait_for_more(office: Office) -> None:
    proposal = ready(office)
    office.by_safe("0x" + CHANGE_THRESHOLD.encode(3).hex())
    office.tick()
    assert office.state(proposal) is State.QUEUED and nothing_was_sent(office)
    office.sign(proposal, 2)
    office.tick()
    assert office.state(proposal) is State.EXECUTED


def test_a_threshold_that_rises_after_the_keeper_counted_the_signatures_stops_the_sending(office: Office) -> None:
    proposal = ready(office)
    raise_it = "0x" + CHANGE_THRESHOLD.encode(3).hex()
    with at("store.transition.after_commit", lambda: office.by_safe(raise_it)):
        office.tick()
    assert office.state(proposal) is State.QUEUED and nothing_was_sent(office)


def test_a_signature_of_an_owner_who_left_does_not_count(office: Office) -> None:
    proposal = ready(office)
    office.by_safe(owners_change(office, gone=0))
    office.tick()
    assert office.state(proposal) is State.QUEUED and nothing_was_sent(office)
    office.sign(proposal, 2)
    office.tick()
    assert office.state(proposal) is State.EXECUTED


def test_nothing_is_done_while_the_safe_is_not_as_it_was_accepted(office: Office) -> None:
    block, safe = look_at_safe(office.desk.services)
    accept_safe(office.desk.store, safe, block.timestamp)
    proposal = ready(office)
    office.by_safe("0x" + CHANGE_THRESHOLD.encode(1).hex())
    with pytest.raises(Refused, match="who controls the Safe"):
        office.tick()
    assert nothing_was_sent(office)
    accept_safe(office.desk.store, look_at_safe(office.desk.services, any_safe=True)[1], block.timestamp)
    office.tick()
    assert office.state(proposal) is State.EXECUTED


def test_a_pool_that_moved_makes_the_batch_stale(office: Office, running_world: RunningWorld) -> None:
    proposal = office.propose(office.swap("USDT", "USDC", 100, 10_000))
    office.tick()
    office.sign(proposal)
    swap_as_stranger(running_world, "USDT", "USDC", 100, 30_000_000 * 10**6)
    told = office.tick()
    assert office.state(proposal) is State.STALE, told
    assert nothing_was_sent(office)
    (events,) = [e for e in office.desk.store.events(proposal) if e.kind == "stale"]
    assert "pool" in str(events.body["reason"]) or "revert" in str(events.body["reason"])


def test_a_price_that_fell_makes_the_batch_stale(office: Office) -> None:
    proposal = office.propose(office.swap("USDC", "USDT", 100, 10_000))
    office.tick()
    office.sign(proposal)
    set_feed_price(office.anvil, office.world, "USDT", 97_000_000)
    office.tick()
    assert office.state(proposal) is State.STALE and nothing_was_sent(office)


def test_a_price_that_nobody_renewed_makes_the_batch_stale(office: Office) -> None:
    proposal = ready(office)
    set_feed_price(office.anvil, office.world, "USDC", 100_000_000, office.anvil.timestamp() - 2 * 86_400)
    told = office.tick()
    assert office.state(proposal) is State.STALE and nothing_was_sent(office)
    assert "price" in " ".join(told[proposal])


def test_a_policy_that_changed_makes_open_proposals_stale(office: Office) -> None:
    proposal = ready(office)
    changed = dataclasses.replace(office.desk.services, policy_hash="0x" + "11" * 32)
    other = dataclasses.replace(office, desk=dataclasses.replace(office.desk, services=changed))
    told = other.tick()
    assert office.state(proposal) is State.STALE and nothing_was_sent(office)
    assert "the policy has changed" in " ".join(told[proposal])


def test_a_base_fee_above_the_cap_makes_the_keeper_wait_and_say_so(office: Office) -> None:
    proposal = ready(office)
    office.anvil.rpc("anvil_setNextBlockBaseFeePerGas", hex(400 * GWEI))
    office.anvil.mine()
    told = office.tick()
    assert "above the cap for gas" in " ".join(told[proposal])
    assert office.state(proposal) is State.READY and nothing_was_sent(office)
    assert office.desk.store.attempts(proposal) == ()
    office.anvil.rpc("anvil_setNextBlockBaseFeePerGas", hex(GWEI))
    office.anvil.mine()
    office.tick()
    assert office.state(proposal) is State.EXECUTED


def test_a_keeper_without_funds_says_what_it_needs_and_goes_on_when_it_has_it(office: Office) -> None:
    proposal = ready(office)
    office.anvil.rpc("anvil_setBalance", office.world.keeper, "0x1")
    before = office.desk.store.head().number
    told = office.tick()
    assert "the keeper cannot pay for the gas" in " ".join(told[proposal])
    assert office.world.keeper in " ".join(told[proposal])
    assert office.state(proposal) is State.READY and nothing_was_sent(office)
    office.tick()
    assert office.desk.store.head().number <= before + 1, "waiting does not fill the record"
    office.anvil.rpc("anvil_setBalance", office.world.keeper, hex(10**18))
    office.tick()
    assert office.state(proposal) is State.EXECUTED


def test_what_reverts_on_the_chain_becomes_stale_and_is_not_sent_again(office: Office) -> None:
    proposal = ready(office)
    with at(SENDING, lambda: spend_as_safe(office, "USDC", leaving=10)):
        told = office.tick()
    assert office.state(proposal) is State.STALE, told
    assert "reverted on the chain" in " ".join(told[proposal])
    assert (office.keeper_nonce(), office.executions()) == (1, 0)
    office.tick()
    assert office.keeper_nonce() == 1
    (attempt,) = office.desk.store.attempts(proposal)
    assert attempt.status == 0
