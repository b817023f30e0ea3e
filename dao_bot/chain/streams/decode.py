"""Logs of JSON-RPC to columns in bulk: the fields of all logs are joined and read as arrays, never log by log.

Only events with strings, bytes or arrays in their data take a way through `chain.codec`, one log at a time.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

import numpy as np
import numpy.typing as npt

from dao_bot.chain import hexes
from dao_bot.chain.codec import Reader, tuple_of, type_of
from dao_bot.chain.streams.event import Event, Parameter
from dao_bot.chain.streams.words import NotOfType, column_of_words, matrix
from dao_bot.domain.columns import Column, FixedBytes, Lists, Texts
from dao_bot.domain.errors import ChainError, RpcDisagreement

RawLog = Mapping[str, Any]
Int64s = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Decoded:
    """Logs as columns, in the order of the chain.

    Attributes:
        block, log_index: int64, strictly growing together.
        time: int64 epoch seconds of the blocks; None where the node does not send it with each log.
        transaction, address: hashes, and the contracts.
        fields: a column for each parameter by its name.
        hashes: of every block that has logs, by number.
    """

    block: Int64s
    log_index: Int64s
    time: Int64s | None
    transaction: FixedBytes
    address: FixedBytes
    fields: dict[str, Column]
    hashes: dict[int, str]


def decode_logs(event: Event, logs: Sequence[RawLog], node: str) -> Decoded:
    """All `logs`, which must be of `event` (see `Event.matches`); out of order they may be.

    Args:
        node: who says so, for errors.

    Raises:
        RpcUnavailable: something is no log, or stands there twice.
        RpcDisagreement: logs of one height come from different blocks.
        ChainError: a log is not of the event as it is declared.
    """
    try:
        logs, block, log_index = _in_order(logs, node)
        hashes = _hashes(logs, block, node)
        transaction = FixedBytes(matrix([log["transactionHash"] for log in logs], 32))
        address = FixedBytes(matrix([log["address"] for log in logs], 20))
        topics = _topics(event, logs)
        fields = _fields(event, logs, topics) if logs else _no_fields(event)
        time = _times(logs, block, node)
    except NotOfType as error:
        raise _foreign(event, logs[error.row], f"a value that is no {error.kind}") from error
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise hexes.nonsense(f"logs of {node}", str(error), "logs as of eth_getLogs") from error
    return Decoded(block, log_index, time, transaction, address, fields, hashes)


def _in_order(logs: Sequence[RawLog], node: str) -> tuple[Sequence[RawLog], Int64s, Int64s]:
    if any([log.get("removed") for log in logs]):
        raise ValueError("logs that were removed from the chain")
    block = _quantities([log["blockNumber"] for log in logs], f"the block of a log of {node}")
    log_index = _quantities([log["logIndex"] for log in logs], f"the index of a log of {node}")
    order = np.lexsort((log_index, block))
    if (order[1:] < order[:-1]).any():
        logs, block, log_index = [logs[number] for number in order], block[order], log_index[order]
    repeated = (np.diff(block) == 0) & (np.diff(log_index) == 0)
    if repeated.any():
        at = int(np.flatnonzero(repeated)[0])
        raise ValueError(f"log {log_index[at]} of block {block[at]} twice")
    return logs, block, log_index


def _quantities(texts: Sequence[str], what: str) -> Int64s:
    known = {text: hexes.quantity(text, what) for text in set(texts)}
    if known and max(known.values()) >= 2**63:
        raise hexes.nonsense(what, max(known.values()), "below 2**63")
    return np.array([known[text] for text in texts], np.int64)


def _hashes(logs: Sequence[RawLog], block: Int64s, node: str) -> dict[int, str]:
    pairs = set(zip(block.tolist(), [log["blockHash"] for log in logs], strict=True))
    hashes: dict[int, str] = {}
    for number, text in pairs:
        value = hexes.hash32(text, f"the block hash of a log of {node}")
        if hashes.setdefault(number, value) != value:
            raise RpcDisagreement(
                f"{node} gives logs of two different blocks at height {number}",
                value=f"{value} and {hashes[number]}",
                next_step="The chain was reorganised meanwhile; run again",
            )
    return hashes


def _times(logs: Sequence[RawLog], block: Int64s, node: str) -> Int64s | None:
    texts = [log.get("blockTimestamp") for log in logs]
    if None in texts:
        return None
    what = f"the time of a log of {node}"
    # Some nodes write the time in decimal digits, or as zero where they do not know it.
    if not all([isinstance(text, str) and text[:2] == "0x" for text in texts]):
        return None
    time = _quantities([str(text) for text in texts], what)
    if (time == 0).any():
        return None
    if ((np.diff(block) == 0) & (np.diff(time) != 0)).any() or (np.diff(time) < 0).any():
        raise hexes.nonsense(what, "times that go backwards, or two times of one block", "one time for each block")
    return time


def _topics(event: Event, logs: Sequence[RawLog]) -> npt.NDArray[np.uint8]:
    """Shape (logs, topics, 32); the first one is the event's."""
    count = 1 + len(event.indexed)
    listed = [log["topics"] for log in logs]
    if set(map(len, listed)) - {count}:
        log = next(log for log in logs if len(log["topics"]) != count)
        raise _foreign(event, log, f"{len(log['topics'])} topics")
    topics = matrix([*chain.from_iterable(listed)], 32).reshape(len(logs), count, 32)
    strange = (topics[:, 0] != np.frombuffer(event.topic, np.uint8)).any(axis=1)
    if strange.any():
        log = logs[int(np.flatnonzero(strange)[0])]
        raise _foreign(event, log, f"the first topic {log['topics'][0]}")
    return topics


def _fields(event: Event, logs: Sequence[RawLog], topics: npt.NDArray[np.uint8]) -> dict[str, Column]:
    found: dict[str, Column] = {}
    for number, parameter in enumerate(event.indexed, start=1):
        found[parameter.name] = column_of_words(topics[:, number], parameter.column_kind)
    if all(parameter.is_word for parameter in event.plain):
        found.update(_words_of_data(event, logs))
    else:
        found.update(_dynamic_data(event, logs))
    return {parameter.name: found[parameter.name] for parameter in event.parameters}


def _words_of_data(event: Event, logs: Sequence[RawLog]) -> dict[str, Column]:
    length = 2 + 64 * len(event.plain)
    texts = [log["data"] for log in logs]
    if set(map(len, texts)) - {length}:
        log = next(log for log in logs if len(log["data"]) != length)
        raise _foreign(event, log, f"{(len(log['data']) - 2) // 2} bytes of data")
    words = matrix(texts, 32 * len(event.plain)).reshape(len(logs), len(event.plain), 32)
    return {each.name: column_of_words(words[:, number], each.kind) for number, each in enumerate(event.plain)}


def _dynamic_data(event: Event, logs: Sequence[RawLog]) -> dict[str, Column]:
    # A string is taken as bytes: what is not UTF-8 in somebody's text must not stop the stream.
    kinds = tuple("bytes" if each.kind == "string" else each.kind for each in event.plain)
    codec = tuple_of(kinds)
    rows: list[tuple[Any, ...]] = []
    for log in logs:
        data = hexes.data(log["data"], "the data of a log")
        try:
            rows.append(codec.decode(Reader(data), 0))
        except ValueError as error:
            raise _foreign(event, log, f"{len(data)} bytes of data that do not decode: {error}") from error
    values = list(zip(*rows, strict=True))
    return {each.name: _column_of_values(column, each) for each, column in zip(event.plain, values, strict=True)}


def _column_of_values(values: Sequence[Any], parameter: Parameter) -> Column:
    if parameter.kind in ("bytes", "string"):
        data = np.frombuffer(b"".join(values), np.uint8)
        return Texts(_offsets(values), data, text=parameter.kind == "string")
    if parameter.is_word:
        return _encoded(values, parameter.kind)
    element = parameter.kind[: parameter.kind.rindex("[")]
    return Lists(_offsets(values), _encoded([item for value in values for item in value], element))


def _encoded(values: Sequence[Any], kind: str) -> Column:
    codec = type_of(kind)
    raw = b"".join([codec.encode(value) for value in values])
    return column_of_words(np.frombuffer(raw, np.uint8).reshape(-1, 32), kind)


def _offsets(values: Sequence[Any]) -> Int64s:
    return np.concatenate([[0], np.cumsum([len(value) for value in values])]).astype(np.int64)


def _no_fields(event: Event) -> dict[str, Column]:
    nothing = np.zeros((0, 32), np.uint8)
    empty: dict[str, Column] = {}
    for each in event.parameters:
        kind = each.column_kind
        empty[each.name] = (
            _column_of_values((), each) if not Parameter("", kind, False).is_word else column_of_words(nothing, kind)
        )
    return empty


def _foreign(event: Event, log: RawLog, what: str) -> ChainError:
    return ChainError(
        f"a log of {log.get('address')} is not of the event as it is declared",
        value=f"{what}, log {log.get('logIndex')} of block {log.get('blockNumber')}",
        limit=str(event),
        next_step="Correct the declaration, above all what is indexed, or the address",
    )
