"""Owners' signatures: every kind that the Safe takes, and none that it would not."""

from __future__ import annotations

import pytest
from eth_account import Account
from eth_account.messages import encode_defunct

from dao_bot.chain.abi import function
from dao_bot.devnet.transactions import Transaction, transact
from dao_bot.domain.errors import BadInput
from dao_bot.domain.lifecycle import State
from dao_bot.engine.signing import batch_of, hash_of
from dao_bot.safe.signatures import ApprovedHash, signature_bytes
from tests.integration.engine.kit import Office

APPROVE_HASH = function("approveHash(bytes32)")


@pytest.fixture
def proposal(office: Office) -> str:
    made = office.propose(office.payment("USDC", 1000))
    office.tick()
    return made


def digest(office: Office, proposal: str) -> bytes:
    return hash_of(office.desk.services, batch_of(office.stored(proposal)))


def approve_on_chain(office: Office, proposal: str, owner: int) -> None:
    address = office.world.owners[owner]
    office.anvil.rpc("anvil_impersonateAccount", address)
    office.anvil.rpc("anvil_setBalance", address, hex(10**18))
    data = "0x" + APPROVE_HASH.encode(digest(office, proposal)).hex()
    transact(office.anvil, Transaction(address, office.world.safe, data))


def eth_signed(office: Office, proposal: str, owner: int) -> bytes:
    """As wallets sign messages; a Safe marks such signatures by v + 4."""
    made = Account.sign_message(encode_defunct(digest(office, proposal)), office.world.owner_keys[owner])
    return bytes(made.signature[:64]) + bytes([made.v + 4])


def test_a_key_an_eth_sign_and_a_hash_approved_on_the_chain_count_alike(office: Office, proposal: str) -> None:
    office.take(proposal, eth_signed(office, proposal, 0))
    approve_on_chain(office, proposal, 1)
    office.tick()
    assert office.state(proposal) is State.EXECUTED
    assert office.executions() == 1


def test_an_approved_hash_may_be_handed_in_once_it_is_on_the_chain(office: Office, proposal: str) -> None:
    claimed = signature_bytes(ApprovedHash(office.world.owners[1]))
    with pytest.raises(BadInput, match="the chain does not confirm"):
        office.take(proposal, claimed)
    approve_on_chain(office, proposal, 1)
    office.take(proposal, claimed)
    office.sign(proposal, 0)
    office.tick()
    assert office.state(proposal) is State.EXECUTED


def test_a_claim_that_the_chain_does_not_confirm_displaces_no_signature(office: Office, proposal: str) -> None:
    office.sign(proposal, 0, 1)
    with pytest.raises(BadInput, match="the chain does not confirm"):
        office.take(proposal, signature_bytes(ApprovedHash(office.world.owners[0])))
    office.tick()
    assert office.state(proposal) is State.EXECUTED


def test_a_stranger_s_signature_is_refused(office: Office, proposal: str) -> None:
    made = Account.unsafe_sign_hash(digest(office, proposal), office.world.stranger_key)
    with pytest.raises(BadInput, match="no owner of this Safe"):
        office.take(proposal, bytes(made.signature))


def test_a_signature_over_another_hash_is_refused(office: Office, proposal: str) -> None:
    made = Account.unsafe_sign_hash(b"\x01" * 32, office.world.owner_keys[0])
    with pytest.raises(BadInput, match="signed another hash"):
        office.take(proposal, bytes(made.signature))


def test_an_owner_who_signs_twice_is_told_and_counts_once(office: Office, proposal: str) -> None:
    office.sign(proposal, 0)
    with pytest.raises(BadInput, match="has signed already"):
        office.sign(proposal, 0)
    with pytest.raises(BadInput, match="has signed already"):
        office.take(proposal, eth_signed(office, proposal, 0))
    office.tick()
    assert office.state(proposal) is State.QUEUED


@pytest.mark.parametrize(
    "raw", [b"", b"\x00" * 64, b"\x00" * 65, b"\x01" * 64 + b"\x63", b"\xff" * 64 + b"\x1b", b"\x01" * 66]
)
def test_what_is_no_signature_is_refused_and_nothing_is_lost(office: Office, proposal: str, raw: bytes) -> None:
    before = office.desk.store.head()
    with pytest.raises(BadInput):
        office.take(proposal, raw)
    assert office.desk.store.head() == before


def test_there_is_nothing_to_sign_before_a_proposal_is_queued_and_after_it_is_over(office: Office) -> None:
    proposal = office.propose(office.payment("USDC", 1000))
    with pytest.raises(BadInput, match="no Safe nonce"):
        office.sign(proposal)
    office.tick()
    office.sign(proposal)
    office.tick()
    signed = office.signature(batch_of(office.stored(proposal)), 2)
    with pytest.raises(BadInput, match="nothing to sign"):
        office.take(proposal, signed)
