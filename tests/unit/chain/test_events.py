"""Event declarations, and logs decoded in bulk."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from benchmarks.shared_data import DIRECTORY
from dao_bot.chain.streams.decode import RawLog, decode_logs
from dao_bot.chain.streams.event import parse_event
from dao_bot.domain.columns import FixedBytes, Integers, Texts
from dao_bot.domain.errors import BadInput, ChainError, RpcDisagreement, RpcUnavailable
from tests.shared_data import needs_shared_data

ERC20 = parse_event("Transfer(address indexed from, address indexed to, uint256 value)")
ERC721 = parse_event("Transfer(address indexed from, address indexed to, uint256 indexed id)")
HOLDERS = ("0x" + "00" * 12 + "aa" * 20, "0x" + "00" * 12 + "bb" * 20)


def a_log(**changes: Any) -> dict[str, Any]:
    return {
        "address": "0x" + "11" * 20,
        "topics": ["0x" + ERC20.topic.hex(), *HOLDERS],
        "data": "0x" + (7).to_bytes(32, "big").hex(),
        "blockNumber": "0x10",
        "blockHash": "0x" + "22" * 32,
        "blockTimestamp": "0x64",
        "transactionHash": "0x" + "33" * 32,
        "logIndex": "0x0",
        "removed": False,
        **changes,
    }


def test_a_declaration_is_read_as_solidity_writes_it() -> None:
    event = parse_event(" event Staked( address indexed user,uint  amount , bytes32[2]  proof, string note );")
    assert str(event) == "Staked(address indexed user, uint256 amount, bytes32[2] proof, string note)"
    assert ERC20.topic.hex() == "ddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef"
    assert [each.name for each in parse_event("E(uint8,int)").parameters] == ["arg0", "arg1"]
    assert parse_event("Paused()").parameters == ()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Transfer",
        "Transfer(address indexed from",
        "Transfer(address from) anonymous",
        "Transfer(adress from)",
        "Transfer(uint7 x)",
        "Transfer(uint256 a, uint256 a)",
        "Transfer((uint256,uint256) pair)",
        "Transfer(uint256[][] matrix)",
        "Transfer(string[] names)",
        "Transfer(uint256 indexed a, uint256 indexed b, uint256 indexed c, uint256 indexed d)",
        "Transfer(uint256 indexed indexed)",
        "Transfer(uint256 value memory)",
        "Transfer(uint256,)",
        "Trans fer(uint256 a)",
    ],
)
def test_what_is_no_event_or_fits_in_no_columns_is_refused(text: str) -> None:
    with pytest.raises(BadInput):
        parse_event(text)


def recorded(name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (DIRECTORY / name).read_text().splitlines()]


def as_rpc(line: dict[str, Any]) -> dict[str, Any]:
    return {
        "address": line["address"],
        "topics": line["topics"],
        "data": line["data"],
        "blockNumber": hex(line["block_number"]),
        "blockHash": line["block_hash"],
        "blockTimestamp": hex(line["block_timestamp"]),
        "transactionHash": line["transaction_hash"],
        "logIndex": hex(line["log_index"]),
    }


@needs_shared_data("evm_logs.jsonl", "evm_token_transfers.jsonl")
def test_the_logs_of_two_real_blocks_decode_to_exactly_the_transfers_that_another_indexer_found() -> None:
    logs = [as_rpc(line) for line in recorded("evm_logs.jsonl")]
    found = []
    for event, third in ((ERC20, "value"), (ERC721, "id")):
        decoded = decode_logs(event, [log for log in logs if event.matches(log)], "a file")
        columns = (
            decoded.block.tolist(),
            decoded.log_index.tolist(),
            decoded.time.tolist() if decoded.time is not None else [],
            decoded.transaction.hex(),
            decoded.address.hex(),
            *(decoded.fields[name].hex() for name in ("from", "to")),  # type: ignore[union-attr]
            decoded.fields[third],
        )
        found += list(zip(*columns, strict=True))
    names = ("block_number", "log_index", "block_timestamp", "transaction_hash")
    names += ("token_address", "from_address", "to_address", "value")  # type: ignore[assignment]
    listed = [tuple(line[name] for name in names) for line in recorded("evm_token_transfers.jsonl")]
    assert len(listed) == 291
    assert sorted(found) == sorted(listed)


def test_logs_out_of_order_are_put_in_order() -> None:
    logs = [
        a_log(blockNumber="0x10", logIndex="0xa"),
        a_log(blockNumber="0xf", logIndex="0x2", blockHash="0x" + "44" * 32, blockTimestamp="0x63"),
        a_log(blockNumber="0x10", logIndex="0x9", data="0x" + "ff" * 32),
    ]
    decoded = decode_logs(ERC20, logs, "n")
    assert decoded.block.tolist() == [15, 16, 16]
    assert decoded.log_index.tolist() == [2, 9, 10]
    value = decoded.fields["value"]
    assert isinstance(value, Integers)
    assert value.exact() == [7, 2**256 - 1, 7]
    assert decoded.time is not None
    assert decoded.time.tolist() == [99, 100, 100]


def test_no_logs_are_empty_columns_of_every_kind() -> None:
    event = parse_event(
        "All(address a, bool b, uint8 c, int128 d, bytes5 e, string f, bytes g, int16[] h, string indexed i)"
    )
    decoded = decode_logs(event, [], "n")
    assert [len(column) for column in decoded.fields.values()] == [0] * 9
    assert list(decoded.fields) == ["a", "b", "c", "d", "e", "f", "g", "h", "i"]


@pytest.mark.parametrize(
    "change",
    [
        {"topics": ["0x" + ERC20.topic.hex(), HOLDERS[0]]},
        {"topics": ["0x" + "99" * 32, *HOLDERS]},
        {"topics": ["0x" + ERC20.topic.hex(), HOLDERS[0], "0x" + "01" + "00" * 31]},
        {"data": "0x"},
        {"data": "0x" + "00" * 64},
    ],
)
def test_a_log_of_another_event_stops_with_the_declaration_and_the_place(change: dict[str, Any]) -> None:
    with pytest.raises(ChainError, match=r"log 0x5 of block 0x10.*allowed: Transfer\(address indexed from"):
        decode_logs(ERC20, [a_log(), a_log(logIndex="0x5", **change)], "n")


@pytest.mark.parametrize(
    "change",
    [
        {"blockNumber": "0x010"},
        {"blockNumber": 16},
        {"blockNumber": "0x" + "f" * 17},
        {"logIndex": None},
        {"transactionHash": "0x33"},
        {"transactionHash": "0x" + "3g" * 32},
        {"transactionHash": "0x" + "33" * 31 + "3 "},
        {"blockHash": "0x"},
        {"address": None},
        {"topics": None},
        {"topics": ["0x" + ERC20.topic.hex(), HOLDERS[0], 5]},
        {"data": None},
        {"removed": True},
        {"logIndex": "0x0"},
    ],
)
def test_what_is_no_log_or_stands_there_twice_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(RpcUnavailable, match="nonsense"):
        decode_logs(ERC20, [a_log(), a_log(**{"logIndex": "0x1", **change})], "n")


def test_logs_of_two_blocks_at_one_height_are_a_fork() -> None:
    with pytest.raises(RpcDisagreement, match="two different blocks at height 16"):
        decode_logs(ERC20, [a_log(), a_log(logIndex="0x1", blockHash="0x" + "55" * 32)], "n")


@pytest.mark.parametrize("time", [None, "0x0", "100", 100])
def test_times_that_a_node_does_not_really_send_are_not_taken(time: object) -> None:
    assert decode_logs(ERC20, [a_log(), a_log(logIndex="0x1", blockTimestamp=time)], "n").time is None


def test_one_block_with_two_times_is_refused() -> None:
    with pytest.raises(RpcUnavailable, match="time"):
        decode_logs(ERC20, [a_log(), a_log(logIndex="0x1", blockTimestamp="0x65")], "n")


def test_a_word_that_is_padded_wrongly_is_refused_for_every_type() -> None:
    dirty = {
        "address": b"\1" + bytes(31),
        "bool": (2).to_bytes(32, "big"),
        "uint8": (256).to_bytes(32, "big"),
        "uint128": (2**128).to_bytes(32, "big"),
        "int8": (128).to_bytes(32, "big"),
        "int128": b"\xff" * 15 + b"\xfe" + b"\xff" * 16,
        "bytes4": bytes(31) + b"\1",
    }
    for kind, word in dirty.items():
        event = parse_event(f"E({kind} value)")
        log: RawLog = a_log(topics=["0x" + event.topic.hex()], data="0x" + word.hex())
        with pytest.raises(ChainError, match=f"no {kind}"):
            decode_logs(event, [log], "n")


def test_text_that_is_no_utf8_does_not_stop_a_stream() -> None:
    event = parse_event("Note(string text)")
    data = "0x" + (32).to_bytes(32, "big").hex() + (2).to_bytes(32, "big").hex() + "c328" + "00" * 30
    decoded = decode_logs(event, [a_log(topics=["0x" + event.topic.hex()], data=data)], "n")
    text = decoded.fields["text"]
    assert isinstance(text, Texts)
    assert text[0] == "\N{REPLACEMENT CHARACTER}("


def test_columns_of_bytes_compare_and_factorise() -> None:
    column = FixedBytes(np.frombuffer(b"\xbb" * 20 + b"\xaa" * 20 + b"\xbb" * 20, np.uint8).reshape(3, 20))
    different, codes = column.factorised()
    assert different.hex() == ["0x" + "aa" * 20, "0x" + "bb" * 20]
    assert codes.tolist() == [1, 0, 1]
    assert column.equals("0x" + "BB" * 20).tolist() == [True, False, True]
    assert column[1] == b"\xaa" * 20
    with pytest.raises(ValueError, match="2 bytes"):
        column.equals("0xaabb")


def test_integers_are_exact_and_their_floats_close() -> None:
    values = [0, 1, -1, 2**255 - 1, -(2**255), 10**18 + 1, -(10**30)]
    raw = b"".join(value.to_bytes(32, "big", signed=True) for value in values)
    column = Integers(np.frombuffer(raw, ">u8").astype(np.uint64).reshape(-1, 4), signed=True)
    assert column.exact() == values == list(column)
    assert [column[row] for row in range(len(column))] == values
    np.testing.assert_allclose(column.floats(), [float(value) for value in values], rtol=2**-51, atol=0)
