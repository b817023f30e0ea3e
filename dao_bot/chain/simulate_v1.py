"""`eth_simulateV1` (Ethereum execution-apis): transactions tried in one block on top of a pinned one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from dao_bot.chain import hexes
from dao_bot.chain.answers import RpcFault
from dao_bot.chain.logs import Log, parse_log
from dao_bot.chain.pinned import settle_at
from dao_bot.chain.rpc import Endpoint
from dao_bot.domain.addresses import ZERO_ADDRESS, Address
from dao_bot.domain.errors import RpcUnavailable
from dao_bot.domain.runs import Block

StateOverrides = Mapping[Address, Mapping[str, Any]]
"""Address -> `{"stateDiff": {slot: word}}` and the like, as execution-apis has it."""

AccessList = tuple[tuple[Address, tuple[int, ...]], ...]
"""Addresses with storage slots."""

READER = ZERO_ADDRESS
"""Who asks, in trials that only read."""


@dataclass(frozen=True, slots=True)
class Trial:
    """A transaction to be tried; nobody has to have signed it. `warm`: what it has touched before (EIP-2930)."""

    sender: Address
    to: Address
    data: bytes
    value: int = 0
    warm: AccessList = ()


@dataclass(frozen=True, slots=True)
class Tried:
    """What came of it. `data` is what it returned or reverted with; `logs` include movements of the native coin."""

    success: bool
    data: bytes
    gas_used: int
    logs: tuple[Log, ...] = field(default=())


def simulate_block(
    endpoint: Endpoint,
    parent: Block,
    timestamp: int,
    trials: Sequence[Trial],
    overrides: StateOverrides | None = None,
) -> list[Tried]:
    """Try `trials` one after another in one block at `timestamp` that follows `parent`, in one round trip.

    A reverting one does not undo or stop the others. Fees are zero and signatures are not asked for.

    Raises:
        RpcUnavailable: the node cannot simulate, or does not do what was asked.
        RpcFault: it refused.
    """
    block_call: dict[str, Any] = {
        # The number is given because nodes differ in it when it is not; the time must be later than the parent's.
        "blockOverrides": {"time": hexes.to_quantity(timestamp), "number": hexes.to_quantity(parent.number + 1)},
        "calls": [_call(trial) for trial in trials],
    }
    if overrides:
        block_call["stateOverrides"] = overrides
    payload = {"blockStateCalls": [block_call], "traceTransfers": True, "validation": False}
    (answer,) = settle_at(endpoint, parent, [("eth_simulateV1", [payload])])
    if isinstance(answer, RpcFault):
        if answer.is_unknown_method:
            raise RpcUnavailable(
                f"{endpoint.name} does not offer eth_simulateV1",
                next_step="Use a node that does (geth, Nethermind, Erigon, reth, anvil), or a local fork of this one",
            ) from answer
        raise answer
    return _parse(answer, endpoint.name, timestamp, len(trials))


def _call(trial: Trial) -> dict[str, Any]:
    call: dict[str, Any] = {"from": trial.sender, "to": trial.to, "data": hexes.to_data(trial.data)}
    if trial.value:
        call["value"] = hexes.to_quantity(trial.value)
    if trial.warm:
        call["accessList"] = [
            {"address": address, "storageKeys": [f"0x{slot:064x}" for slot in slots]} for address, slots in trial.warm
        ]
    return call


def _parse(answer: object, node: str, timestamp: int, count: int) -> list[Tried]:
    what = f"eth_simulateV1 of {node}"
    block = answer[0] if isinstance(answer, list) and len(answer) == 1 else None
    calls = block.get("calls") if isinstance(block, dict) else None
    if not isinstance(block, dict) or not isinstance(calls, list) or len(calls) != count:
        raise hexes.nonsense(what, answer, f"one block with {count} calls")
    if (there := hexes.quantity(block.get("timestamp"), f"the time of {what}")) != timestamp:
        raise RpcUnavailable(
            f"{node} simulated at another time than it was told",
            value=there,
            limit=timestamp,
            next_step="Use another node, or a local fork of this one",
        )
    return [_tried(call, what) for call in calls]


def _tried(call: object, what: str) -> Tried:
    if not isinstance(call, dict) or not isinstance(call.get("logs") or [], list):
        raise hexes.nonsense(what, call, "a call result")
    status = hexes.quantity(call.get("status"), f"a status of {what}")
    returned = hexes.data(call.get("returnData"), f"return data of {what}")
    error = call.get("error")
    if status == 0 and not returned and isinstance(error, dict) and isinstance(error.get("data"), str):
        returned = hexes.data(error["data"], f"revert data of {what}")
    gas_used = hexes.quantity(call.get("gasUsed"), f"gas of {what}")
    # Logs of a call that reverted were undone with it.
    logs = tuple(parse_log(log, what) for log in call.get("logs") or ()) if status == 1 else ()
    return Tried(status == 1, returned, gas_used, logs)
