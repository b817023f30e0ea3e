"""Whether a node keeps the state of old blocks, without which past voting power cannot be read."""

from __future__ import annotations

from dao_bot.chain.abi import function
from dao_bot.chain.plan import Plan
from dao_bot.domain.addresses import Address
from dao_bot.domain.runs import Block
from governance.power.errors import PowerUnreadable

_TIMESTAMP = function("getCurrentBlockTimestamp()", "(uint256)")


def keeps_state(multicall3: Address, block: Block) -> Plan[None]:
    """Ends without an error when a call at `block` runs on that block. Let it be as old as ballots may need.

    A node without the state refuses the call when the plan is run (`RpcUnavailable`); one that quietly answers from
    another block is found by the time that Multicall3 sees.

    Raises:
        PowerUnreadable: the call ran on another block.
    """
    (answer,) = yield (_TIMESTAMP.read(multicall3),)
    told = _TIMESTAMP.result(answer)
    if told != (block.timestamp,):
        raise PowerUnreadable(
            f"the node does not answer from block {block.number}",
            value=f"a block of {told[0]}" if told else "no answer",
            limit=f"the block of {block.timestamp}",
            next_step="Use a node that keeps old states (an archive node)",
        )
