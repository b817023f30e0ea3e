"""Real Safes of every supported version: our hashes, reads, checks and signatures against the contracts."""

from __future__ import annotations

import json
from importlib.resources import files

import pytest
from eth_abi.abi import encode
from eth_keys.datatypes import PrivateKey

from dao_bot.chain.abi import function
from dao_bot.devnet.accounts import DEPLOYER, OWNER_1, OWNER_2, OWNER_3, STRANGER, Account
from dao_bot.devnet.canonical import SAFE_CONTRACTS
from dao_bot.devnet.errors import DevnetError
from dao_bot.devnet.transactions import Transaction, transact
from dao_bot.domain.addresses import ZERO_ADDRESS, Address
from dao_bot.domain.calls import Call, CallType
from dao_bot.domain.errors import BadInput, Refused
from dao_bot.domain.hashing import keccak
from dao_bot.safe.batch import unwrap, wrap_multisig
from dao_bot.safe.checks import SafeCode, check_safe
from dao_bot.safe.confirmations import confirm, read_approvals
from dao_bot.safe.decode import decode_safe_call
from dao_bot.safe.deployments import FALLBACK_HANDLERS, MULTI_SEND_CALL_ONLY
from dao_bot.safe.hashes import domain_hash, safe_tx_hash, safe_tx_preimage
from dao_bot.safe.signatures import (
    ApprovedHash,
    ContractSignature,
    EcdsaSignature,
    OwnerSignature,
    assemble,
    verify_signature,
)
from dao_bot.safe.signing import key_address
from dao_bot.safe.transaction import SafeTransaction, rejection, safe_transaction
from dao_bot.safe.verification import read_contract_hash
from tests.integration.safe.conftest import OWNER_ADDRESSES, Chain, key_of

RECEIVER = Address("0x00000000000000000000000000000000DeaDBeef")
ENVELOPE = b"\x19Ethereum Signed Message:\n32"


def payment(nonce: int = 0) -> SafeTransaction:
    """Nothing to nobody: executes on any Safe."""
    return SafeTransaction(RECEIVER, 0, b"", CallType.CALL, nonce)


def by_eth_sign(chain: Chain, owner: Account, safe: Address, transaction: SafeTransaction) -> OwnerSignature:
    digest = safe_tx_hash(chain.world.chain_id, safe, transaction)
    made = PrivateKey(key_of(owner)).sign_msg_hash(keccak(ENVELOPE + digest))
    signature = EcdsaSignature(made.r, made.s, made.v + 27, eth_sign=True)
    return verify_signature(signature, digest, chain.state(safe).owners, claimed=owner.address)


def approve_on_chain(chain: Chain, owner: Account, safe: Address, transaction: SafeTransaction) -> OwnerSignature:
    digest = safe_tx_hash(chain.world.chain_id, safe, transaction)
    data = function("approveHash(bytes32)").encode(digest)
    transact(chain.anvil, Transaction(owner.address, safe, "0x" + data.hex()))
    return OwnerSignature(owner.address, ApprovedHash(owner.address))


def by_owned_safe(
    chain: Chain, version: str, owned: Address, safe: Address, transaction: SafeTransaction
) -> OwnerSignature:
    """The signature of `owned` (a 1-of-1 Safe of OWNER_3) as EIP-1271 contract, by Safe's own message scheme."""
    preimage = safe_tx_preimage(chain.world.chain_id, safe, transaction)
    message = encode(["bytes32"], [keccak(preimage)]) if version == "1.5.0" else preimage
    struct = keccak(keccak(b"SafeMessage(bytes message)") + keccak(message))
    made = PrivateKey(key_of(OWNER_3)).sign_msg_hash(
        keccak(b"\x19\x01" + domain_hash(chain.world.chain_id, owned) + struct)
    )
    return OwnerSignature(owned, ContractSignature(owned, EcdsaSignature(made.r, made.s, made.v + 27).head()))


@pytest.mark.parametrize("number", range(4))
def test_our_hash_is_what_the_safe_computes(chain: Chain, safe: Address, number: int) -> None:
    transactions = (
        payment(),
        rejection(safe, 7),
        SafeTransaction(RECEIVER, 2**256 - 1, bytes(range(256)) * 5, CallType.DELEGATECALL, 2**256 - 1),
        SafeTransaction(RECEIVER, 1, b"\1", CallType.CALL, 2, 3, 4, 5, RECEIVER, OWNER_1.address),
    )
    ours = "0x" + safe_tx_hash(chain.world.chain_id, safe, transactions[number]).hex()
    assert chain.run(read_contract_hash(safe, transactions[number])) == ours
    separator = chain.anvil.rpc("eth_call", {"to": safe, "data": "0x" + function("domainSeparator()").encode().hex()})
    assert separator == "0x" + domain_hash(chain.world.chain_id, safe).hex()


def test_a_new_safe_is_read_and_passes_every_check(chain: Chain, version: str, safe: Address) -> None:
    state = chain.state(safe)
    contracts = SAFE_CONTRACTS[version]
    assert (state.version, state.singleton, state.threshold, state.nonce) == (version, contracts.singleton, 2, 0)
    assert set(state.owners) == set(OWNER_ADDRESSES)
    assert (state.modules, state.guard, state.module_guard) == ((), ZERO_ADDRESS, ZERO_ADDRESS)
    assert state.fallback_handler == contracts.fallback_handler
    code = SafeCode(chain.code_hash(safe), chain.code_hash(state.singleton))
    assert [line for line in check_safe(state, code, {}) if line.problem] == []
    for pinned, address in (
        (MULTI_SEND_CALL_ONLY, contracts.multi_send_call_only),
        (FALLBACK_HANDLERS, contracts.fallback_handler),
    ):
        assert chain.code_hash(address) == pinned[address].code_hash


@pytest.mark.parametrize("kinds", ["key key", "key eth_sign", "key approval", "approval approval", "eth_sign approval"])
def test_every_pair_of_signatures_executes_once(chain: Chain, safe: Address, kinds: str) -> None:
    transaction = payment()
    make = {"key": chain.sign, "eth_sign": lambda *a: by_eth_sign(chain, *a), "approval": _approval(chain)}
    collected = tuple(
        make[kind](owner, safe, transaction) for kind, owner in zip(kinds.split(), (OWNER_2, OWNER_1), strict=True)
    )
    preimage = safe_tx_preimage(chain.world.chain_id, safe, transaction)
    assert chain.run(confirm(safe, chain.state(safe).version, preimage, collected)) == collected
    receipt = chain.execute(safe, transaction, assemble(collected, 2))
    assert chain.executed_hashes(receipt) == ["0x" + safe_tx_hash(chain.world.chain_id, safe, transaction).hex()]
    assert chain.state(safe).nonce == 1
    with pytest.raises(DevnetError, match=r"GS02[56]"):
        chain.execute(safe, transaction, assemble(collected, 2))


def _approval(chain: Chain):  # type: ignore[no-untyped-def]  # as the others, with the chain bound
    return lambda owner, safe, transaction: approve_on_chain(chain, owner, safe, transaction)


@pytest.mark.parametrize("first", [True, False])
def test_an_owner_that_is_a_contract_signs_by_eip_1271(chain: Chain, version: str, first: bool) -> None:
    owned = chain.deploy(version, owners=[OWNER_3.address], threshold=1)
    keys = (bytes([number]) * 32 for number in range(1, 100))
    accounts = (Account(key_address(key), "0x" + key.hex()) for key in keys)
    other = next(account for account in accounts if (int(account.address, 16) > int(owned, 16)) is first)
    safe = chain.deploy(version, owners=[owned, other.address], threshold=2)
    transaction = payment()
    preimage = safe_tx_preimage(chain.world.chain_id, safe, transaction)
    good = by_owned_safe(chain, version, owned, safe, transaction)
    bad = by_owned_safe(chain, version, owned, safe, payment(1))
    assert chain.run(confirm(safe, version, preimage, (good,))) == (good,)
    assert chain.run(confirm(safe, version, preimage, (bad,))) == ()
    collected = (chain.sign(other, safe, transaction), good)
    chain.execute(safe, transaction, assemble(collected, 2))
    assert chain.state(safe).nonce == 1


def test_an_approval_counts_only_when_it_stands_on_the_chain(chain: Chain, safe: Address) -> None:
    transaction = payment()
    claimed = OwnerSignature(OWNER_1.address, ApprovedHash(OWNER_1.address))
    preimage = safe_tx_preimage(chain.world.chain_id, safe, transaction)
    version, digest = chain.state(safe).version, keccak(preimage)
    assert chain.run(confirm(safe, version, preimage, (claimed,))) == ()
    assert chain.run(read_approvals(safe, digest, OWNER_ADDRESSES)) == ()
    approve_on_chain(chain, OWNER_1, safe, transaction)
    assert chain.run(confirm(safe, version, preimage, (claimed,))) == (claimed,)
    assert chain.run(read_approvals(safe, digest, OWNER_ADDRESSES)) == (claimed,)


def test_what_we_refuse_the_safe_refuses_too(chain: Chain, safe: Address) -> None:
    transaction = payment()
    digest = safe_tx_hash(chain.world.chain_id, safe, transaction)
    made = PrivateKey(key_of(STRANGER)).sign_msg_hash(digest)
    foreign = EcdsaSignature(made.r, made.s, made.v + 27)
    with pytest.raises(BadInput, match="no owner"):
        verify_signature(foreign, digest, chain.state(safe).owners)
    forced = (OwnerSignature(STRANGER.address, foreign), chain.sign(OWNER_1, safe, transaction))
    with pytest.raises(DevnetError, match="GS026"):
        chain.execute(safe, transaction, assemble(forced, 2))
    of_another_nonce = (chain.sign(OWNER_1, safe, payment(1)), chain.sign(OWNER_2, safe, payment(1)))
    with pytest.raises(DevnetError, match="GS026"):
        chain.execute(safe, transaction, assemble(of_another_nonce, 2))
    assert chain.state(safe).nonce == 0


def test_a_wrapped_batch_does_all_its_calls_as_the_safe(chain: Chain, version: str, safe: Address) -> None:
    multi_send = SAFE_CONTRACTS[version].multi_send_call_only
    transact(chain.anvil, Transaction(DEPLOYER.address, safe, value=10**18))
    calls = (Call(RECEIVER, b"", 7), Call(safe, function("enableModule(address)").encode(RECEIVER)))
    transaction = safe_transaction(wrap_multisig(calls, multi_send), 0)
    signatures = assemble(tuple(chain.sign(owner, safe, transaction) for owner in (OWNER_3, OWNER_1)), 2)
    assert unwrap(transaction.to, 0, transaction.data, transaction.operation, multi_send) == calls
    decoded = decode_safe_call(calls[1], safe)
    assert decoded is not None
    assert decoded.function == "enableModule(address)"
    chain.execute(safe, transaction, signatures)
    assert int(chain.anvil.rpc("eth_getBalance", RECEIVER, "latest"), 16) == 7
    assert chain.state(safe).modules == (RECEIVER,)


def test_a_rejection_uses_up_the_nonce_of_what_it_rejects(chain: Chain, safe: Address) -> None:
    waiting, empty = payment(), rejection(safe, 0)
    signed = assemble(tuple(chain.sign(owner, safe, waiting) for owner in (OWNER_1, OWNER_2)), 2)
    chain.execute(safe, empty, assemble(tuple(chain.sign(o, safe, empty) for o in (OWNER_1, OWNER_2)), 2))
    with pytest.raises(DevnetError, match="GS026"):
        chain.execute(safe, waiting, signed)


def test_an_address_without_a_safe_is_refused_in_words(chain: Chain) -> None:
    for address in (RECEIVER, STRANGER.address, chain.world.multicall3):
        with pytest.raises(BadInput, match="no Safe at this address"):
            chain.state(address)


def test_a_safe_below_1_3_0_is_refused(chain: Chain) -> None:
    artifact = files("safe_eth.eth.contracts") / "abis" / "GnosisSafe_V1_1_1.json"
    bytecode = json.loads(artifact.read_text())["bytecode"]
    receipt = transact(chain.anvil, Transaction(DEPLOYER.address, None, bytecode))
    with pytest.raises(Refused, match="version 1.1.1"):
        chain.state(Address(receipt["contractAddress"]))
