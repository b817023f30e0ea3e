"""A treasury at work on the demo world: decisions are made here, everything after them is the real thing."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import yaml

from dao_bot.app.keeping import make_keeper
from dao_bot.app.wiring import Desk
from dao_bot.config.source import read_source
from dao_bot.devnet.abi import encode_call
from dao_bot.devnet.artifacts import own_artifact
from dao_bot.devnet.transactions import Transaction, transact
from dao_bot.domain import failpoints
from dao_bot.domain.addresses import Address
from dao_bot.domain.decisions import Decision
from dao_bot.domain.lifecycle import State
from dao_bot.domain.operations import Operation, Swap, Transfer
from dao_bot.domain.runs import RunId
from dao_bot.domain.tokens import Token
from dao_bot.engine.decide import StrategyProcess
from dao_bot.engine.look import look_at_safe
from dao_bot.engine.runs import RunReport, run_once
from dao_bot.engine.services import StrategyPlan
from dao_bot.engine.signing import hash_of, take_signature, transaction_of
from dao_bot.protocols.uniswap_v3.paths import Path as Route
from dao_bot.safe.execution import execution_calldata
from dao_bot.safe.signatures import assemble, signature_bytes
from dao_bot.safe.signing import sign_safe_transaction
from dao_bot.safe.transaction import SafeTransaction
from dao_bot.store.values import StoredProposal

if TYPE_CHECKING:
    from dao_bot.devnet import Anvil, World

ROOT = Path(__file__).resolve().parents[3]
KEEPER_VARIABLE = "DAO_BOT_KEEPER_KEY"
SIGNER_VARIABLE = "DAO_BOT_MODULE_KEY"
GRANTEE = Address("0x00000000000000000000000000000000000D0A00")
STRATEGY = "reserve"
EXECUTION_SUCCESS = "0x442e715f626346e8c54381002da614f62bee8d27386535b2521ec8540898556e"
MODULE_SUCCESS = "0x6895c13664aa4f67288b25d7a21d7aaa34916e355fb9b6fae0a139a9085becb8"
"""Topics of `ExecutionSuccess(bytes32,uint256)` and `ExecutionFromModuleSuccess(address)`."""

_SHAPES = frozenset({"token_cap", "issuer_cap"})
"""Rules about what the treasury should look like, which the demo's breaks before its first rebalancing."""


def write_config(directory: Path, node: str, change: Callable[[dict[str, Any]], object] | None = None) -> Path:
    """The demo's strategies.yaml at the node, with one strategy, a grantee, and no limits on the treasury's shape.

    The node stands there twice, under two operators, because reading it twice is faster than forking it.
    """
    path = directory / "strategies.yaml"
    path.write_text((ROOT / "strategies.yaml").read_text())
    data = read_source(path).data
    data["treasury"]["chain"]["rpcs"] = [
        {"url": node, "operator": "one"},
        {"url": f"{node}/", "operator": "two"},
    ]
    data["treasury"]["address_book"] = {"Grantee": GRANTEE}
    data["strategies"] = {STRATEGY: {**data["strategies"][STRATEGY], "approval": "two-owners"}}
    data["policy"]["rules"] = [rule for rule in data["policy"]["rules"] if rule["use"] not in _SHAPES]
    if change is not None:
        change(data)
    path.write_text(yaml.safe_dump(data, sort_keys=False))
    return path


@dataclass(frozen=True)
class Decides:
    """In place of a strategy's process: a decision that is made already."""

    decision: Decision | Exception

    def describe(self) -> tuple[()]:
        return ()

    def decide(self, _seen: object) -> Decision:
        if isinstance(self.decision, Exception):
            raise self.decision
        return self.decision


def deciding(plan: StrategyPlan, decision: Decision | Exception) -> StrategyPlan:
    """The plan with that decision."""
    return dataclasses.replace(plan, process=cast("StrategyProcess", Decides(decision)))


@dataclass(frozen=True)
class Office:
    """An open treasury and the people around it."""

    desk: Desk
    world: World
    anvil: Anvil

    def token(self, symbol: str) -> Token:
        return self.desk.services.treasury.tokens[symbol]

    def payment(self, symbol: str, whole: int) -> Transfer:
        token = self.token(symbol)
        return Transfer(token.amount(whole * 10**token.decimals), GRANTEE)

    def swap(self, sell: str, buy: str, fee: int, whole: int) -> Swap:
        """At one to one, less 10 basis points: as a quote in the demo's deep pools would be."""
        sold, bought = self.token(sell), self.token(buy)
        route = Route((sold.address, bought.address), (fee,)).encode()
        expected = whole * 10**bought.decimals * 9990 // 10_000
        return Swap(sold.amount(whole * 10**sold.decimals), bought, expected, "uniswap_v3", "0x" + route.hex())

    def run(self, *operations: Operation, nominal: int = 0) -> RunReport:
        """One recorded run that decides this."""
        plan = deciding(self.desk.services.strategies[STRATEGY], Decision(operations, "A test wants it."))
        now = self.anvil.timestamp()
        report = run_once(self.desk.services, self.desk.store, plan, RunId(STRATEGY, nominal), "test", now)
        assert report is not None
        return report

    def propose(self, *operations: Operation, nominal: int = 0) -> str:
        """The id of a proposal that the policy let pass."""
        report = self.run(*operations, nominal=nominal)
        assert report.proposal is not None and report.proposal.verdict.passed, report.detail
        return report.proposal.id

    def tick(self, *, finds_a_bug: bool = False) -> Mapping[str, list[str]]:
        """What the keeper, started anew, says of each proposal."""
        told: dict[str, list[str]] = {}
        for step in make_keeper(self.desk).tick():
            told.setdefault(step.proposal_id, []).append(step.told)
        assert finds_a_bug == ("This is a bug" in str(told)), told
        return told

    def stored(self, proposal: str) -> StoredProposal:
        return self.desk.store.proposal(proposal)

    def state(self, proposal: str) -> State:
        return self.stored(proposal).state

    def sign(self, proposal: str, *owners: int) -> None:
        """Signatures of these owners, by default of as many as the threshold asks for."""
        for number in owners or range(self.world.threshold):
            self.take(proposal, self.signature(transaction_of(self.stored(proposal)), number))

    def take(self, proposal: str, raw: bytes) -> None:
        """What `dao-bot sign` does with a signature."""
        block, safe = look_at_safe(self.desk.services)
        take_signature(self.desk.services, self.desk.store, self.stored(proposal), raw, safe, block)

    def signature(self, transaction: SafeTransaction, owner: int) -> bytes:
        treasury = self.desk.services.treasury
        key = bytes.fromhex(self.world.owner_keys[owner].removeprefix("0x"))
        made = sign_safe_transaction(key, treasury.chain_id, treasury.safe, transaction, self.world.owners)
        return signature_bytes(made.signature)

    def calldata(self, transaction: SafeTransaction) -> bytes:
        """Of `execTransaction`, signed by as many owners as the demo's threshold asks for."""
        treasury = self.desk.services.treasury
        signed = tuple(
            sign_safe_transaction(
                bytes.fromhex(key[2:]), treasury.chain_id, treasury.safe, transaction, self.world.owners
            )
            for key in self.world.owner_keys[: self.world.threshold]
        )
        return execution_calldata(transaction, assemble(signed, self.world.threshold))

    def submit_as_stranger(self, transaction: SafeTransaction) -> dict[str, Any]:
        """Somebody who has the signatures sends them; raises `DevnetError` when it reverts."""
        data = "0x" + self.calldata(transaction).hex()
        return transact(self.anvil, Transaction(self.world.stranger, self.world.safe, data))

    def by_safe(self, data: str) -> None:
        """A call of the Safe to itself, as if its owners had executed it; it takes no nonce."""
        self.anvil.rpc("anvil_impersonateAccount", self.world.safe)
        self.anvil.rpc("anvil_setBalance", self.world.safe, hex(10**18))
        transact(self.anvil, Transaction(self.world.safe, self.world.safe, data))

    def hash(self, transaction: SafeTransaction) -> str:
        return "0x" + hash_of(self.desk.services, transaction).hex()

    def received(self, symbol: str = "USDC") -> int:
        """What the grantee has got, in base units."""
        data = encode_call(own_artifact("Token"), "balanceOf", GRANTEE)
        return int(self.anvil.rpc("eth_call", {"to": self.token(symbol).address, "data": data}, "latest"), 16)

    def executions(self) -> int:
        """`ExecutionSuccess` logs of the Safe on this chain."""
        query = {"address": self.world.safe, "topics": [EXECUTION_SUCCESS], "fromBlock": "0x0", "toBlock": "latest"}
        return len(self.anvil.rpc("eth_getLogs", query))

    def safe_nonce(self) -> int:
        return look_at_safe(self.desk.services, any_safe=True)[1].nonce

    def keeper_nonce(self) -> int:
        return int(self.anvil.rpc("eth_getTransactionCount", self.world.keeper, "latest"), 16)


SENDING = "rpc:eth_sendRawTransaction:before"


@contextmanager
def at(failpoint: str, happens: Callable[[], object], times: int = 1) -> Iterator[None]:
    """Let something happen when this process reaches a failpoint, at most so many times."""
    left = times

    def hook(name: str) -> None:
        nonlocal left
        if name == failpoint and left > 0:
            left -= 1
            happens()

    failpoints.install(hook)
    try:
        yield
    finally:
        failpoints.install(None)
    assert left < times, f"nothing reached {failpoint}"


def ready(office: Office, symbol: str = "USDC", whole: int = 1000) -> str:
    """A payment that is signed, and waits for the keeper."""
    proposal = office.propose(office.payment(symbol, whole))
    office.tick()
    office.sign(proposal)
    return proposal


def spend_as_safe(office: Office, symbol: str, leaving: int) -> None:
    """The Safe holds only so many whole tokens any more."""
    token, safe = office.token(symbol), office.world.safe
    artifact = own_artifact("Token")
    data = encode_call(artifact, "balanceOf", safe)
    held = int(office.anvil.rpc("eth_call", {"to": token.address, "data": data}, "latest"), 16)
    office.anvil.rpc("anvil_impersonateAccount", safe)
    office.anvil.rpc("anvil_setBalance", safe, hex(10**18))
    moved = held - leaving * 10**token.decimals
    transact(
        office.anvil, Transaction(safe, token.address, encode_call(artifact, "transfer", office.world.deployer, moved))
    )
    office.anvil.rpc("anvil_setBalance", safe, "0x0")
