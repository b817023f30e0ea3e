"""Safes of every supported version on the local chain, read and executed through this room's own code."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import pytest

from dao_bot.chain.pinned import parse_block
from dao_bot.chain.plan import Plan
from dao_bot.chain.reads import run_plans
from dao_bot.chain.rpc import Endpoint
from dao_bot.devnet.accounts import KEEPER, OWNERS, Account
from dao_bot.devnet.safes import deploy_safe
from dao_bot.devnet.transactions import Transaction, transact
from dao_bot.domain.addresses import Address
from dao_bot.domain.hashing import keccak
from dao_bot.domain.simulation import SafeState
from dao_bot.safe.execution import execution_calldata
from dao_bot.safe.signatures import OwnerSignature
from dao_bot.safe.signing import sign_safe_transaction
from dao_bot.safe.state import read_safe
from dao_bot.safe.transaction import SafeTransaction

if TYPE_CHECKING:
    from dao_bot.devnet import Anvil, Toolchain, World

Result = TypeVar("Result")
EXECUTED = "0x" + keccak(b"ExecutionSuccess(bytes32,uint256)").hex()
OWNER_ADDRESSES = tuple(owner.address for owner in OWNERS)


def key_of(account: Account) -> bytes:
    return bytes.fromhex(account.key.removeprefix("0x"))


@dataclass(frozen=True)
class Chain:
    """The local chain as this room sees it."""

    anvil: Anvil
    world: World
    toolchain: Toolchain
    endpoint: Endpoint

    def run(self, plan: Plan[Result]) -> Result:
        """The result of a plan at the latest block."""
        raw = self.anvil.rpc("eth_getBlockByNumber", "latest", False)
        block = parse_block(raw, self.world.chain_id, self.endpoint.name)
        results, _ = run_plans(self.endpoint, block, self.world.multicall3, [plan])
        result: Result = results[0]
        return result

    def state(self, safe: Address) -> SafeState:
        return self.run(read_safe(safe))

    def code_hash(self, address: Address) -> str:
        code = bytes.fromhex(self.anvil.rpc("eth_getCode", address, "latest")[2:])
        return "0x" + keccak(code).hex()

    def deploy(self, version: str, owners: Sequence[str] = OWNER_ADDRESSES, threshold: int = 2) -> Address:
        return deploy_safe(
            self.anvil, self.toolchain.packages, version=version, owners=owners, threshold=threshold, salt_nonce=99
        )

    def sign(self, account: Account, safe: Address, transaction: SafeTransaction) -> OwnerSignature:
        owners = self.state(safe).owners
        return sign_safe_transaction(key_of(account), self.world.chain_id, safe, transaction, owners)

    def execute(self, safe: Address, transaction: SafeTransaction, signatures: bytes) -> dict[str, Any]:
        """Sent by somebody who is no owner; the receipt. A revert raises."""
        data = "0x" + execution_calldata(transaction, signatures).hex()
        return transact(self.anvil, Transaction(KEEPER.address, safe, data))

    def executed_hashes(self, receipt: dict[str, Any]) -> list[str]:
        """safeTxHashes of the ExecutionSuccess events; indexed since 1.4."""
        return [
            log["topics"][1] if len(log["topics"]) > 1 else log["data"][:66]
            for log in receipt["logs"]
            if log["topics"][0] == EXECUTED
        ]


@pytest.fixture
def chain(anvil: Anvil, world: World, toolchain: Toolchain) -> Chain:
    return Chain(anvil, world, toolchain, Endpoint(anvil.url, "local"))


@pytest.fixture(params=["1.3.0", "1.4.1", "1.5.0"])
def version(request: pytest.FixtureRequest) -> str:
    found: str = request.param
    return found


@pytest.fixture
def safe(chain: Chain, version: str) -> Address:
    """A 2-of-3 Safe of that version."""
    return chain.deploy(version)
