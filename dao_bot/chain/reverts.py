"""Revert data in words: Solidity's errors, the Safe's codes, and the custom errors that are known by name."""

from __future__ import annotations

import re
from functools import cache

from dao_bot.chain.abi import decode, function
from dao_bot.chain.roles_codes import explain_violation
from dao_bot.chain.safe_codes import SAFE_CODES

_ERROR = bytes.fromhex("08c379a0")
"""`Error(string)`."""

_PANIC = bytes.fromhex("4e487b71")
"""`Panic(uint256)`."""

_VIOLATION = bytes.fromhex("d0a9bf58")
"""`ConditionViolation(uint8,bytes32)` of Zodiac Roles v2."""

_PANICS = {
    0x00: "a compiler-inserted panic",
    0x01: "an assertion failed",
    0x11: "an arithmetic overflow or underflow",
    0x12: "a division by zero",
    0x21: "a value outside its enumeration",
    0x22: "a corrupt byte array in storage",
    0x31: "a pop from an empty array",
    0x32: "an index outside its array",
    0x41: "too much memory was asked for",
    0x51: "a call of an uninitialised function",
}
"""Solidity documentation, "Panic via assert and Error via require"."""

_SHORT_REASONS = {
    "Too little received": "the swap would return less than its minimum",
    "Too much requested": "the swap would cost more than its maximum",
    "Transaction too old": "the deadline has passed",
    "STF": "the token could not be taken from the payer: balance or allowance is too small, or the token refuses",
    "TF": "the token could not be sent",
    "ST": "the token could not be sent",
    "SA": "the token's allowance could not be set",
    "STE": "the native coin could not be sent",
    "AS": "a swap of nothing",
    "SPL": "the price limit of the swap is on the wrong side",
    "LOK": "the pool is locked: not initialised, or entered twice",
    "IIA": "the pool was not paid",
    "OLD": "the pool's price history does not reach back that far",
    "I": "the pool has no price history yet",
}
"""What Uniswap v3 and the helpers that others took from it abbreviate."""

_KNOWN_ERRORS = (
    "ERC20InsufficientBalance(address,uint256,uint256)",
    "ERC20InsufficientAllowance(address,uint256,uint256)",
    "ERC20InvalidReceiver(address)",
    "ERC20InvalidSender(address)",
    "ERC20InvalidSpender(address)",
    "SafeERC20FailedOperation(address)",
    "ERC721NonexistentToken(uint256)",
    "ERC721IncorrectOwner(address,uint256,address)",
    "ERC721InsufficientApproval(address,uint256)",
    "ERC1155InsufficientBalance(address,uint256,uint256,uint256)",
    "ERC4626ExceededMaxDeposit(address,uint256,uint256)",
    "ERC4626ExceededMaxWithdraw(address,uint256,uint256)",
    "ERC4626ExceededMaxRedeem(address,uint256,uint256)",
    "OwnableUnauthorizedAccount(address)",
    "AccessControlUnauthorizedAccount(address,bytes32)",
    "EnforcedPause()",
    "ReentrancyGuardReentrantCall()",
    "FailedCall()",
    "InsufficientBalance(uint256,uint256)",
    "NotAuthorized(address)",
    "NoMembership()",
    "ModuleTransactionFailed()",
    "HashAlreadyConsumed(bytes32)",
)
"""Custom errors of contracts that a treasury meets: OpenZeppelin 5, Zodiac Roles v2."""

_SAFE_CODE = re.compile(r"GS\d{3}\Z")


def explain_revert(data: bytes) -> str:
    """Why a call reverted, as a clause that can follow "because". Text of a contract is quoted and cut short."""
    if not data:
        return "it reverted without a reason (no such function, out of gas, or a bare require)"
    selector, body = data[:4], data[4:]
    try:
        if selector == _ERROR:
            return _reason(decode(("string",), body)[0])
        if selector == _PANIC:
            (code,) = decode(("uint256",), body)
            return _PANICS.get(code, "an unknown panic") + f" (panic 0x{code:02x})"
        if selector == _VIOLATION:
            return explain_violation(*decode(("uint8", "bytes32"), body))
        signature = _errors().get(selector)
        if signature is not None:
            return _custom(signature, body)
    except ValueError:
        return f"it reverted with data that does not decode: {_shown(data)}"
    return f"it reverted with an error that is not known here: {_shown(data)}"


def _reason(text: str) -> str:
    if _SAFE_CODE.match(text):
        return f"{SAFE_CODES.get(text, 'an unknown error of the Safe')} ({text})"
    clean = "".join(character if character.isprintable() else "?" for character in text[:200])
    meaning = _SHORT_REASONS.get(text)
    return f'{meaning} ("{clean}")' if meaning else f'it says "{clean}"'


def _custom(signature: str, body: bytes) -> str:
    values = decode(function(signature).inputs, body)
    shown = ", ".join("0x" + value.hex() if isinstance(value, bytes) else str(value) for value in values)
    return f"{signature.partition('(')[0]}({shown})"


@cache
def _errors() -> dict[bytes, str]:
    return {function(signature).selector: signature for signature in _KNOWN_ERRORS}


def _shown(data: bytes) -> str:
    return f"0x{data[:68].hex()}" + ("…" if len(data) > 68 else "")
