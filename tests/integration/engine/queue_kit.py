"""A treasury whose owners sign at a transaction service, on a clock that tests move."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from dao_bot.app.keeping import make_keeper
from dao_bot.app.wiring import open_desk
from dao_bot.devnet.accounts import OWNERS
from dao_bot.devnet.anvil import CHAIN_ID
from dao_bot.domain.addresses import Address
from dao_bot.domain.calls import CallType
from dao_bot.engine.keeper import Keeper
from dao_bot.engine.signing import batch_of, rejection_of
from dao_bot.safe.signatures import Signature, signature_bytes
from dao_bot.safe.signing import key_address, sign_delegate_message, sign_safe_transaction
from dao_bot.safe.transaction import SafeTransaction
from tests.contract.owners_queue.standin import Behaviour, StandIn
from tests.contract.owners_queue.wire import Request
from tests.integration.engine.kit import KEEPER_VARIABLE, Office, write_config

if TYPE_CHECKING:
    from dao_bot.app.wiring import Desk
    from dao_bot.devnet import Anvil, World

PROPOSER_VARIABLE = "DAO_BOT_PROPOSER_KEY"
PROPOSER_KEY = bytes(range(1, 33))
PROPOSER = key_address(PROPOSER_KEY)


class Clock:
    """Epoch seconds that pass only when a test lets them."""

    def __init__(self) -> None:
        self.now = time.time()

    def __call__(self) -> float:
        return self.now


def key_of(owner: int) -> bytes:
    return bytes.fromhex(OWNERS[owner].key.removeprefix("0x"))


@dataclass
class ServedOffice:
    """An office, its service, and a keeper that lives on from tick to tick."""

    office: Office
    service: StandIn
    clock: Clock
    keeper: Keeper = field(init=False)

    def __post_init__(self) -> None:
        self.restart()

    @property
    def desk(self) -> Desk:
        return self.office.desk

    def restart(self) -> None:
        """A new keeper, which knows nothing but the record."""
        self.keeper = make_keeper(self.desk, clock=self.clock)

    def tick(self, *, after: float = 60.0) -> Mapping[str, list[str]]:
        """What the keeper says of each proposal, some seconds later."""
        self.clock.now += after
        told: dict[str, list[str]] = {}
        for step in self.keeper.tick():
            told.setdefault(step.proposal_id, []).append(step.told)
        assert "This is a bug" not in str(told), told
        return told

    def queued(self, whole: int = 1000, nominal: int = 0) -> str:
        """A payment that owners can see."""
        proposal = self.office.propose(self.office.payment("USDC", whole), nominal=nominal)
        self.tick()
        assert self.hash(proposal) in self.service.kept
        return proposal

    def batch(self, proposal: str) -> SafeTransaction:
        return batch_of(self.office.stored(proposal))

    def hash(self, proposal: str) -> str:
        return self.office.hash(self.batch(proposal))

    def rejection(self, proposal: str) -> str:
        return self.office.hash(rejection_of(self.office.stored(proposal)))

    def confirm(self, proposal: str, owner: int) -> None:
        """An owner signs in the service, as in Safe{Wallet}."""
        self.put(self.hash(proposal), self.signature(self.batch(proposal), owner), owner)

    def signature(self, transaction: SafeTransaction, owner: int) -> Signature:
        owners = self.office.world.owners
        return sign_safe_transaction(key_of(owner), CHAIN_ID, self.office.world.safe, transaction, owners).signature

    def put(self, digest: str, signature: Signature | bytes, owner: int | Address) -> None:
        """Into the service's database, whatever it is."""
        raw = signature if isinstance(signature, bytes) else signature_bytes(signature)
        who = self.office.world.owners[owner] if isinstance(owner, int) else owner
        self.service.kept[digest].confirmations[who] = ("0x" + raw.hex(), "EOA")

    def others_propose(self, nonce: int, value: int = 1) -> str:
        """Something that an owner has proposed, straight into the service's database."""
        transaction = SafeTransaction(self.office.world.stranger, value, b"", CallType.CALL, nonce)
        given = {
            "to": transaction.to,
            "value": str(value),
            "data": None,
            "operation": 0,
            "safeTxGas": "0",
            "baseGas": "0",
            "gasPrice": "0",
            "gasToken": transaction.gas_token,
            "refundReceiver": transaction.refund_receiver,
            "nonce": str(nonce),
            "sender": self.office.world.owners[2],
        }
        kept = self.service._transaction(self.office.world.safe, given)
        self.service.kept[kept.hash] = kept
        self.put(kept.hash, self.signature(transaction, 2), 2)
        return kept.hash

    def kinds(self, subject: str) -> list[str]:
        return [event.kind for event in self.desk.store.events(subject)]

    def asked(self, method: str | None = None) -> int:
        """Requests so far."""
        return len([each for each in self.service.seen if method in (None, each[0])])


def register(service: StandIn, safe: str) -> None:
    """The proposer as delegate of the first owner."""
    signed = sign_delegate_message(key_of(0), CHAIN_ID, PROPOSER, time.time())
    given = {"safe": safe, "delegate": PROPOSER, "delegator": OWNERS[0].address, "label": "dao-bot"}
    service._add_delegate({**given, "signature": "0x" + signature_bytes(signed).hex()})


@contextmanager
def served_office(
    directory: Path, world: World, anvil: Anvil, monkeypatch: pytest.MonkeyPatch
) -> Iterator[ServedOffice]:
    """The demo's treasury, open, with a service that knows its delegate."""
    monkeypatch.setenv(KEEPER_VARIABLE, world.keeper_key)
    monkeypatch.setenv(PROPOSER_VARIABLE, PROPOSER_KEY.hex())
    with StandIn(anvil.url) as service:

        def change(data: dict[str, Any]) -> None:
            data["treasury"]["service"] = {
                "url": service.url,
                "proposer": f"env:{PROPOSER_VARIABLE}",
                "requests_per_second": "1000",
            }

        register(service, world.safe)
        with open_desk(write_config(directory, anvil.url, change)) as desk:
            yield ServedOffice(Office(desk, world, anvil), service, Clock())


def lying(change: Callable[[dict[str, Any]], object], path: str = "multisig-transactions") -> Behaviour:
    """Answers to GET are changed on the way."""

    def behave(service: StandIn, request: Request) -> bool:
        if request.method != "GET" or path not in request.path:
            return False
        _, content = service._route(request)
        content = json.loads(json.dumps(content))
        change(content)
        request.answer(content)
        return True

    return behave
