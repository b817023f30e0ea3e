"""A Safe, the service that shows it, and the people around it."""

from __future__ import annotations

import os
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from eth_account import Account
from eth_account.messages import encode_defunct
from eth_keys.datatypes import PrivateKey

from dao_bot.chain.abi import function
from dao_bot.devnet.accounts import DEPLOYER, KEEPER, OWNERS
from dao_bot.devnet.anvil import CHAIN_ID, Anvil
from dao_bot.devnet.rpc import RpcConnection
from dao_bot.devnet.safes import deploy_safe
from dao_bot.devnet.transactions import Transaction, transact
from dao_bot.domain.addresses import Address, checksum
from dao_bot.domain.calls import CallType
from dao_bot.domain.errors import ServiceRefused
from dao_bot.domain.hashing import keccak
from dao_bot.safe.execution import execution_calldata
from dao_bot.safe.hashes import domain_hash, safe_tx_hash, safe_tx_preimage
from dao_bot.safe.queue import QueuedTransaction
from dao_bot.safe.signatures import ContractSignature, EcdsaSignature, assemble, signature_bytes
from dao_bot.safe.signing import sign_delegate_message, sign_safe_transaction
from dao_bot.safe.transaction import SafeTransaction
from dao_bot.safe.transaction_service.api import ServiceApi, base_url_of
from dao_bot.safe.transaction_service.budget import Budget, Limits
from dao_bot.safe.transaction_service.delegates import Delegates
from dao_bot.safe.transaction_service.queue import TransactionServiceQueue

if TYPE_CHECKING:
    from dao_bot.devnet import Toolchain
    from tests.contract.owners_queue.standin import StandIn

REAL = os.environ.get("SAFE_TX_SERVICE_URL")
PATIENCE = 90.0
_NO_LIMITS = Limits(1000, 10**6)
KEY_OWNERS = tuple(owner.address for owner in OWNERS)
SOMEBODY = checksum("0x00000000000000000000000000000000000d0a00")
APPROVE_HASH = function("approveHash(bytes32)")


class FollowedAnvil(Anvil):
    """An anvil that runs already, on this machine."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.url = f"http://127.0.0.1:{port}"
        self._rpc = RpcConnection(port)
        self.rpc("anvil_impersonateAccount", DEPLOYER.address)

    def stop(self) -> None:
        self._rpc.close()


class Counted:
    """A ledger that only counts."""

    def __init__(self) -> None:
        self.made: dict[tuple[str, str], int] = {}

    def take_request(self, account: str, period: str, most: int) -> bool:
        made = self.requests_made(account, period)
        if made < most:
            self.made[account, period] = made + 1
        return made < most

    def requests_made(self, account: str, period: str) -> int:
        return self.made.get((account, period), 0)


def key_of(owner: int) -> bytes:
    return bytes.fromhex(OWNERS[owner].key.removeprefix("0x"))


@dataclass
class Bench:
    """One Safe at one service, of whose owners two must sign; the last is `owned`, a Safe of the third one alone."""

    anvil: Anvil
    safe: Address
    owned: Address
    url: str
    standin: StandIn | None
    delegate_key: bytes
    ledger: Counted

    def api(self, *, key: str | None = None, limits: Limits = _NO_LIMITS, **options: Any) -> ServiceApi:
        clock = options.get("clock", time.time)
        budget = Budget("test", limits, self.ledger, clock, options.pop("sleep", time.sleep))
        return ServiceApi(CHAIN_ID, budget, url=base_url_of(CHAIN_ID, self.url), api_key=key, **options)

    def queue(self, key: bytes | None = None, **options: Any) -> TransactionServiceQueue:
        return TransactionServiceQueue(self.api(**options), CHAIN_ID, self.safe, key or self.delegate_key)

    @property
    def owners(self) -> tuple[Address, ...]:
        return (*KEY_OWNERS, self.owned)

    @property
    def delegates(self) -> Delegates:
        return Delegates(self.api(), self.safe)

    def register(self, delegate: Address, owner: int = 0, *, now: float | None = None) -> None:
        signed = sign_delegate_message(key_of(owner), CHAIN_ID, delegate, time.time() if now is None else now)
        self.delegates.add(delegate, KEY_OWNERS[owner], signature_bytes(signed), "a test")

    def payment(self, nonce: int, value: int = 1) -> SafeTransaction:
        return SafeTransaction(SOMEBODY, value, b"", CallType.CALL, nonce)

    def hash(self, transaction: SafeTransaction) -> str:
        return "0x" + safe_tx_hash(CHAIN_ID, self.safe, transaction).hex()

    def propose(self, transaction: SafeTransaction) -> str:
        self.queue().propose(transaction, self.owners, "dao-bot test")
        return self.hash(transaction)

    def signed(self, transaction: SafeTransaction, owner: int) -> EcdsaSignature:
        made = sign_safe_transaction(key_of(owner), CHAIN_ID, self.safe, transaction, self.owners).signature
        assert isinstance(made, EcdsaSignature)
        return made

    def eth_signed(self, transaction: SafeTransaction, owner: int) -> EcdsaSignature:
        digest = safe_tx_hash(CHAIN_ID, self.safe, transaction)
        made = Account.sign_message(encode_defunct(digest), key_of(owner))
        return EcdsaSignature(made.r, made.s, made.v, eth_sign=True)

    def signed_by_contract(self, transaction: SafeTransaction) -> ContractSignature:
        """By the owned Safe, through its own message scheme (EIP-1271 as Safe 1.4.1 asks for it)."""
        message = keccak(safe_tx_preimage(CHAIN_ID, self.safe, transaction))
        struct = keccak(keccak(b"SafeMessage(bytes message)") + message)
        made = PrivateKey(key_of(2)).sign_msg_hash(keccak(b"\x19\x01" + domain_hash(CHAIN_ID, self.owned) + struct))
        return ContractSignature(self.owned, EcdsaSignature(made.r, made.s, made.v + 27).head())

    def approve_on_chain(self, transaction: SafeTransaction, owner: int) -> None:
        data = "0x" + APPROVE_HASH.encode(safe_tx_hash(CHAIN_ID, self.safe, transaction)).hex()
        transact(self.anvil, Transaction(KEY_OWNERS[owner], self.safe, data))

    def execute(self, transaction: SafeTransaction) -> None:
        """By a stranger, with signatures of the first two owners."""
        both = tuple(
            sign_safe_transaction(key_of(owner), CHAIN_ID, self.safe, transaction, self.owners) for owner in (0, 1)
        )
        transact(self.anvil, Transaction(DEPLOYER.address, self.safe, value=10**15))
        data = "0x" + execution_calldata(transaction, assemble(both, 2)).hex()
        transact(self.anvil, Transaction(KEEPER.address, self.safe, data))

    def shown(self, digest: str) -> QueuedTransaction:
        found = self.queue().waiting(0).find(digest)
        assert found is not None
        return found

    def until(self, holds: Callable[[], bool]) -> None:
        """The real service looks at the chain every few seconds."""
        deadline = time.monotonic() + PATIENCE
        while not holds():
            assert time.monotonic() < deadline, "the service does not show it"
            time.sleep(0.5)


def open_bench(anvil: Anvil, toolchain: Toolchain, url: str, salt: int, standin: StandIn | None) -> Bench:
    anvil.rpc("anvil_setBalance", KEEPER.address, hex(10**20))
    packages = toolchain.packages
    owned = deploy_safe(anvil, packages, version="1.4.1", owners=KEY_OWNERS[2:], threshold=1, salt_nonce=salt)
    owners = (*KEY_OWNERS, owned)
    safe = deploy_safe(anvil, packages, version="1.4.1", owners=owners, threshold=2, salt_nonce=salt)
    bench = Bench(anvil, safe, owned, url, standin, secrets.token_bytes(32), Counted())
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            bench.register(bench.queue().proposer)
            return bench
        except ServiceRefused:  # the real service has not seen the new Safe yet
            if standin is not None or time.monotonic() > deadline:
                raise
            time.sleep(0.5)
