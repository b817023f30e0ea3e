"""Finding the block at which voting power is read: the newest one before a time, the same for everybody."""

from __future__ import annotations

from dao_bot.chain.endpoints import Endpoints
from dao_bot.chain.fate import Finality, final_block
from dao_bot.chain.hexes import to_quantity
from dao_bot.chain.pinned import parse_block
from dao_bot.chain.rpc import Endpoint
from dao_bot.domain.errors import RpcDisagreement
from dao_bot.domain.runs import Block
from governance.power.errors import InvalidPowerSource


def final_before(endpoints: Endpoints, head: Block, time: int, finality: Finality) -> Block:
    """The newest block that is final and whose timestamp is before `time`; no reorganisation can change it any more.

    Of what several nodes call final, the newest counts: so none of them can choose an old block alone.

    Raises:
        InvalidPowerSource, RpcDisagreement, RpcUnavailable: as `block_before`.
    """
    final = [final_block(node, head, finality) for node in endpoints.witnesses()]
    return block_before(endpoints, max(final, key=lambda block: block.number), time)


def block_before(endpoints: Endpoints, head: Block, time: int) -> Block:
    """The newest block, not newer than `head`, whose timestamp is before `time`.

    Where two operators are configured, both must have it. Some requests for each doubling of the distance from `head`.

    Raises:
        InvalidPowerSource: the chain began later.
        RpcDisagreement, RpcUnavailable: the nodes do not say the same, or nothing.
    """
    nodes = endpoints.witnesses()
    found = head if head.timestamp < time else _search(nodes[0], head, time)
    for other in nodes[1:]:
        theirs = _block(other, head.chain_id, found.number)
        if theirs != found:
            raise RpcDisagreement(
                f"two nodes have different blocks at height {found.number}",
                value=f"{nodes[0].name}: {found.hash}",
                limit=f"{other.name}: {theirs.hash}",
                next_step="Nothing was done. Try again; if it stays, one of the nodes is wrong",
            )
    return found


def is_on_chain(endpoints: Endpoints, block: Block) -> bool:
    """Whether every node has this very block at its height.

    Raises:
        RpcUnavailable: a node has none there.
    """
    return all(_block(node, block.chain_id, block.number) == block for node in endpoints.witnesses())


def _search(node: Endpoint, head: Block, time: int) -> Block:
    """Steps that double until one is early enough, then halving."""
    late, step = head.number, 1
    while True:
        early = _block(node, head.chain_id, max(0, late - step))
        if early.timestamp < time:
            break
        if early.number == 0:
            raise InvalidPowerSource(
                "the chain has no block before the time at which voting power is to be read",
                value=time,
                limit=f"after {early.timestamp}, when the chain began",
            )
        late, step = early.number, step * 2
    while late - early.number > 1:
        middle = _block(node, head.chain_id, (early.number + late) // 2)
        if middle.timestamp < time:
            early = middle
        else:
            late = middle.number
    return early


def _block(node: Endpoint, chain_id: int, number: int) -> Block:
    return parse_block(node.request("eth_getBlockByNumber", to_quantity(number), False), chain_id, node.name)
