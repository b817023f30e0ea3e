"""Calls of the Safe to itself in words: this is how control over the treasury changes hands."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from dao_bot.chain.abi import Function, function
from dao_bot.domain.addresses import Address
from dao_bot.domain.calls import Argument, Call, DecodedCall
from dao_bot.domain.errors import BadInput

NOTHING = "nothing()"
"""Stands for the empty call, which has no function."""

_Sentence = Callable[..., str]


def _of(signature: str, names: str, sentence: _Sentence) -> tuple[Function, tuple[str, ...], _Sentence]:
    return function(signature), tuple(names.split()), sentence


def _signatures(count: int) -> str:
    return "1 signature" if count == 1 else f"{count} signatures"


_KNOWN = {
    known.selector: (known, names, sentence)
    for known, names, sentence in (
        _of(
            "addOwnerWithThreshold(address,uint256)",
            "owner threshold",
            lambda owner, threshold: f"Makes {owner} an owner of the Safe, and {_signatures(threshold)} enough",
        ),
        _of(
            "removeOwner(address,address,uint256)",
            "previous owner threshold",
            lambda _, owner, threshold: f"Removes the owner {owner}, and makes {_signatures(threshold)} enough",
        ),
        _of(
            "swapOwner(address,address,address)",
            "previous old new",
            lambda _, old, new: f"Replaces the owner {old} by {new}",
        ),
        _of(
            "changeThreshold(uint256)",
            "threshold",
            lambda threshold: f"Makes {_signatures(threshold)} enough to move everything",
        ),
        _of(
            "enableModule(address)",
            "module",
            lambda module: f"Lets {module} move everything without any signature",
        ),
        _of(
            "disableModule(address,address)",
            "previous module",
            lambda _, module: f"Takes the right to move everything from the module {module}",
        ),
        _of("setGuard(address)", "guard", lambda guard: f"Lets {guard} stop every transaction of the Safe"),
        _of(
            "setModuleGuard(address)",
            "guard",
            lambda guard: f"Lets {guard} stop every module transaction of the Safe",
        ),
        _of(
            "setFallbackHandler(address)",
            "handler",
            lambda handler: f"Lets {handler} answer for the Safe, also whether a message is signed",
        ),
        _of(
            "changeMasterCopy(address)",
            "singleton",
            lambda singleton: f"Replaces all of the Safe's code by that of {singleton}",
        ),
        _of(
            "approveHash(bytes32)",
            "hash",
            lambda digest: f"Approves 0x{digest.hex()} as an owner of this very Safe",
        ),
        _of(
            "simulateAndRevert(address,bytes)",
            "target data",
            lambda target, _: f"Tries code of {target} on the Safe, and takes it back",
        ),
    )
}


def decode_safe_call(call: Call, safe: Address) -> DecodedCall | None:
    """A call of the Safe to itself, read back from its bytes; None when it goes elsewhere.

    What is none of the Safe's own functions has `function` None, which no policy allows.
    """
    if call.to != safe:
        return None
    if not call.data:
        return DecodedCall(call, "safe", NOTHING, (), "Does nothing but use up the nonce")
    known = _KNOWN.get(call.selector)
    if known is None:
        return _unknown(call, f"Calls the Safe itself with an unknown function 0x{call.selector.hex()}")
    called, names, sentence = known
    try:
        values = called.arguments(call.data)
    except BadInput:
        return _unknown(call, f"Calls {called.signature} of the Safe itself in an encoding that hides something")
    arguments = tuple(
        Argument(name, kind, _plain(value)) for name, kind, value in zip(names, called.inputs, values, strict=True)
    )
    return DecodedCall(call, "safe", called.signature, arguments, sentence(*values))


def _unknown(call: Call, summary: str) -> DecodedCall:
    return DecodedCall(call, "safe", None, (), summary)


def _plain(value: Any) -> object:
    return "0x" + value.hex() if isinstance(value, bytes) else value
