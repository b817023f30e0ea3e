"""JSON-RPC 2.0 answers, taken apart strictly: what is not exactly an answer to what was asked is refused."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import orjson

from dao_bot.chain.hexes import to_data
from dao_bot.domain.errors import ChainError, RpcUnavailable


class TooMuchAsked(RpcUnavailable):
    """A node's answer was too large or took too long; asking for less may help."""


class RpcFault(ChainError):
    """A node answered a request with an error object.

    Attributes:
        method: what was asked.
        code, message: as the node gave them.
        revert_data: what the contract reverted with; None when the node names no data.
    """

    def __init__(self, method: str, code: int, message: str, revert_data: bytes | None, node: str) -> None:
        super().__init__(f"{node} refused {method}: {message}", value=f"error {code}")
        self.method = method
        self.code = code
        self.message = message
        self.revert_data = revert_data

    @property
    def is_unknown_method(self) -> bool:
        """The node does not offer the method at all (-32601, or a provider's words for it)."""
        words = self.message.lower()
        return self.code == -32601 or ("method" in words and any(w in words for w in _NOT_OFFERED))

    @property
    def is_rate_limit(self) -> bool:
        """Providers also say "too many requests" inside an answer with status 200."""
        return self.code == 429 or any(words in self.message.lower() for words in _TOO_MANY)


_NOT_OFFERED = ("not found", "not supported", "does not exist", "not available", "unsupported", "not whitelisted")
_TOO_MANY = ("too many requests", "rate limit", "exceeded its compute units")


class Malformed(Exception):
    """The bytes are no answer; the text says in what way."""


def is_complete_json(body: bytes) -> bool:
    """Whether `body` is one whole JSON value."""
    try:
        orjson.loads(body)
    except orjson.JSONDecodeError:
        return False
    return True


def parse_answers(body: bytes, methods: Sequence[str], *, batch: bool, node: str) -> list[Any]:
    """The results in the order of `methods`, with an `RpcFault` in the place of each that failed.

    Request i must have been sent with id i. One error object for a whole batch counts for each request of it.

    Raises:
        Malformed: not JSON, or not one answer for each request.
    """
    answer = _loads(body)
    if isinstance(answer, dict) and (not batch or "error" in answer):
        if batch or (answer.get("id") is None and "error" in answer):
            # A request that a node cannot take apart at all is answered once, with id null.
            return [_result(answer, method, node) for method in methods]
        if answer.get("id") != 0 or isinstance(answer.get("id"), bool):
            raise Malformed(f"it answered another request (id {_short(answer.get('id'))})")
        return [_result(answer, methods[0], node)]
    if not batch or not isinstance(answer, list):
        raise Malformed(f"it answered with a JSON {type(answer).__name__}")
    by_id: dict[int, Any] = {}
    for entry in answer:
        number = entry.get("id") if isinstance(entry, dict) else None
        if type(number) is not int or not 0 <= number < len(methods) or number in by_id:
            raise Malformed(f"it answered another request, or one twice (id {_short(number)})")
        by_id[number] = entry
    if len(by_id) != len(methods):
        raise Malformed(f"it answered {len(by_id)} of {len(methods)} requests")
    return [_result(by_id[number], method, node) for number, method in enumerate(methods)]


def _loads(body: bytes) -> Any:
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError as error:
        start = body[:60].decode("utf-8", "replace").strip()
        kind = "an HTML page" if start[:1] == "<" else "something that is not JSON"
        raise Malformed(f"it answered with {kind}: {_short(start)}") from error


def _result(answer: dict[str, Any], method: str, node: str) -> Any:
    if answer.get("jsonrpc") != "2.0":
        raise Malformed(f"its answer is not JSON-RPC 2.0 (jsonrpc {_short(answer.get('jsonrpc'))})")
    if ("result" in answer) == (answer.get("error") is not None):
        raise Malformed("its answer holds neither a result nor an error, or both")
    if "result" in answer:
        return answer["result"]
    error = answer["error"]
    if not isinstance(error, dict) or type(error.get("code")) is not int or not isinstance(error.get("message"), str):
        raise Malformed(f"its error is not a JSON-RPC error: {_short(error)}")
    return RpcFault(method, error["code"], error["message"][:500], _revert_data(error.get("data")), node)


def _revert_data(data: Any) -> bytes | None:
    """Most nodes give 0x-hex; some write `Reverted ` before it, some wrap it once more."""
    if isinstance(data, dict):
        data = data.get("data")
    if not isinstance(data, str):
        return None
    digits = data.removeprefix("Reverted ").removeprefix("execution reverted: ")
    try:
        raw = bytes.fromhex(digits[2:])
    except ValueError:
        return None
    return raw if to_data(raw) == digits.lower() else None


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 80 else text[:80] + "…"
