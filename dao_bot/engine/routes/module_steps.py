"""The keeper's steps on the module route: no nonce and no owners; the salt makes each proposal pay once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from dao_bot.chain.executions import ModuleEnd, find_module_ends
from dao_bot.domain.errors import Refused, RpcUnavailable
from dao_bot.domain.lifecycle import State
from dao_bot.engine.execution import Purpose, Standing
from dao_bot.engine.look import Look
from dao_bot.engine.moves import move, stale
from dao_bot.engine.routes.module_role import role_differences
from dao_bot.engine.routes.module_signer import ModuleSigner
from dao_bot.engine.routes.port import Bench
from dao_bot.engine.routes.sending import go_on, send_first
from dao_bot.safe.roles.contract import INVALIDATE, module_tx_hash, signed_calldata
from dao_bot.safe.roles.reading import read_consumed
from dao_bot.safe.signatures import parse_signature, verify_signature
from dao_bot.store.values import StoredProposal

if TYPE_CHECKING:
    from dao_bot.engine.routes.module import Module

_GAS_OF_AN_INVALIDATION = 60_000


class ModuleSteps:
    """Succeeded ▸ ready ▸ executing ▸ executed. `consumed` of the module says whether it was executed."""

    def __init__(self, module: Module, bench: Bench) -> None:
        """Raises `Refused` where the sending account is the role's member: then a batch could pay twice."""
        self._module = module
        self._bench = bench
        self._services, self._store = bench.services, bench.store
        self._read_signer = bench.signers.get(module.name)
        self._signer: ModuleSigner | None = None
        if bench.execution is not None and bench.execution.address == module.signer:
            raise Refused(
                "the account that sends is the member of the role, so what it signs could be executed twice",
                value=module.signer,
                limit="two accounts: one signs, the other one sends",
                next_step="Use another key for treasury.keeper",
            )

    def is_used(self, stored: StoredProposal, seen: Look) -> bool:
        digest = self._digest(stored)
        consumed: bool
        (consumed,) = self._services.endpoints.read(
            seen.block, [read_consumed(self._module.address, self._module.signer, digest)]
        )
        return consumed

    def settle(self, stored: StoredProposal, seen: Look) -> str:
        end = self._end(stored, seen)
        if not end.invalidated:
            return self._bench.settlement.executed(stored, end.execution, seen)
        if not self._is_final(end, seen):
            return f"invalidated in {end.execution.transaction_hash}, which is not final yet"
        return stale(self._store, stored, seen, "what was signed for it was invalidated on the chain")

    def from_succeeded(self, stored: StoredProposal, seen: Look) -> str | None:
        return move(self._store, stored, State.READY, seen, "ready for the module", {"salt": stored.id})

    def from_queued(self, stored: StoredProposal, seen: Look) -> str | None:
        """Nothing is queued on this route."""
        return None

    def from_ready(self, stored: StoredProposal, seen: Look) -> str | None:
        if self._bench.execution is None or self._read_signer is None:
            return None
        if self._module.address not in seen.safe.modules:
            return "waits: the Safe has not enabled the Roles module"
        found = role_differences(self._module, self._services, seen.block)
        if found:
            return f"waits: the role on the chain is not the derived one: {'; '.join(found)}"
        digest = self._digest(stored)
        signature = self._member(self._read_signer).sign(stored, digest)
        # Wherever the key is: what comes back must be its signature over exactly this.
        verify_signature(parse_signature(signature), digest, (self._module.signer,))
        data = signed_calldata(_call(stored), _salt(stored), signature)
        return send_first(self._bench, self._bench.execution, stored, seen, self._module.address, data)

    def from_executing(self, stored: StoredProposal, seen: Look) -> str | None:
        if self._bench.execution is None:
            return None
        purpose = Purpose(self._module.address, signed_calldata(_call(stored), _salt(stored), b""))
        return go_on(self._bench, self._bench.execution, self, stored, seen, purpose)

    def left_open(self, stored: StoredProposal, seen: Look) -> str | None:
        """Invalidate what was signed: until then anybody may submit it, for instance after a refill."""
        if self.is_used(stored, seen):
            return self.settle_left_open(stored, seen)
        now = seen.block.timestamp
        if now > stored.proposal.batch.valid_until:
            return self._bench.settlement.close_late(stored, seen)
        if self._read_signer is None:
            return None
        data = INVALIDATE.encode(self._digest(stored))
        execution, purpose = self._member(self._read_signer).execution, Purpose(self._module.address, data)
        taken = execution.take_up(stored, purpose, now, follow=True)
        if taken.standing is Standing.UNDER_WAY:
            return f"its invalidation: {taken.words}"
        if taken.standing is Standing.DROPPED:
            return f"its invalidation: {execution.send_again(stored, purpose, now)}"
        sent = execution.send(stored, self._module.address, data, _GAS_OF_AN_INVALIDATION, now)
        return f"its invalidation: {sent}"

    def settle_left_open(self, stored: StoredProposal, seen: Look) -> str:
        end = self._end(stored, seen)
        if not end.invalidated:
            return self._bench.settlement.executed(stored, end.execution, seen)
        if not self._is_final(end, seen):
            return f"invalidated in {end.execution.transaction_hash}, which is not final yet"
        receipt, block = self._bench.settlement.mined(end.execution)
        return self._bench.settlement.close(stored, "invalidated on the chain", receipt, block)

    def _member(self, read: Callable[[], ModuleSigner]) -> ModuleSigner:
        """The key, read once.

        Raises:
            BadInput: it cannot be read.
            Refused: it is another's.
        """
        self._signer = self._signer or read()
        if self._signer.address != self._module.signer:
            raise Refused(
                "the key of the module is not that of its signer",
                value=self._signer.address,
                limit=self._module.signer,
                next_step="Correct routes.module.key, or routes.module.signer",
            )
        return self._signer

    def _digest(self, stored: StoredProposal) -> bytes:
        treasury = self._services.treasury
        return module_tx_hash(treasury.chain_id, self._module.address, _call(stored), _salt(stored))

    def _end(self, stored: StoredProposal, seen: Look) -> ModuleEnd:
        """What consumed it; where two operators are configured, what either of them shows."""
        endpoints, module = self._services.endpoints, self._module.address
        first, last = stored.proposal.block.number, seen.block.number
        found: Mapping[bytes, ModuleEnd] = find_module_ends(endpoints.primary, module, first, last)
        if endpoints.second is not None:
            found = {**find_module_ends(endpoints.second, module, first, last), **found}
        end = found.get(self._digest(stored))
        if end is None:
            raise RpcUnavailable(
                "the module says that a transaction is consumed, but the node shows no event of it",
                value=f"blocks {first} to {last}",
                next_step="Wait until the node has indexed its logs, or use another one",
            )
        return end

    def _is_final(self, end: ModuleEnd, seen: Look) -> bool:
        return end.execution.block_number <= self._bench.settlement.final_block(seen).number


def _call(stored: StoredProposal) -> bytes:
    return stored.proposal.batch.transaction.data


def _salt(stored: StoredProposal) -> bytes:
    return bytes.fromhex(stored.id[2:])
