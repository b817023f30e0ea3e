"""Batches of the demo Safe: wrapped for the multisig route, signed by its owners."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dao_bot.chain.abi import function
from dao_bot.chain.safe_state import parse_safe, safe_reads
from dao_bot.chain.sending import Request
from dao_bot.domain.addresses import ZERO_ADDRESS, Address
from dao_bot.domain.calls import Call, CallType, WrappedTransaction
from dao_bot.domain.multisend import encode_multi_send
from dao_bot.domain.runs import Block
from dao_bot.domain.simulation import SafeState, Simulation
from tests.integration.chain.conftest import Scene

APPROVE = function("approve(address,uint256)", "(bool)")
TRANSFER = function("transfer(address,uint256)", "(bool)")
SWAP = function("exactInputSingle((address,address,uint24,address,uint256,uint256,uint160))", "(uint256)")
DEADLINE = function("multicall(uint256,bytes[])", "(bytes[])")
_FIELDS = "address,uint256,bytes,uint8,uint256,uint256,uint256,address,address"
_EXEC = function(f"execTransaction({_FIELDS},bytes)", "(bool)")
_HASH = function(f"getTransactionHash({_FIELDS},uint256)", "(bytes32)")


def wrap(scene: Scene, calls: Sequence[Call]) -> WrappedTransaction:
    """One delegatecall to MultiSendCallOnly."""
    data = encode_multi_send(calls)
    return WrappedTransaction("multisig", scene.world.multi_send_call_only, 0, data, CallType.DELEGATECALL)


def safe_state(scene: Scene, block: Block, safe: Address | None = None) -> SafeState:
    at = safe or scene.world.safe

    def plan() -> Any:
        answers = yield safe_reads(at)
        return parse_safe(at, answers)

    state: SafeState = scene.endpoints.read(block, [plan()])[0]
    return state


def simulated(
    scene: Scene,
    calls: Sequence[Call],
    *,
    first: Any = None,
    second: Any = None,
    wrapped: Any = None,
    safe: Address | None = None,
    **options: Any,
) -> Simulation:
    """Both witnesses on the demo node unless told otherwise."""
    from dao_bot.chain.simulation import simulate

    block = scene.endpoints.pin()
    return simulate(
        first or scene.endpoint,
        second or scene.endpoint,
        scene.treasury,
        block,
        safe_state(scene, block, safe),
        wrapped or wrap(scene, calls),
        calls,
        **options,
    )


def swap_calls(scene: Scene, sell: str, buy: str, fee: int, units: int, minimum: int = 0) -> list[Call]:
    """Deadline, exact approval, swap, approval back to zero."""
    router, token = scene.world.router, scene.token(sell).address
    order = (token, scene.token(buy).address, fee, scene.world.safe, units, minimum, 0)
    return [
        Call(router, DEADLINE.encode(2**40, [])),
        Call(token, APPROVE.encode(router, units)),
        Call(router, SWAP.encode(order)),
        Call(token, APPROVE.encode(router, 0)),
    ]


def signed_execution(
    scene: Scene, wrapped: WrappedTransaction, nonce: int, safe: Address | None = None, signers: int = 2
) -> tuple[Request, bytes]:
    """What the keeper sends after the first owners have signed, and the safeTxHash."""
    from eth_account import Account

    fields = (wrapped.to, wrapped.value, wrapped.data, int(wrapped.operation), 0, 0, 0, ZERO_ADDRESS, ZERO_ADDRESS)
    call = {"to": safe or scene.world.safe, "data": "0x" + _HASH.encode(*fields, nonce).hex()}
    safe_tx_hash = bytes.fromhex(scene.endpoint.request("eth_call", call, "latest")[2:])
    owners = [Account.from_key(key) for key in scene.world.owner_keys[:signers]]
    signatures = b"".join(
        bytes(owner.unsafe_sign_hash(safe_tx_hash).signature)
        for owner in sorted(owners, key=lambda owner: int(owner.address, 16))
    )
    return Request(safe or scene.world.safe, _EXEC.encode(*fields, signatures), 3_000_000), safe_tx_hash
