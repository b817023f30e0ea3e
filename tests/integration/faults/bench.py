"""What a fault is tried on: the demo's treasury behind two nodes that can be made to lie, and a keeper."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from dao_bot.app.keeping import make_seat
from dao_bot.chain.fate import Finality
from dao_bot.chain.gas import FeePolicy
from dao_bot.chain.rpc import Endpoint
from dao_bot.chain.sending import Pacing, Sender
from dao_bot.chain.transactions import LocalSigner
from dao_bot.devnet.transactions import Transaction, transact
from dao_bot.domain import failpoints
from dao_bot.domain.calls import CallType
from dao_bot.domain.errors import DaoBotError
from dao_bot.domain.lifecycle import OPEN_STATES, State
from dao_bot.engine.execution import Execution
from dao_bot.engine.keeper import Keeper
from dao_bot.engine.settlement import Settlement
from dao_bot.engine.signing import hash_of
from dao_bot.safe.transaction import SafeTransaction, safe_transaction
from dao_bot.store.values import StoredProposal
from tests.integration.chain.hostile import Alter, Behaviour, HostileServer, honest, liar
from tests.integration.engine.kit import EXECUTION_SUCCESS, Office, ready
from tests.integration.faults.postgresql import Cluster

GWEI = 10**9
CAP = 200 * GWEI
_TICKS = 6


@dataclass
class Bench:
    """The treasury, its two nodes, and one signed payment.

    Attributes:
        nodes: everything that the treasury asks its two nodes goes through these.
        cluster: a PostgreSQL server for the record, where the case asked for one.
        relay: the keeper's private endpoint, where a case sets one.
    """

    office: Office
    nodes: tuple[HostileServer, ...]
    cluster: Cluster | None = None
    proposal: str = ""
    relay: Endpoint | None = None
    told: list[str] = field(default_factory=list)
    seen: Callable[[], int] | None = None
    """Counts the effects, where they are not executions of the payment."""

    def prepare(self) -> None:
        """The payment, signed."""
        self.proposal = ready(self.office)

    @property
    def stored(self) -> StoredProposal:
        return self.office.stored(self.proposal)

    def tick(self) -> str:
        """A keeper, started anew, ticks once; all that it tells. What ends a tick is told too: the next one follows."""
        try:
            told = [step.told for step in self._keeper().tick()]
        except DaoBotError as error:
            told = [f"the tick ended: {error}"]
        assert "This is a bug" not in str(told), told
        self.told += told
        return " | ".join(told)

    def settle(self) -> None:
        """Tick until the payment is where it stays."""
        for _ in range(_TICKS):
            before = self.stored.state
            self.tick()
            if self.stored.state == before and self.stored.state is not State.EXECUTING:
                return

    def effects(self) -> int:
        """Executions of the payment that stand on the chain, at whatever nonce, whoever sent them."""
        if self.seen is not None:
            return self.seen()
        batch, services = self.stored.proposal.batch, self.office.desk.services
        ours = {
            "0x" + hash_of(services, safe_transaction(batch.transaction, nonce)).hex()
            for nonce in range(self.office.safe_nonce())
        }
        query = {"address": batch.safe, "topics": [EXECUTION_SUCCESS], "fromBlock": "0x0", "toBlock": "latest"}
        logs = self.office.anvil.rpc("eth_getLogs", query)
        return sum((log["topics"][1] if len(log["topics"]) > 1 else log["data"][:66]) in ours for log in logs)

    def require_true_record(self, effects: int) -> None:
        """The record says what the chain says, its hashes hold, and nothing is left half done."""
        store = self.office.desk.store
        store.verify()
        executed = self.stored.state is State.EXECUTED
        assert executed == (effects == 1), (self.stored.state, self.told)
        known = store.outcome(self.proposal)
        if effects and known is not None:
            block = self.office.anvil.rpc("eth_getBlockByNumber", hex(known.outcome.block_number), False)
            assert block["hash"] == known.outcome.block_hash, "the outcome is in a block of this chain"
        if self.stored.state not in OPEN_STATES:
            assert not [each for each in store.unsettled_attempts() if each.proposal_id == self.proposal]

    @contextmanager
    def lying(self, *alters: Alter) -> Iterator[None]:
        """The first node, and the second where two are given, change their answers meanwhile."""
        with self.behaving(*(liar(self.port, alter) for alter in alters)):
            yield

    @contextmanager
    def behaving(self, *behaviours: Behaviour) -> Iterator[None]:
        """The first node, and the second where two are given, behave so meanwhile."""
        for node, behaviour in zip(self.nodes, behaviours, strict=False):
            node.behaviour = behaviour
        try:
            yield
        finally:
            for node in self.nodes:
                node.behaviour = liar(self.port, honest)

    @contextmanager
    def when(self, happens: Mapping[str, Callable[[], object]]) -> Iterator[None]:
        """Each happens once, when this process reaches its failpoint."""
        left = dict(happens)

        def hook(reached: str) -> None:
            left.pop(reached, lambda: None)()

        failpoints.install(hook)
        try:
            yield
        finally:
            failpoints.install(None)
        assert not left, (f"nothing reached {', '.join(left)}", self.told)

    def holds(self, symbol: str, holder: str) -> int:
        """Base units of a token."""
        data = f"0x70a08231{holder[2:].lower():0>64}"
        return int(self.office.anvil.rpc("eth_call", {"to": self.office.token(symbol).address, "data": data}), 16)

    @property
    def port(self) -> int:
        return self.office.anvil.port

    def rival(self) -> None:
        """The owners execute something else at the Safe's next nonce."""
        safe = self.office.world.safe
        nothing = SafeTransaction(safe, 0, b"", CallType.CALL, self.office.safe_nonce())
        self.office.submit_as_stranger(nothing)

    def use_keepers_key_elsewhere(self, **options: Any) -> None:
        """Somebody sends with the keeper's key."""
        world = self.office.world
        self.office.anvil.rpc("anvil_impersonateAccount", world.keeper)
        transact(self.office.anvil, Transaction(world.keeper, world.stranger, value=1, **options))

    def _keeper(self) -> Keeper:
        """As `make_keeper` does, with less patience."""
        desk, world = self.office.desk, self.office.world
        sender = Sender(
            lambda: desk.services.endpoints.primary,
            LocalSigner(bytes.fromhex(world.keeper_key.removeprefix("0x"))),
            world.chain_id,
            FeePolicy(CAP),
            pacing=Pacing(poll=0.02, replace_after=0.3, give_up_after=1.0),
            relay=self.relay,
        )
        settlement = Settlement(desk.services, desk.store, Finality())
        execution = Execution(desk.services, desk.store, sender)
        return Keeper(desk.services, desk.store, make_seat(desk), settlement, execution)
