"""A bad RPC on this machine: answers as a test tells it to, or passes requests on to a real node and changes them."""

from __future__ import annotations

import json
import socketserver
import threading
from collections.abc import Callable, Mapping
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler
from typing import Any, Self

Behaviour = Callable[["Conversation"], object]
Alter = Callable[[str, Any, dict[str, Any]], dict[str, Any] | None]
"""(method, params, whole answer object) -> the answer to give instead; None gives none and hangs up."""


class Conversation:
    """One request, and the means to answer it well or badly."""

    def __init__(self, handler: BaseHTTPRequestHandler, body: Any) -> None:
        self._handler = handler
        self.body = body

    def answer(self, content: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> None:
        raw = content if isinstance(content, bytes) else json.dumps(content).encode()
        self._handler.send_response(status)
        for name, value in {"Content-Length": str(len(raw)), **(headers or {})}.items():
            self._handler.send_header(name, value)
        self._handler.end_headers()
        self.raw(raw)

    def result(self, result: Any, number: int = 0) -> None:
        self.answer({"jsonrpc": "2.0", "id": number, "result": result})

    def raw(self, content: bytes) -> bool:
        """Whether somebody still takes it."""
        try:
            self._handler.wfile.write(content)
            self._handler.wfile.flush()
        except OSError:
            self._handler.close_connection = True
            return False
        return True

    def hang_up(self) -> None:
        self._handler.close_connection = True


class HostileServer(socketserver.ThreadingTCPServer):
    """Serves `behaviour` on a free port until it is stopped.

    Attributes:
        seen: bodies of all requests in order.
        released: set when the test is over, so that a behaviour that waits can end.
    """

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, behaviour: Behaviour) -> None:
        self.behaviour = behaviour
        self.seen: list[Any] = []
        self.released = threading.Event()
        super().__init__(("127.0.0.1", 0), _Handler)
        self.url = f"http://127.0.0.1:{self.server_address[1]}"
        self._thread = threading.Thread(target=self.serve_forever, args=(0.01,), daemon=True)
        self._thread.start()

    @property
    def methods(self) -> list[str]:
        """Of all requests, those in batches one by one."""
        return [each["method"] for body in self.seen for each in (body if isinstance(body, list) else [body])]

    def stop(self) -> None:
        self.released.set()
        self.shutdown()
        self.server_close()
        self._thread.join()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up is what is tested."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 5
    disable_nagle_algorithm = True

    def do_POST(self) -> None:
        server: Any = self.server
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        server.seen.append(body)
        server.behaviour(Conversation(self, body))

    def log_message(self, *_: object) -> None:
        pass


def liar(port: int, alter: Alter) -> Behaviour:
    """Passes everything on to the node at `port` and changes its answers one by one."""

    def behave(conversation: Conversation) -> None:
        connection = HTTPConnection("127.0.0.1", port, timeout=20)
        try:
            connection.request("POST", "/", json.dumps(conversation.body), {"Content-Type": "application/json"})
            answers = json.loads(connection.getresponse().read())
        finally:
            connection.close()
        requests = conversation.body if isinstance(conversation.body, list) else [conversation.body]
        by_id = {request["id"]: request for request in requests}
        told = []
        for answer in answers if isinstance(answers, list) else [answers]:
            request = by_id[answer["id"]]
            altered = alter(request["method"], request.get("params"), answer)
            if altered is None:
                conversation.hang_up()
                return
            told.append(altered)
        conversation.answer(told if isinstance(conversation.body, list) else told[0])

    return behave


def honest(_method: str, _params: Any, answer: dict[str, Any]) -> dict[str, Any]:
    """Changes nothing."""
    return answer
