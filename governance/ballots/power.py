"""Voting power: a whole number of millionths of a token, floored once, when it is recorded."""

from __future__ import annotations

from governance.ballots.errors import InvalidVote

POWER_DECIMALS = 6

MOST_POWER = 2**63 - 1
"""The largest sum of power in one ballot, in 10^-6 token: what an int64 holds, 9.2 trillion tokens."""


def floor_power(units: int, decimals: int) -> int:
    """Base units of a token with `decimals` as voting power in 10^-6 token, rounded down.

    Raises:
        InvalidVote: the power is negative or above `MOST_POWER`.
    """
    shift = decimals - POWER_DECIMALS
    return require_power(units // 10**shift if shift >= 0 else units * 10**-shift)


def require_power(power: int) -> int:
    """`power` itself, if one ballot can count it."""
    if not 0 <= power <= MOST_POWER:
        raise InvalidVote(
            "the voting power cannot be counted",
            value=power,
            limit=f"0 to {MOST_POWER} (10^-6 token)",
            next_step="Let the source of voting power count in thousands or millions of tokens" if power > 0 else None,
        )
    return power
