"""One node: JSON-RPC over HTTP or a Unix socket, every answer checked, every failure said in words."""

from __future__ import annotations

import base64
import random
import re
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import orjson

from dao_bot.chain.answers import Malformed, RpcFault, TooMuchAsked, is_complete_json, parse_answers
from dao_bot.chain.rate_limit import asked_wait, backoff
from dao_bot.chain.transport import HttpTransport, IpcTransport, Reply, Transport, TransportFailed
from dao_bot.domain.errors import BadInput, RpcUnavailable
from dao_bot.domain.failpoints import reach

_READS = re.compile(
    r"(eth_(get\w+|call|chainId|blockNumber|feeHistory|gasPrice|maxPriorityFeePerGas|estimateGas|simulateV1|syncing)"
    r"|debug_trace\w+|net_version|web3_clientVersion)\Z"
)
"""Methods that change nothing, so that repeating them is harmless. All others are sent once and never again."""

_ATTEMPTS = 6
_BATCH_BYTES = 1_000_000
"""Nodes refuse requests beyond 2 MB (anvil) to 5 MB (geth)."""
_SECRET_LENGTH = 8


class Endpoint:
    """A node and who operates it.

    Attributes:
        operator: two endpoints of one operator are no two witnesses.
        name: operator and host, without path, query or credentials, where keys are.
        round_trips: how many requests went out, a batch being one; reads that were repeated count again.
        timeout: seconds for one request and its whole answer.
        pins_by_hash: whether the node takes a block hash as the block of a call (EIP-1898); found out on first use.

    Args:
        url: `http(s)://…`, or the path of a Unix socket (absolute, or with `ipc:` before it).
        patience: seconds that reads may wait in total for a node that limits its rate.
        answer_limit: bytes of one answer.
        batch_limit: requests in one batch; longer batches are sent in parts.
        name: instead of operator and host.

    Raises:
        BadInput: the URL is none of the above.
    """

    def __init__(
        self,
        url: str,
        operator: str,
        timeout: float = 30.0,
        *,
        patience: float = 20.0,
        answer_limit: int = 64 << 20,
        batch_limit: int = 500,
        name: str | None = None,
    ) -> None:
        self.operator = operator
        self.round_trips = 0
        self.pins_by_hash = True
        self.timeout = timeout
        self._patience = patience
        self._batch_limit = batch_limit
        self._count_lock = threading.Lock()
        self.url = url.removeprefix("ipc:").removeprefix("//") if url.startswith("ipc:") else url
        self._secrets: list[str] = []
        shown, self._transport = self._open(self.url, answer_limit)
        self.name = name or f"{operator} ({shown})"

    def __repr__(self) -> str:
        return f"Endpoint({self.name})"

    def _open(self, url: str, answer_limit: int) -> tuple[str, Transport]:
        if url.startswith("/"):
            return url, IpcTransport(Path(url), answer_limit, is_complete_json)
        try:
            parts = urlsplit(url)
            host, port = parts.hostname, parts.port
        except ValueError:
            parts, host, port = urlsplit(""), None, None
        if parts.scheme not in ("http", "https") or not host:
            raise BadInput(
                f"the URL of the node of {self.operator} cannot be used",
                limit="http://…, https://…, or the absolute path of a Unix socket",
                next_step="Correct it; it is not shown here because it may hold a key",
            )
        headers: dict[str, str] = {}
        if parts.username is not None or parts.password is not None:
            credentials = f"{unquote(parts.username or '')}:{unquote(parts.password or '')}"
            headers["Authorization"] = "Basic " + base64.b64encode(credentials.encode()).decode()
            self._secrets += [part for part in (parts.username, parts.password) if part]
        hidden = [*parts.path.split("/"), *(value for _, value in parse_qsl(parts.query))]
        self._secrets += [part for part in hidden if len(part) >= _SECRET_LENGTH]
        shown = f"{parts.scheme}://{host}" + (f":{port}" if port else "")
        return shown, HttpTransport(parts, headers, answer_limit)

    def request(self, method: str, *params: Any) -> Any:
        """The result of one request, one round trip.

        Raises:
            RpcUnavailable: no answer in time, a refused or limited connection, or an answer that is none.
            RpcFault: the node answered with an error.
        """
        return _raised(self._exchange([(method, params)], batch=False)[0])

    def batch(self, calls: Sequence[tuple[str, Sequence[Any]]]) -> list[Any]:
        """The results of several (method, params) in their order, in one round trip, or a few if they are very many.

        Raises:
            RpcUnavailable, RpcFault: as `request`; the first fault of any of them.
        """
        return [_raised(answer) for answer in self.settle(calls)]

    def settle(self, calls: Sequence[tuple[str, Sequence[Any]]]) -> list[Any]:
        """As `batch`, but a request that the node answered with an error has its `RpcFault` as its place's value."""
        answers: list[Any] = []
        for part in self._parts(calls):
            answers += self._exchange(part, batch=True)
        return answers

    def close(self) -> None:
        """Close the kept connections; the next request opens a new one."""
        self._transport.close()

    def scrub(self, text: str) -> str:
        """`text` without the keys and credentials that are part of this endpoint's URL."""
        for secret in self._secrets:
            text = text.replace(secret, "…")
        return text

    def _parts(self, calls: Sequence[tuple[str, Sequence[Any]]]) -> Iterator[Sequence[tuple[str, Sequence[Any]]]]:
        start, size = 0, 0
        for position, (_, params) in enumerate(calls):
            length = len(orjson.dumps(params))
            if position > start and (position - start == self._batch_limit or size + length > _BATCH_BYTES):
                yield calls[start:position]
                start, size = position, 0
            size += length
        if start < len(calls):
            yield calls[start:]

    def _exchange(self, calls: Sequence[tuple[str, Sequence[Any]]], *, batch: bool) -> list[Any]:
        methods = [method for method, _ in calls]
        requests = [
            {"jsonrpc": "2.0", "id": number, "method": method, "params": list(params)}
            for number, (method, params) in enumerate(calls)
        ]
        body = orjson.dumps(requests if batch else requests[0])
        label = "+".join(sorted(set(methods)))
        reach(f"rpc:{label}:before")
        repeatable = all(_READS.match(method) for method in methods)
        answers = self._exchange_patiently(body, methods, batch=batch, repeatable=repeatable)
        reach(f"rpc:{label}:after")
        return answers

    def _exchange_patiently(self, body: bytes, methods: Sequence[str], *, batch: bool, repeatable: bool) -> list[Any]:
        """Waits and asks again while the node limits its rate, within the patience; reads only."""
        give_up = time.monotonic() + self._patience
        for attempt in range(_ATTEMPTS):
            reply = self._post(body, repeatable=repeatable)
            wait = asked_wait(reply.status, reply.headers, time.time())
            answers: list[Any] = []
            if wait is None:
                answers = self._parse(reply, methods, batch=batch)
                if not any(isinstance(answer, RpcFault) and answer.is_rate_limit for answer in answers):
                    return answers
            wait = max(wait or 0.0, backoff(attempt)) * random.uniform(1.0, 1.25)
            if not repeatable:
                raise self._rate_limited("it was asked once and is not asked again")
            if attempt + 1 == _ATTEMPTS or time.monotonic() + wait > give_up:
                raise self._rate_limited(f"it wants {wait:.0f} s more, asked {attempt + 1} times")
            time.sleep(wait)
        raise AssertionError("unreachable")

    def _post(self, body: bytes, *, repeatable: bool) -> Reply:
        try:
            try:
                return self._post_once(body, fresh=not repeatable)
            except TransportFailed as error:
                if not (error.stale and repeatable):
                    raise
                return self._post_once(body, fresh=True)
        except TransportFailed as error:
            problem = self.scrub(f"{self.name} is not usable: {error.problem}")
            kind = TooMuchAsked if error.too_much else RpcUnavailable
            raise kind(problem, next_step=error.next_step) from error

    def _post_once(self, body: bytes, *, fresh: bool) -> Reply:
        with self._count_lock:
            self.round_trips += 1
        return self._transport.post(body, time.monotonic() + self.timeout, fresh=fresh)

    def _parse(self, reply: Reply, methods: Sequence[str], *, batch: bool) -> list[Any]:
        try:
            answers = parse_answers(reply.body, methods, batch=batch, node=self.name)
            if reply.status != 200 and not all(isinstance(answer, RpcFault) for answer in answers):
                raise Malformed("its status says that it failed")
        except Malformed as error:
            status = "" if reply.status == 200 else f" (HTTP status {reply.status})"
            kind = TooMuchAsked if reply.status == _TOO_LARGE else RpcUnavailable
            raise kind(
                self.scrub(f"{self.name} is not usable: {error}{status}"),
                next_step=_STATUS_ADVICE.get(reply.status, "Check the URL, or use another node"),
            ) from error
        return [self._scrubbed(answer) for answer in answers] if self._secrets else answers

    def _scrubbed(self, answer: Any) -> Any:
        if not isinstance(answer, RpcFault) or self.scrub(answer.message) == answer.message:
            return answer
        return RpcFault(answer.method, answer.code, self.scrub(answer.message), answer.revert_data, self.name)

    def _rate_limited(self, detail: str) -> RpcUnavailable:
        return RpcUnavailable(
            f"{self.name} limits how often it may be asked",
            value=detail,
            limit=f"{self._patience:.0f} s of waiting, {_ATTEMPTS} attempts, reads only",
            next_step="Use a plan or a node with a higher limit, or run less often",
        )


_TOO_LARGE = 413
_STATUS_ADVICE = {
    401: "Check the key in its URL",
    403: "Check the key in its URL, and that it may be used from here",
    404: "Check the path of its URL",
    _TOO_LARGE: "Ask for less at once: lower the batch limit",
}


def _raised(answer: Any) -> Any:
    if isinstance(answer, RpcFault):
        raise answer
    return answer
