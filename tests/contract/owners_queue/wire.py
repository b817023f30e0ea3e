"""HTTP on this machine for the stand-in: requests as values, answers, refusals."""

from __future__ import annotations

import json
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import parse_qsl, urlsplit


class Refusal(Exception):
    """An answer with an error status."""

    def __init__(self, status: int, content: Any) -> None:
        super().__init__(status)
        self.status = status
        self.content = content


class Request:
    """One request, and the means to answer it."""

    def __init__(self, handler: BaseHTTPRequestHandler, method: str, body: bytes) -> None:
        parts = urlsplit(handler.path)
        self._handler = handler
        self.method = method
        self.path = parts.path
        self.query = dict(parse_qsl(parts.query, keep_blank_values=True))
        self.headers = handler.headers
        self.body = body

    def json(self) -> dict[str, Any]:
        try:
            content = json.loads(self.body)
        except ValueError:
            raise Refusal(400, {"detail": "JSON parse error"}) from None
        if not isinstance(content, dict):
            raise Refusal(400, {"detail": "not an object"})
        return content

    def answer(self, content: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> None:
        raw = content if isinstance(content, bytes) else b"" if content is None else json.dumps(content).encode()
        self._handler.send_response_only(status)
        told = {"Content-Type": "application/json", "Content-Length": str(len(raw)), **(headers or {})}
        for name, value in told.items():
            self._handler.send_header(name, value)
        self._handler.end_headers()
        try:
            self._handler.wfile.write(raw)
        except OSError:
            self._handler.close_connection = True

    def hang_up(self) -> None:
        self._handler.close_connection = True


class Handler(BaseHTTPRequestHandler):
    """Hands every request to its server's `respond`."""

    protocol_version = "HTTP/1.1"
    timeout = 30
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        self._respond("GET")

    def do_POST(self) -> None:
        self._respond("POST")

    def do_DELETE(self) -> None:
        self._respond("DELETE")

    def _respond(self, method: str) -> None:
        server: Any = self.server
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        server.respond(Request(self, method, body))

    def log_message(self, *_: object) -> None:
        pass
