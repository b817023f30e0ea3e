"""Bulk decoding says of any event what the reference decoder says of each log."""

from __future__ import annotations

from typing import Any

import pytest
from eth_abi.abi import encode
from hypothesis import given, settings
from hypothesis import strategies as st

from dao_bot.chain.streams.decode import decode_logs
from dao_bot.chain.streams.event import Event, parse_event
from dao_bot.chain.streams.tables import to_columns, to_table
from dao_bot.domain.columns import Column, FixedBytes, Lists, Texts
from dao_bot.domain.hashing import digest, keccak
from tests.examples import examples

WORDS = st.sampled_from(
    ["address", "bool", "bytes1", "bytes4", "bytes20", "bytes32"]
    + [f"{sign}int{bits}" for sign in ("u", "") for bits in (8, 24, 56, 64, 72, 128, 248, 256)]
)
KINDS = WORDS | st.sampled_from(["string", "bytes"]) | WORDS.map("{}[]".format) | WORDS.map("{}[3]".format)


def values_of(kind: str) -> st.SearchStrategy[Any]:
    if kind.endswith("]"):
        element, _, size = kind[:-1].partition("[")
        least, most = (int(size), int(size)) if size else (0, 4)
        return st.lists(values_of(element), min_size=least, max_size=most).map(tuple)
    if kind == "address":
        return st.binary(min_size=20, max_size=20).map(lambda raw: "0x" + raw.hex())
    if kind == "bool":
        return st.booleans()
    if kind == "string":
        return st.text(max_size=40)
    if kind.startswith("bytes"):
        length = int(kind[5:] or 0)
        return st.binary(min_size=length, max_size=length or 70)
    bits = int(kind.removeprefix("u").removeprefix("int"))
    return st.integers(0, 2**bits - 1) if kind[0] == "u" else st.integers(-(2 ** (bits - 1)), 2 ** (bits - 1) - 1)


@st.composite
def events_and_values(draw: st.DrawFn) -> tuple[Event, list[tuple[Any, ...]]]:
    kinds = draw(st.lists(KINDS, max_size=5))
    indexed = draw(st.sets(st.integers(0, 4), max_size=3))
    inside = ", ".join(f"{kind}{' indexed' if at in indexed else ''} p{at}" for at, kind in enumerate(kinds))
    event = parse_event(f"Something({inside})")
    return event, draw(st.lists(st.tuples(*(values_of(kind) for kind in kinds)), max_size=5))


def log_of(event: Event, values: tuple[Any, ...], number: int) -> dict[str, Any]:
    paired = list(zip(event.parameters, values, strict=True))
    topics = [event.topic]
    for parameter, value in paired:
        if parameter.indexed:
            encoded = encode([parameter.kind], [value])
            topics.append(encoded if parameter.is_word else keccak(encoded))
    plain = [(parameter.kind, value) for parameter, value in paired if not parameter.indexed]
    return {
        "address": "0x" + "11" * 20,
        "topics": ["0x" + topic.hex() for topic in topics],
        "data": "0x" + encode([kind for kind, _ in plain], [value for _, value in plain]).hex(),
        "blockNumber": hex(number // 2),
        "blockHash": "0x" + keccak(bytes([number // 2])).hex(),
        "transactionHash": "0x" + keccak(bytes([number])).hex(),
        "logIndex": hex(number),
    }


def cell(column: Column, row: int, kind: str) -> Any:
    """The value of one row, as the reference decoder gives it."""
    if isinstance(column, Lists):
        element = kind[: kind.rindex("[")]
        return tuple(cell(column.items, at, element) for at in range(column.offsets[row], column.offsets[row + 1]))
    if isinstance(column, Texts):
        return column[row]
    if isinstance(column, FixedBytes):
        return "0x" + column[row].hex() if kind == "address" else column[row]
    value = column[row]
    return bool(value) if kind == "bool" else int(value)


@settings(max_examples=examples(150), deadline=None)
@given(events_and_values())
def test_bulk_decoding_agrees_with_the_reference_and_survives_the_file(case: tuple[Event, list[Any]]) -> None:
    event, rows = case
    logs = [log_of(event, values, number) for number, values in enumerate(rows)]
    decoded = decode_logs(event, logs, "n")
    kept = to_columns(event, to_table(decoded, decoded.block), "s")
    for fields in (decoded.fields, kept.fields):
        for parameter, expected in zip(event.parameters, zip(*rows, strict=True), strict=False):
            column = fields[parameter.name]
            assert len(column) == len(rows)
            for row, value in enumerate(expected):
                if parameter.indexed and not parameter.is_word:
                    value = keccak(encode([parameter.kind], [value]))
                assert cell(column, row, parameter.column_kind) == value
    assert digest(kept) == digest(to_columns(event, to_table(decoded, decoded.block), "s"))
    assert kept.transaction.hex() == [log["transactionHash"] for log in logs]


@pytest.mark.parametrize("part", ["data", "topics"])
@given(noise=st.binary(max_size=200))
def test_arbitrary_bytes_are_columns_or_an_error_of_this_program(part: str, noise: bytes) -> None:
    from dao_bot.domain.errors import ChainError

    event = parse_event("Something(address indexed a, string b, int8[] c)")
    log = log_of(event, ("0x" + "11" * 20, "x", (1, -1)), 0)
    change = "0x" + noise.hex()
    log[part] = change if part == "data" else [log["topics"][0], change]
    try:
        assert len(decode_logs(event, [log], "n").block) == 1
    except ChainError as error:
        assert error.next_step
