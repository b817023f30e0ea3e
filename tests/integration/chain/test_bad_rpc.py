"""Whatever a node does, there is an answer in time and an error that says what to do."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from dao_bot.chain.answers import RpcFault
from dao_bot.chain.rpc import Endpoint
from dao_bot.domain.errors import BadInput, RpcUnavailable
from tests.integration.chain.hostile import Behaviour, Conversation, HostileServer

Serve = Callable[[Behaviour], HostileServer]
OK = {"jsonrpc": "2.0", "id": 0, "result": "0x1"}


def ask(server: HostileServer, method: str = "eth_chainId", **options: object) -> object:
    endpoint = Endpoint(server.url, "bad", **{"timeout": 0.4, "patience": 1.5, **options})  # type: ignore[arg-type]
    try:
        return endpoint.request(method)
    finally:
        endpoint.close()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"<html><body>Bad gateway</body></html>", "an HTML page"),
        (b"hello", "not JSON"),
        (b"", "not JSON"),
        (b'{"jsonrpc":"2.0","id":0,"result":"0x', "not JSON"),
        (b'{"jsonrpc":"2.0","id":7,"result":"0x1"}', "another request"),
        (b'{"jsonrpc":"2.0","id":false,"result":"0x1"}', "another request"),
        (b'{"jsonrpc":"2.0","id":"0","result":"0x1"}', "another request"),
        (b'{"jsonrpc":"1.0","id":0,"result":"0x1"}', "not JSON-RPC 2.0"),
        (b'{"jsonrpc":"2.0","id":0}', "neither a result nor an error"),
        (b'{"jsonrpc":"2.0","id":0,"result":1,"error":{"code":1,"message":"x"}}', "neither a result nor an error"),
        (b'{"jsonrpc":"2.0","id":0,"error":"no"}', "not a JSON-RPC error"),
        (b'{"jsonrpc":"2.0","id":0,"error":{"code":"1","message":"x"}}', "not a JSON-RPC error"),
        (b"[]", "a JSON list"),
        (b"null", "a JSON NoneType"),
        (b"[" * 5000, "not JSON"),
    ],
)
def test_an_answer_that_is_none_is_refused_in_words(serve: Serve, content: bytes, words: str) -> None:
    with pytest.raises(RpcUnavailable, match=words):
        ask(serve(lambda c: c.answer(content)))


@pytest.mark.parametrize("status", [301, 400, 401, 403, 404, 413, 500])
def test_a_status_that_is_no_success_is_named(serve: Serve, status: int) -> None:
    with pytest.raises(RpcUnavailable, match=f"HTTP status {status}"):
        ask(serve(lambda c: c.answer(b"<html>no</html>", status, {"Location": "http://127.0.0.1:1/"})))


def test_a_result_under_a_failed_status_is_not_believed(serve: Serve) -> None:
    with pytest.raises(RpcUnavailable, match="status"):
        ask(serve(lambda c: c.answer(OK, 500)))


def test_a_json_rpc_error_under_a_failed_status_is_told_as_the_node_said_it(serve: Serve) -> None:
    error = {"jsonrpc": "2.0", "id": 0, "error": {"code": -32000, "message": "archive needed"}}
    with pytest.raises(RpcFault, match="archive needed"):
        ask(serve(lambda c: c.answer(error, 400)))


def test_silence_ends_after_the_time_out(serve: Serve) -> None:
    server = serve(lambda c: server.released.wait(10))
    started = time.monotonic()
    with pytest.raises(RpcUnavailable, match="did not answer in time"):
        ask(server)
    assert time.monotonic() - started < 8, "the server lets go after ten"


@pytest.mark.parametrize("start", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n", b"HTTP/1.1 200 OK\r\n"])
def test_an_answer_that_drips_ends_after_the_time_out(serve: Serve, start: bytes) -> None:
    def drip(conversation: Conversation) -> None:
        conversation.raw(start)
        while not server.released.wait(0.05):
            conversation.raw(b"x")

    server = serve(drip)
    started = time.monotonic()
    with pytest.raises(RpcUnavailable, match="did not answer in time"):
        ask(server)
    assert time.monotonic() - started < 8, "the server lets go after ten"


@pytest.mark.parametrize("announce", [True, False])
def test_an_answer_of_a_hundred_megabytes_is_not_read(serve: Serve, announce: bool) -> None:
    sent = 0

    def flood(conversation: Conversation) -> None:
        nonlocal sent
        conversation.raw(b"HTTP/1.1 200 OK\r\n" + (b"Content-Length: 104857600\r\n" if announce else b"") + b"\r\n")
        for _ in range(100):
            if server.released.is_set() or not conversation.raw(b" " * 1_048_576):
                return
            sent += 1
        conversation.hang_up()

    server = serve(flood)
    with pytest.raises(RpcUnavailable, match="larger than 1000000 bytes"):
        ask(server, answer_limit=1_000_000, timeout=20.0)
    assert sent < 60


def test_a_truncated_answer_is_noticed(serve: Serve) -> None:
    def truncate(conversation: Conversation) -> None:
        conversation.raw(b'HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{"jsonrpc":"2.0","id":0,"result":"0x1"}')
        conversation.hang_up()

    with pytest.raises(RpcUnavailable, match="cut off"):
        ask(serve(truncate))


def test_a_hang_up_without_an_answer_is_named(serve: Serve) -> None:
    with pytest.raises(RpcUnavailable, match="closed the connection"):
        ask(serve(lambda c: c.hang_up()))


def test_what_is_not_http_is_named(serve: Serve) -> None:
    def speak_otherwise(conversation: Conversation) -> None:
        conversation.raw(b"220 smtp.example.org ESMTP\r\n")
        conversation.hang_up()

    with pytest.raises(RpcUnavailable, match="not HTTP"):
        ask(serve(speak_otherwise))


def test_a_refused_connection_is_named(serve: Serve) -> None:
    server = serve(lambda c: c.result("0x1"))
    url = server.url
    server.stop()
    with pytest.raises(RpcUnavailable, match="refused the connection"):
        Endpoint(url, "gone").request("eth_chainId")


def test_a_rate_limit_is_waited_out_as_the_node_asks(serve: Serve) -> None:
    def limit_twice(conversation: Conversation) -> None:
        if len(server.seen) == 1:
            conversation.answer(b"slow down", 429, {"Retry-After": "1"})
        else:
            conversation.answer(OK)

    server = serve(limit_twice)
    started = time.monotonic()
    assert ask(server) == "0x1"
    assert time.monotonic() - started >= 1.0


@pytest.mark.parametrize("limited", [429, 503])
def test_a_rate_limit_without_a_time_is_retried_a_few_times_and_then_told(serve: Serve, limited: int) -> None:
    server = serve(lambda c: c.answer(b"no", limited))
    with pytest.raises(RpcUnavailable, match="limits how often"):
        ask(server)
    assert 2 <= len(server.seen) <= 6


def test_a_rate_limit_longer_than_the_patience_is_told_at_once(serve: Serve) -> None:
    server = serve(lambda c: c.answer(b"no", 429, {"X-RateLimit-Reset": "3600"}))
    started = time.monotonic()
    with pytest.raises(RpcUnavailable, match=r"limits how often .* it wants (36|37|38|39|4\d)\d\d s"):
        ask(server)
    assert time.monotonic() - started < 60, "it wants an hour"
    assert len(server.seen) == 1


def test_a_rate_limit_inside_an_answer_is_a_rate_limit(serve: Serve) -> None:
    error = {"jsonrpc": "2.0", "id": 0, "error": {"code": 429, "message": "exceeded its compute units per second"}}

    def limit_once(conversation: Conversation) -> None:
        conversation.answer(error if len(server.seen) == 1 else OK)

    server = serve(limit_once)
    assert ask(server) == "0x1"


@pytest.mark.parametrize(
    "behaviour",
    [
        lambda c: c.answer(b"no", 429, {"Retry-After": "0"}),
        lambda c: c.answer(b"no", 503),
        lambda c: c.hang_up(),
        lambda c: c.answer(b"<html>"),
    ],
)
def test_a_transaction_is_sent_once_whatever_comes_back(serve: Serve, behaviour: Behaviour) -> None:
    server = serve(behaviour)
    with pytest.raises(RpcUnavailable):
        ask(server, "eth_sendRawTransaction")
    assert server.methods == ["eth_sendRawTransaction"]


def test_a_kept_connection_that_was_closed_is_opened_again_for_reads_only(serve: Serve) -> None:
    def answer_and_close(conversation: Conversation) -> None:
        # The header says that the connection is kept; then it is closed all the same.
        conversation.answer(OK)
        conversation.hang_up()

    server = serve(answer_and_close)
    endpoint = Endpoint(server.url, "bad", timeout=1.0)
    for _ in range(3):
        assert endpoint.request("eth_chainId") == "0x1"
        time.sleep(0.02)
    endpoint.request("eth_sendRawTransaction", "0x")
    endpoint.close()
    assert server.methods.count("eth_sendRawTransaction") == 1
    assert server.methods.count("eth_chainId") == 3


@pytest.mark.parametrize(
    ("answers", "words"),
    [
        ([{"jsonrpc": "2.0", "id": 0, "result": 1}], "1 of 2 requests"),
        ([OK, OK], "twice"),
        ([OK, {"jsonrpc": "2.0", "id": 2, "result": 1}], "another request"),
        ([OK, 5], "another request"),
        (OK, "a JSON dict"),
    ],
)
def test_a_batch_answer_must_answer_each_request_once(serve: Serve, answers: object, words: str) -> None:
    endpoint = Endpoint(serve(lambda c: c.answer(answers)).url, "bad")
    with pytest.raises(RpcUnavailable, match=words):
        endpoint.batch([("eth_chainId", ()), ("eth_blockNumber", ())])
    endpoint.close()


def test_batch_answers_in_any_order_go_to_their_requests(serve: Serve) -> None:
    answers = [{"jsonrpc": "2.0", "id": 1, "result": "b"}, {"jsonrpc": "2.0", "id": 0, "result": "a"}]
    endpoint = Endpoint(serve(lambda c: c.answer(answers)).url, "good")
    assert endpoint.batch([("eth_chainId", ()), ("eth_blockNumber", ())]) == ["a", "b"]
    assert endpoint.round_trips == 1
    endpoint.close()


def test_a_refused_batch_is_a_fault_of_each_request(serve: Serve) -> None:
    error = {"jsonrpc": "2.0", "id": None, "error": {"code": -32600, "message": "batches are not for you"}}
    endpoint = Endpoint(serve(lambda c: c.answer(error)).url, "bad")
    with pytest.raises(RpcFault, match="batches are not for you"):
        endpoint.batch([("eth_chainId", ()), ("eth_blockNumber", ())])
    endpoint.close()


def test_no_error_shows_the_key_in_the_url(serve: Serve) -> None:
    key = "s3cr3t-k3y-0123456789"

    def tell_the_key(conversation: Conversation) -> None:
        conversation.answer({"jsonrpc": "2.0", "id": 0, "error": {"code": 1, "message": f"key {key} is blocked"}})

    server = serve(tell_the_key)
    host = server.url.removeprefix("http://")
    for url in (f"http://{host}/v2/{key}", f"http://{host}/?apikey={key}", f"http://user:{key}@{host}/"):
        endpoint = Endpoint(url, "keyed")
        with pytest.raises(RpcFault) as caught:
            endpoint.request("eth_chainId")
        endpoint.close()
        assert key not in f"{caught.value} {caught.value.message} {endpoint!r} {endpoint.name}"
        assert "is blocked" in str(caught.value)


def test_credentials_in_the_url_are_sent_as_basic_authentication(serve: Serve) -> None:
    seen = []

    def look(conversation: Conversation) -> None:
        seen.append(conversation._handler.headers["Authorization"])
        conversation.answer(OK)

    server = serve(look)
    endpoint = Endpoint(server.url.replace("http://", "http://me:p%40ss@"), "keyed")
    endpoint.request("eth_chainId")
    endpoint.close()
    assert seen == ["Basic bWU6cEBzcw=="]


@pytest.mark.parametrize("url", ["", "ftp://h/k3y", "http:///k3y", "k3y:8545", "http://h:p/k3y", "http://[k3y"])
def test_a_url_that_cannot_be_used_is_refused_without_showing_it(url: str) -> None:
    with pytest.raises(BadInput) as caught:
        Endpoint(url, "mistyped")
    assert "mistyped" in str(caught.value)
    assert "k3y" not in str(caught.value)
