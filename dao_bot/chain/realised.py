"""What a mined transaction really did to the Safe: by its logs, and by its trace or the balances around its block."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from dao_bot.chain import hexes
from dao_bot.chain.answers import RpcFault
from dao_bot.chain.assets import NATIVE, Asset, change_order
from dao_bot.chain.logs import read_logs
from dao_bot.chain.pinned import parse_block
from dao_bot.chain.reads import read_all
from dao_bot.chain.receipts import Receipt
from dao_bot.chain.rpc import Endpoint
from dao_bot.domain.addresses import Address
from dao_bot.domain.runs import Block
from dao_bot.domain.simulation import AssetChange

_MOVING = ("CALL", "CREATE", "CREATE2", "SELFDESTRUCT")


def realised_changes(
    endpoint: Endpoint, chain_id: int, receipt: Receipt, safe: Address, multicall3: Address
) -> tuple[AssetChange, ...]:
    """Every asset change of the Safe in one transaction, sorted as in a simulation.

    Tokens by their transfer logs. `Deposit` and `Withdrawal` logs count where the balances around the block say so.
    The native coin by the call tree, or by the balances around the block where the node does not trace: then other
    transactions of the same block count too.

    Raises:
        RpcUnavailable, RpcDisagreement, RpcFault: the node does not tell.
    """
    told = read_logs(receipt.logs, safe)
    trace, header, parent = endpoint.settle(
        [
            ("debug_traceTransaction", (receipt.transaction_hash, {"tracer": "callTracer"})),
            ("eth_getBlockByNumber", (hexes.to_quantity(receipt.block_number), False)),
            ("eth_getBlockByNumber", (hexes.to_quantity(max(receipt.block_number - 1, 0)), False)),
        ]
    )
    deltas = dict(told.moved)
    uncertain = set(told.wrapped)
    if isinstance(trace, RpcFault) or not isinstance(trace, dict):
        uncertain.add(NATIVE)
    else:
        deltas[NATIVE] = sum(_native_movements(trace, safe, endpoint.name))
    if uncertain:
        blocks = [parse_block(_raised(each), chain_id, endpoint.name) for each in (parent, header)]
        measured = _balance_differences(endpoint, blocks, safe, multicall3, sorted(uncertain))
        for asset, delta in measured.items():
            moved, wrapped = told.moved[asset], told.wrapped[asset]
            deltas[asset] = delta if asset == NATIVE else moved + (wrapped if delta != moved else 0)
    changes = [AssetChange(asset.token, delta, asset.token_id) for asset, delta in deltas.items() if delta]
    return tuple(sorted(changes, key=change_order))


def _native_movements(frame: dict[str, Any], safe: Address, node: str) -> Iterator[int]:
    """Of one call and all inside it; what reverted moved nothing."""
    if frame.get("error") is not None:
        return
    value = hexes.quantity(frame.get("value") or "0x0", f"a trace of {node}")
    if value and frame.get("type") in _MOVING:
        if _is(frame.get("from"), safe):
            yield -value
        if _is(frame.get("to"), safe):
            yield value
    for inner in frame.get("calls") or ():
        yield from _native_movements(inner, safe, node)


def _balance_differences(
    endpoint: Endpoint, blocks: list[Block], safe: Address, multicall3: Address, assets: list[Asset]
) -> dict[Asset, int]:
    reads = [asset.balance(safe, multicall3) for asset in assets]
    before, after = (
        [asset.units(answer, safe) for asset, answer in zip(assets, answers, strict=True)]
        for answers in (read_all(endpoint, block, multicall3, reads) for block in blocks)
    )
    return {
        asset: second - first
        for asset, first, second in zip(assets, before, after, strict=True)
        if first is not None and second is not None
    }


def _is(address: object, safe: Address) -> bool:
    return isinstance(address, str) and address.lower() == safe.lower()


def _raised(answer: Any) -> Any:
    if isinstance(answer, RpcFault):
        raise answer
    return answer
