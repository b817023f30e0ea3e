"""Nodes that limit ranges, answers or time, each in its own words: a stream comes through, or says why it does not."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dao_bot.chain.answers import RpcFault, TooMuchAsked
from dao_bot.chain.rpc import Endpoint
from dao_bot.chain.streams.ranges import LogFilter, RangeReader
from dao_bot.devnet.anvil import CHAIN_ID
from dao_bot.domain.errors import ChainError, RpcDisagreement, RpcUnavailable
from tests.integration.chain.hostile import Behaviour, Conversation, HostileServer, liar
from tests.integration.chain.streams.kit import Emitter, chain_of, rows, stream_of

Serve = Callable[[Behaviour], HostileServer]
Words = Callable[[int, int, int], tuple[int, str]]
"""(first, last, most blocks) -> code and message."""

RANGE_WORDS: dict[str, Words] = {
    "a range": lambda first, last, most: (-32602, f"eth_getLogs is limited to a {most} range"),
    "a count": lambda first, last, most: (
        -32005,
        f"query returned more than 10000 results. Try with this block range [{hex(first)}, {hex(first + most - 1)}].",
    ),
    "a size": lambda first, last, most: (
        -32602,
        "Log response size exceeded. You can make eth_getLogs requests with up to a 2K block range. Based on your "
        f"parameters, this block range should work: [{hex(first)}, {hex(first + most - 1)}]",
    ),
    "a hint that is no help": lambda first, last, most: (
        -32602,
        f"query exceeds max results 20000, retry with the range {first}-{last}",
    ),
    "few words": lambda first, last, most: (-32000, "invalid params"),
}


def limited(emitter: Emitter, most: int, words: Words) -> Behaviour:
    """Refuses ranges of more than `most` blocks."""

    def alter(method: str, params: Any, answer: dict[str, Any]) -> dict[str, Any]:
        if method == "eth_getLogs":
            first, last = (int(params[0][name], 16) for name in ("fromBlock", "toBlock"))
            if last - first + 1 > most:
                code, message = words(first, last, most)
                return {"jsonrpc": "2.0", "id": answer["id"], "error": {"code": code, "message": message}}
        return answer

    return liar(emitter.anvil.port, alter)


@pytest.fixture
def busy(emitter: Emitter) -> Emitter:
    """Forty blocks with two transfers each."""
    for _ in range(40):
        emitter.emit(2)
    return emitter


@pytest.mark.parametrize("words", RANGE_WORDS)
def test_ranges_shrink_to_what_a_node_allows_whatever_its_words(
    busy: Emitter, serve: Serve, tmp_path: Path, words: str
) -> None:
    server = serve(limited(busy, 7, RANGE_WORDS[words]))
    columns = stream_of(busy, tmp_path).columns(chain_of(Endpoint(server.url, "small")))
    assert rows(columns) == busy.truth()
    assert server.methods.count("eth_getLogs") <= 20


def test_ranges_grow_again_where_logs_lie_less_densely(busy: Emitter, serve: Serve) -> None:
    server = serve(limited(busy, 1000, RANGE_WORDS["a range"]))
    stream = LogFilter(busy.address, stream_of(busy, Path()).source.event.topic)
    reader = RangeReader(Endpoint(server.url, "small"), stream, CHAIN_ID, span=2)
    assert len(reader.read_exactly(0, 41).logs) == 80
    assert reader.span > 20
    assert len(server.methods) < 2 * 8


def test_a_single_block_that_is_refused_is_an_error_in_the_words_of_the_node(
    busy: Emitter, serve: Serve, tmp_path: Path
) -> None:
    server = serve(limited(busy, 0, lambda *_: (-32000, "no logs for you")))
    with pytest.raises(RpcFault, match="no logs for you"):
        stream_of(busy, tmp_path).columns(chain_of(Endpoint(server.url, "small")))
    assert server.methods.count("eth_getLogs") < 20


@pytest.mark.parametrize("message", ["missing trie node", "pruned history unavailable", "the method does not exist"])
def test_what_no_smaller_range_helps_against_is_not_asked_again(
    busy: Emitter, serve: Serve, tmp_path: Path, message: str
) -> None:
    server = serve(limited(busy, 0, lambda *_: (-32000, message)))
    with pytest.raises(RpcFault, match=message):
        stream_of(busy, tmp_path).columns(chain_of(Endpoint(server.url, "old")))
    assert server.methods.count("eth_getLogs") == 1


def test_an_answer_that_is_too_large_is_asked_for_in_parts(emitter: Emitter, tmp_path: Path) -> None:
    for _ in range(10):
        emitter.emit(200)
    endpoint = Endpoint(emitter.anvil.url, "wordy", answer_limit=400_000)
    assert rows(stream_of(emitter, tmp_path).columns(chain_of(endpoint))) == emitter.truth()


def test_a_gateway_that_refuses_large_answers_is_asked_for_parts(busy: Emitter, serve: Serve, tmp_path: Path) -> None:
    honestly = liar(busy.anvil.port, lambda _method, _params, answer: answer)

    def gateway(conversation: Conversation) -> None:
        for call in conversation.body if isinstance(conversation.body, list) else []:
            if call["method"] == "eth_getLogs":
                asked = call["params"][0]
                if int(asked["toBlock"], 16) - int(asked["fromBlock"], 16) >= 10:
                    conversation.answer(b"<html>too large</html>", 413)
                    return
        honestly(conversation)

    columns = stream_of(busy, tmp_path).columns(chain_of(Endpoint(serve(gateway).url, "gateway")))
    assert rows(columns) == busy.truth()


def test_a_node_that_is_too_slow_for_much_is_asked_for_less(busy: Emitter, serve: Serve, tmp_path: Path) -> None:
    honestly = liar(busy.anvil.port, lambda _method, _params, answer: answer)

    def slow(conversation: Conversation) -> None:
        for call in conversation.body if isinstance(conversation.body, list) else []:
            if call["method"] == "eth_getLogs":
                asked = call["params"][0]
                if int(asked["toBlock"], 16) - int(asked["fromBlock"], 16) >= 10:
                    time.sleep(0.6)
        honestly(conversation)

    endpoint = Endpoint(serve(slow).url, "slow", timeout=0.5)
    assert rows(stream_of(busy, tmp_path).columns(chain_of(endpoint))) == busy.truth()


def test_a_node_that_is_always_too_slow_is_given_up(busy: Emitter, serve: Serve, tmp_path: Path) -> None:
    def stuck(method: str, _params: Any, answer: dict[str, Any]) -> dict[str, Any]:
        time.sleep(0.3 if method == "eth_getLogs" else 0)
        return answer

    endpoint = Endpoint(serve(liar(busy.anvil.port, stuck)).url, "stuck", timeout=0.1)
    with pytest.raises(TooMuchAsked, match="did not answer in time"):
        stream_of(busy, tmp_path).columns(chain_of(endpoint))


def lying(emitter: Emitter, alter: Callable[[list[dict[str, Any]]], Any]) -> Behaviour:
    """Changes the logs."""

    def answer_of(method: str, _params: Any, answer: dict[str, Any]) -> dict[str, Any]:
        return {**answer, "result": alter(answer["result"])} if method == "eth_getLogs" else answer

    return liar(emitter.anvil.port, answer_of)


LIES: dict[str, tuple[Callable[[list[dict[str, Any]]], Any], type[Exception], str]] = {
    "nothing": (lambda logs: None, RpcUnavailable, "a list of logs"),
    "numbers": (lambda logs: [1], RpcUnavailable, "as of eth_getLogs"),
    "another contract": (
        lambda logs: [{**logs[0], "address": "0x" + "12" * 20}],
        RpcUnavailable,
        "allowed: logs of 0x",
    ),
    "a block outside": (lambda logs: [{**logs[0], "blockNumber": "0xfff"}], RpcUnavailable, "blocks 0 to"),
    "twice": (lambda logs: [logs[0], logs[0]], RpcUnavailable, "twice"),
    "removed": (lambda logs: [{**logs[0], "removed": True}], RpcUnavailable, "removed"),
    "a forked block": (lambda logs: [{**logs[0], "blockHash": "0x" + "9" * 64}], RpcDisagreement, "reorganised"),
    "another time": (lambda logs: [{**logs[0], "blockTimestamp": "0x1"}], RpcDisagreement, "two different times"),
    "another event": (lambda logs: [{**logs[0], "data": "0x"}], ChainError, "not of the event"),
}


@pytest.mark.parametrize("lie", LIES)
def test_a_lie_is_named_and_nothing_is_kept(busy: Emitter, serve: Serve, tmp_path: Path, lie: str) -> None:
    alter, error, words = LIES[lie]
    stream = stream_of(busy, tmp_path)
    with pytest.raises(error, match=words):
        stream.columns(chain_of(Endpoint(serve(lying(busy, alter)).url, "liar")))
    honest = Endpoint(busy.anvil.url, "honest")
    assert rows(stream.columns(chain_of(honest))) == busy.truth()


def test_logs_in_any_order_are_put_in_order(busy: Emitter, serve: Serve, tmp_path: Path) -> None:
    server = serve(lying(busy, lambda logs: logs[::-1]))
    assert rows(stream_of(busy, tmp_path).columns(chain_of(Endpoint(server.url, "odd")))) == busy.truth()


def test_a_node_without_times_in_its_logs_is_asked_for_the_headers(busy: Emitter, serve: Serve, tmp_path: Path) -> None:
    def alter(logs: list[dict[str, Any]]) -> Any:
        return [{name: value for name, value in log.items() if name != "blockTimestamp"} for log in logs]

    server = serve(lying(busy, alter))
    assert rows(stream_of(busy, tmp_path).columns(chain_of(Endpoint(server.url, "old")))) == busy.truth()


def test_a_node_that_lags_behind_is_not_taken_for_a_chain_without_logs(
    busy: Emitter, serve: Serve, tmp_path: Path
) -> None:
    def lagging(method: str, params: Any, answer: dict[str, Any]) -> dict[str, Any]:
        if method == "eth_getLogs":
            return {**answer, "result": []}
        if method == "eth_getBlockByNumber" and params[0] != "latest":
            return {**answer, "result": None}
        return answer

    with pytest.raises(RpcUnavailable, match="does not have block"):
        stream_of(busy, tmp_path).columns(chain_of(Endpoint(serve(liar(busy.anvil.port, lagging)).url, "behind")))


def test_a_fork_between_the_pin_and_the_logs_is_noticed(busy: Emitter, tmp_path: Path) -> None:
    endpoint = Endpoint(busy.anvil.url, "local")
    chain = chain_of(endpoint)
    busy.replace(3, [1])
    with pytest.raises(RpcDisagreement, match="reorganised"):
        stream_of(busy, tmp_path).columns(chain)
    assert rows(stream_of(busy, tmp_path).columns(chain_of(endpoint))) == busy.truth()


def test_two_operators_must_give_the_same_logs(busy: Emitter, serve: Serve, tmp_path: Path) -> None:
    first = Endpoint(busy.anvil.url, "one")
    for number, alter in enumerate(
        (
            lambda logs: logs[:-1],
            lambda logs: [{**logs[0], "data": "0x" + "00" * 32}, *logs[1:]],
            lambda logs: [{**logs[0], "transactionHash": "0x" + "12" * 32}, *logs[1:]],
        )
    ):
        second = Endpoint(serve(lying(busy, alter)).url, "two")
        stream = stream_of(busy, tmp_path / str(number))
        with pytest.raises(RpcDisagreement, match="two nodes give different logs"):
            stream.columns(chain_of(first), [chain_of(second)])
        with pytest.raises(RpcDisagreement, match="two nodes give different logs"):
            stream.columns(chain_of(second), [chain_of(first)])
    limits = Endpoint(serve(limited(busy, 5, RANGE_WORDS["a range"])).url, "three")
    assert rows(stream_of(busy, tmp_path).columns(chain_of(first), [chain_of(limits)])) == busy.truth()
