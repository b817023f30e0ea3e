"""Calls of the Safe to itself are named, so that nobody overlooks them."""

from __future__ import annotations

from typing import Any

import pytest

from dao_bot.chain.abi import function
from dao_bot.domain.calls import Call
from dao_bot.policy.rules.safe_unchanged import FUNCTIONS
from dao_bot.safe.decode import NOTHING, decode_safe_call
from tests.unit.safe.samples import OWNERS, SAFE, TARGET


@pytest.mark.parametrize(
    ("signature", "arguments", "words"),
    [
        (
            "addOwnerWithThreshold(address,uint256)",
            (TARGET, 1),
            f"Makes {TARGET} an owner of the Safe, and 1 signature",
        ),
        ("removeOwner(address,address,uint256)", (OWNERS[0], OWNERS[1], 1), f"Removes the owner {OWNERS[1]}"),
        ("swapOwner(address,address,address)", (OWNERS[0], OWNERS[1], TARGET), f"{OWNERS[1]} by {TARGET}"),
        ("changeThreshold(uint256)", (1,), "Makes 1 signature enough to move everything"),
        ("enableModule(address)", (TARGET,), f"Lets {TARGET} move everything without any signature"),
        ("disableModule(address,address)", (OWNERS[0], TARGET), f"module {TARGET}"),
        ("setGuard(address)", (TARGET,), "stop every transaction"),
        ("setModuleGuard(address)", (TARGET,), "module transaction"),
        ("setFallbackHandler(address)", (TARGET,), "answer for the Safe"),
        ("changeMasterCopy(address)", (TARGET,), "Replaces all of the Safe's code"),
        ("approveHash(bytes32)", (b"\1" * 32,), "0x" + "01" * 32),
        ("simulateAndRevert(address,bytes)", (TARGET, b"x"), "Tries code"),
    ],
)
def test_each_change_of_the_safe_is_said_in_words(signature: str, arguments: tuple[Any, ...], words: str) -> None:
    decoded = decode_safe_call(Call(SAFE, function(signature).encode(*arguments)), SAFE)
    assert decoded is not None
    assert (decoded.protocol, decoded.function) == ("safe", signature)
    assert words in decoded.summary
    assert len(decoded.arguments) == len(arguments)


def test_every_function_that_the_policy_can_allow_is_decoded() -> None:
    for signature in FUNCTIONS:
        called = function(signature)
        zeros = called.selector + bytes(32 * len(called.inputs))
        decoded = decode_safe_call(Call(SAFE, zeros), SAFE)
        assert decoded is not None
        assert decoded.function == signature


def test_the_empty_call_is_a_rejection() -> None:
    decoded = decode_safe_call(Call(SAFE, b""), SAFE)
    assert decoded is not None
    assert decoded.function == NOTHING


@pytest.mark.parametrize("data", [b"\xde\xad\xbe\xef", function("setGuard(address)").selector, b"\1"])
def test_what_is_not_exactly_a_function_of_the_safe_has_no_function(data: bytes) -> None:
    decoded = decode_safe_call(Call(SAFE, data), SAFE)
    assert decoded is not None
    assert decoded.function is None


def test_dirty_upper_bytes_of_an_address_are_not_decoded() -> None:
    data = bytearray(function("setGuard(address)").encode(TARGET))
    data[4] = 1
    decoded = decode_safe_call(Call(SAFE, bytes(data)), SAFE)
    assert decoded is not None
    assert decoded.function is None


def test_a_call_to_somebody_else_is_left_to_others() -> None:
    assert decode_safe_call(Call(TARGET, b""), SAFE) is None
