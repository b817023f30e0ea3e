"""Bytes from outside as values, or None where an error would stop what can go on without them."""

from __future__ import annotations

from typing import Any

from dao_bot.chain.abi import Function
from dao_bot.chain.plan import Answer
from dao_bot.domain.errors import BadInput, ChainError

_LONGEST = 1 << 15
"""Bytes of a call that is decoded. A list may name the same bytes many times, so its values can be far longer."""


def told(function: Function, answer: Answer) -> tuple[Any, ...] | None:
    """What the contract returned; None when the call failed, or what it returned is of another shape."""
    try:
        return function.result(answer)
    except ChainError:
        return None


def told_units(function: Function, answer: Answer) -> int | None:
    """The single number that the contract returned, or None."""
    values = told(function, answer)
    return None if values is None else int(values[0])


def arguments(function: Function, calldata: bytes) -> tuple[Any, ...] | None:
    """The arguments of a call of that function; None for another one, and for any but the canonical encoding.

    Extra bytes, dirty padding or unusual offsets are all ways to show a reader something else than a contract sees.
    """
    if calldata[:4] != function.selector or len(calldata) > _LONGEST:
        return None
    try:
        return function.arguments(calldata)
    except BadInput:
        return None
