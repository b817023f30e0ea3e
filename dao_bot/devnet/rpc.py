"""JSON-RPC to the local anvil over one kept connection."""

from __future__ import annotations

import http.client
import json
import threading
from collections.abc import Sequence
from typing import Any

from dao_bot.devnet.errors import DevnetError


class RpcConnection:
    """One HTTP connection to 127.0.0.1, shared by threads one call at a time. Nothing is sent twice."""

    def __init__(self, port: int, timeout: float = 300.0) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout)
        self._lock = threading.Lock()

    def call(self, method: str, *params: Any) -> Any:
        """The result of one call.

        Raises:
            DevnetError: the node answered with an error, or did not answer.
        """
        answer = self._post({"jsonrpc": "2.0", "id": 1, "method": method, "params": list(params)})
        return _result(method, answer)

    def batch(self, calls: Sequence[tuple[str, Sequence[Any]]]) -> list[Any]:
        """The results of several calls in one request, in their order.

        Raises:
            DevnetError: any of them failed; the others may have been carried out.
        """
        if not calls:
            return []
        request = [
            {"jsonrpc": "2.0", "id": index, "method": method, "params": list(params)}
            for index, (method, params) in enumerate(calls)
        ]
        by_id = {answer["id"]: answer for answer in self._post(request)}
        return [_result(method, by_id[index]) for index, (method, _) in enumerate(calls)]

    def close(self) -> None:
        self._connection.close()

    def _post(self, body: Any) -> Any:
        with self._lock:
            try:
                self._connection.request("POST", "/", json.dumps(body), {"Content-Type": "application/json"})
                return json.loads(self._connection.getresponse().read())
            except (OSError, http.client.HTTPException, ValueError) as error:
                self._connection.close()
                raise DevnetError(
                    f"the local chain did not answer: {error!r}",
                    next_step="Start it again; its process may have been killed",
                ) from error


def _result(method: str, answer: dict[str, Any]) -> Any:
    if "error" in answer:
        raise DevnetError(f"the local chain refused {method}: {answer['error'].get('message')}")
    return answer["result"]
