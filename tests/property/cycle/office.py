"""The demo treasury with its real services, and its Safe's transactions executed without any guard but the owners."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from dao_bot.app.wiring import Desk
from dao_bot.domain.addresses import Address
from dao_bot.domain.calls import WrappedTransaction
from dao_bot.domain.runs import RunId
from dao_bot.engine.look import Look, look
from dao_bot.engine.services import Services
from dao_bot.safe.execution import execution_calldata
from dao_bot.safe.signatures import assemble
from dao_bot.safe.signing import sign_safe_transaction
from dao_bot.safe.transaction import safe_transaction

if TYPE_CHECKING:
    from dao_bot.devnet import Anvil, RunningWorld, World

OPERATIONS = Address("0x00000000000000000000000000000000000000A1")
STRANGER = Address("0x00000000000000000000000000000000000000B2")
THIEF = Address("0x00000000000000000000000000000000000000C3")
RUN = RunId("reserve", 0)
_GAS = 10_000_000

_SERIAL = itertools.count()


@dataclass(frozen=True)
class Executed:
    """What became of a Safe transaction. `logs` are the receipt's."""

    success: bool
    logs: Sequence[dict[str, Any]]


@dataclass(frozen=True, repr=False)
class Office:
    """A desk on a chain that tests may change and turn back."""

    desk: Desk
    running: RunningWorld

    @property
    def services(self) -> Services:
        return self.desk.services

    @property
    def world(self) -> World:
        return self.running.world

    @property
    def anvil(self) -> Anvil:
        return self.running.anvil

    @contextmanager
    def undone(self) -> Iterator[None]:
        """What happens inside never happened."""
        snapshot = self.anvil.snapshot()
        try:
            yield
        finally:
            self.anvil.revert(snapshot)

    def look(self) -> Look:
        """The treasury at the newest block."""
        return look(self.services, RUN)

    def execute(self, wrapped: WrappedTransaction) -> Executed:
        """Two owners sign it, the keeper's account sends it; nobody looks at the policy."""
        world = self.world
        nonce = int(self.anvil.rpc("eth_getStorageAt", world.safe, "0x5", "latest"), 16)
        transaction = safe_transaction(wrapped, nonce)
        signed = tuple(
            sign_safe_transaction(bytes.fromhex(key[2:]), world.chain_id, world.safe, transaction, world.owners)
            for key in world.owner_keys[: world.threshold]
        )
        data = execution_calldata(transaction, assemble(signed, world.threshold))
        # No two have one hash: after a revert the node may still know the receipt of the first.
        gas = hex(_GAS + next(_SERIAL))
        sent = {"from": world.keeper, "to": world.safe, "data": "0x" + data.hex(), "gas": gas}
        with self.anvil.mining_by_hand():
            digest = self.anvil.rpc("eth_sendTransaction", sent)
            self.anvil.mine()
        receipt = self.anvil.rpc("eth_getTransactionReceipt", digest)
        return Executed(receipt["status"] == "0x1", receipt["logs"])
