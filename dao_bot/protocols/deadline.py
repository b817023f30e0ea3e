"""The call that makes a batch revert after its deadline, whoever submits it and whenever.

`SwapRouter02.multicall(uint256 deadline, bytes[] data)` requires `block.timestamp <= deadline` before anything else;
with no data it does nothing more (swap-router-contracts, `MulticallExtended.checkDeadline`).
"""

from __future__ import annotations

from dao_bot.chain.abi import function
from dao_bot.domain.addresses import Address
from dao_bot.domain.calls import Argument, Call, DecodedCall
from dao_bot.domain.errors import BadInput
from dao_bot.domain.moments import format_moment
from dao_bot.protocols.reading import arguments
from dao_bot.safe.roles.conditions import ANYTHING, EMPTY_LIST
from dao_bot.safe.roles.role import Permission

MULTICALL = function("multicall(uint256,bytes[])")
_LATEST = 2**40


def deadline_call(router: Address, valid_until: int) -> Call:
    """Reverts after `valid_until` (epoch seconds, chain time); `router` is a SwapRouter02.

    Raises:
        BadInput: for a time that is no deadline.
    """
    if not 0 < valid_until < _LATEST:
        raise BadInput("not a deadline", value=valid_until, limit="epoch seconds")
    return Call(router, MULTICALL.encode(valid_until, []))


def may_set_deadline(router: Address) -> Permission:
    """The deadline with nothing behind it."""
    return Permission(router, MULTICALL, (ANYTHING, EMPTY_LIST))


def decode_deadline(call: Call, router: Address) -> DecodedCall | None:
    """The deadline in a call that does nothing else, or None."""
    values = arguments(MULTICALL, call.data) if call.to == router and call.value == 0 else None
    if values is None or values[1]:
        return None
    deadline = int(values[0])
    return DecodedCall(
        call,
        "deadline",
        MULTICALL.signature,
        (Argument("deadline", "uint256", deadline), Argument("data", "bytes[]", ())),
        f"Revert all of it after {format_moment(deadline)}",
        deadline=deadline,
    )
