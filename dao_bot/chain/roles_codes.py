"""Why Zodiac Roles v2 refuses a call (`PermissionChecker.Status`), in words."""

from __future__ import annotations

from dao_bot.domain.addresses import checksum

_ALLOWANCE = 17

_STATUSES = {
    1: "the role may not make a delegatecall",
    2: "the role may not call this contract",
    3: "the role may not call this function",
    4: "the role may not send coins along",
    5: "an argument is none of those that the role allows",
    6: "an argument is one of those that the role forbids",
    7: "an argument is not the one that the role allows",
    8: "an argument is smaller than the role allows",
    9: "an argument is larger than the role allows",
    10: "the arguments are not what the role allows",
    11: "not every element of a list is allowed",
    12: "no element of a list is allowed",
    13: "a list has elements that the role does not allow",
    14: "an argument is too short for its mask",
    15: "an argument does not fit its mask",
    16: "a condition of the role outside the module is not met (the position is not the Safe's)",
    _ALLOWANCE: "the allowance of the role is used up",
    18: "the allowance of calls is used up",
    19: "the allowance of coins is used up",
}


def explain_violation(status: int, info: bytes) -> str:
    """A clause that can follow "because". `info` names the allowance, target or function, where there is one."""
    words = _STATUSES.get(status, f"a condition of the role is not met (status {status})")
    if status == _ALLOWANCE and not any(info[20:]):
        return f"{words}: of the token {checksum(info[:20])}, until it is refilled"
    return f"{words} (0x{info.hex()})" if any(info) else words
