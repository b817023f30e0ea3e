"""Calldata from an ABI and values back, without a contract object."""

from __future__ import annotations

from typing import Any

from eth_abi.abi import decode, encode
from eth_utils.abi import function_abi_to_4byte_selector, get_abi_input_types, get_abi_output_types

from dao_bot.devnet.artifacts import Artifact


def encode_call(artifact: Artifact, function: str, *arguments: Any) -> str:
    """Calldata, `0x…`, of the function with this name and number of arguments."""
    selector, inputs, _ = _signature(artifact, function, len(arguments))
    return "0x" + (selector + encode(inputs, arguments)).hex()


def decode_result(artifact: Artifact, function: str, arguments: int, result: str) -> tuple[Any, ...]:
    """What a call of that function returned."""
    _, _, outputs = _signature(artifact, function, arguments)
    return decode(outputs, bytes.fromhex(result.removeprefix("0x")))


def encode_creation(artifact: Artifact, *arguments: Any) -> str:
    """Creation bytecode followed by the constructor's arguments."""
    constructor = next((entry for entry in artifact.abi if entry["type"] == "constructor"), None)
    types = get_abi_input_types(constructor) if constructor else []  # type: ignore[arg-type]
    return "0x" + (artifact.bytecode + encode(types, arguments)).hex()


_signatures: dict[tuple[str, str, int], tuple[bytes, list[str], list[str]]] = {}


def _signature(artifact: Artifact, function: str, count: int) -> tuple[bytes, list[str], list[str]]:
    key = (artifact.name, function, count)
    if key not in _signatures:
        entry: Any = next(
            entry
            for entry in artifact.abi
            if entry["type"] == "function" and entry["name"] == function and len(entry["inputs"]) == count
        )
        _signatures[key] = (
            function_abi_to_4byte_selector(entry),
            get_abi_input_types(entry),
            get_abi_output_types(entry),
        )
    return _signatures[key]
