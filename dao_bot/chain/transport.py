"""One exchange of bytes with a node, over HTTP or a Unix socket, with a size limit and a deadline for all of it."""

from __future__ import annotations

import http.client
import io
import socket
import ssl
import time
import weakref
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import SplitResult


class TransportFailed(Exception):
    """No usable answer came back.

    Attributes:
        stale: a kept connection had been closed by the other side in the meantime.
        too_much: the answer was too large or too slow, so that asking for less may help.
    """

    def __init__(self, problem: str, next_step: str, *, stale: bool = False, too_much: bool = False) -> None:
        super().__init__(problem)
        self.problem = problem
        self.next_step = next_step
        self.stale = stale
        self.too_much = too_much


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back; header names are lowercase. A Unix socket always has status 200."""

    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)


class Transport(Protocol):
    """A way to a node. Threads may share it: each exchange has a connection to itself."""

    def post(self, body: bytes, deadline: float, *, fresh: bool) -> Reply:
        """Send `body`, return the answer. Sends once, never again by itself.

        Args:
            deadline: on `time.monotonic()`; nothing that the other side does delays the return beyond it.
            fresh: open a new connection, so that a failure cannot be a stale one.

        Raises:
            TransportFailed: nothing, too much, or only a part came back.
        """
        ...

    def close(self) -> None:
        """Close the connections that are kept for later exchanges."""
        ...


class HttpTransport:
    """HTTP or HTTPS (certificates are verified) with kept connections. Redirects are not followed."""

    def __init__(self, url: SplitResult, headers: Mapping[str, str], answer_limit: int) -> None:
        self._url = url
        self._target = (url.path or "/") + (f"?{url.query}" if url.query else "")
        self._headers = {"Content-Type": "application/json", "Accept-Encoding": "identity", **headers}
        self._answer_limit = answer_limit
        self._idle: list[http.client.HTTPConnection] = []
        weakref.finalize(self, _close_all, self._idle)

    def post(self, body: bytes, deadline: float, *, fresh: bool) -> Reply:
        kept = None if fresh or not self._idle else self._idle.pop()
        connection = kept or self._new_connection(deadline)
        try:
            if kept is None:
                connection.connect()
            reply, reusable = self._exchange(connection, body, deadline)
        except BaseException as error:
            connection.close()
            if isinstance(error, (OSError, http.client.HTTPException)):
                raise _translated(error, reused=kept is not None) from error
            raise
        if reusable:
            self._idle.append(connection)
        else:
            connection.close()
        return reply

    def close(self) -> None:
        _close_all(self._idle)

    def _new_connection(self, deadline: float) -> http.client.HTTPConnection:
        kind = http.client.HTTPSConnection if self._url.scheme == "https" else http.client.HTTPConnection
        return kind(self._url.hostname or "", self._url.port, timeout=max(deadline - time.monotonic(), 0.001))

    def _exchange(self, connection: http.client.HTTPConnection, body: bytes, deadline: float) -> tuple[Reply, bool]:
        connection.sock.settimeout(_remaining(deadline))
        connection.response_class = _timed_response(deadline)
        connection.request("POST", self._target, body, self._headers)
        with connection.getresponse() as response:
            if response.length is not None and response.length > self._answer_limit:
                raise _too_large(self._answer_limit)
            content = response.read(self._answer_limit + 1)
            if len(content) > self._answer_limit:
                raise _too_large(self._answer_limit)
            if response.length:
                raise _cut_off(content)
            headers = {name.lower(): value for name, value in response.getheaders()}
            return Reply(response.status, content, headers), not response.will_close


class IpcTransport:
    """A node's Unix socket with kept connections; an answer ends where its JSON value ends."""

    def __init__(self, path: Path, answer_limit: int, is_complete: Callable[[bytes], bool]) -> None:
        self._path = path
        self._answer_limit = answer_limit
        self._is_complete = is_complete
        self._idle: list[socket.socket] = []
        weakref.finalize(self, _close_all, self._idle)

    def post(self, body: bytes, deadline: float, *, fresh: bool) -> Reply:
        kept = None if fresh or not self._idle else self._idle.pop()
        connection = kept or socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            connection.settimeout(_remaining(deadline))
            if kept is None:
                connection.connect(str(self._path))
            connection.sendall(body)
            reply = Reply(200, self._read(connection, deadline))
        except BaseException as error:
            connection.close()
            if isinstance(error, OSError):
                raise _translated(error, reused=kept is not None) from error
            raise
        self._idle.append(connection)
        return reply

    def close(self) -> None:
        _close_all(self._idle)

    def _read(self, connection: socket.socket, deadline: float) -> bytes:
        answer = bytearray()
        while len(answer) <= self._answer_limit:
            connection.settimeout(_remaining(deadline))
            part = connection.recv(1 << 18)
            if not part and answer:
                raise _cut_off(answer)
            if not part:
                raise ConnectionResetError
            answer += part
            if part.rstrip()[-1:] in (b"}", b"]") and self._is_complete(bytes(answer)):
                return bytes(answer)
        raise _too_large(self._answer_limit)


class _TimedReader(io.RawIOBase):
    """A socket's incoming bytes; each read gets what is left until the deadline, so a slow drip cannot extend it."""

    def __init__(self, sock: socket.socket, deadline: float) -> None:
        self._socket = sock
        self._raw = sock.makefile("rb", buffering=0)
        self._deadline = deadline

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        self._socket.settimeout(_remaining(self._deadline))
        return self._raw.readinto(buffer)

    def close(self) -> None:
        self._raw.close()
        super().close()

    def makefile(self, _mode: str) -> io.BufferedReader:
        return io.BufferedReader(self)


def _timed_response(deadline: float) -> Any:
    def make(sock: socket.socket, *args: Any, **kwargs: Any) -> http.client.HTTPResponse:
        timed: Any = _TimedReader(sock, deadline)
        return http.client.HTTPResponse(timed, *args, **kwargs)

    return make


def _close_all(connections: list[Any]) -> None:
    while connections:
        connections.pop().close()


def _remaining(deadline: float) -> float:
    remaining = deadline - time.monotonic()
    if remaining <= 0:
        raise TimeoutError
    return remaining


def _too_large(limit: int) -> TransportFailed:
    return TransportFailed(
        f"its answer is larger than {limit} bytes", "Ask for less, or raise the limit", too_much=True
    )


def _cut_off(answer: bytes | bytearray) -> TransportFailed:
    return TransportFailed(f"its answer was cut off after {len(answer)} bytes", "Try again")


_PROBLEMS: tuple[tuple[type[Exception], str, str], ...] = (
    (TimeoutError, "it did not answer in time", "Try again later, use another node, or allow more time"),
    (ConnectionRefusedError, "it refused the connection", "Start it, or correct host and port"),
    (FileNotFoundError, "there is no such socket", "Start the node, or correct the path"),
    (ssl.SSLCertVerificationError, "its certificate is not valid", "Correct the URL; never accept it as it is"),
    (socket.gaierror, "its name cannot be resolved", "Correct the host in the URL, or check the network"),
    (ConnectionError, "it closed the connection without an answer", "Try again"),
    (http.client.HTTPException, "its answer is not HTTP", "Correct the URL"),
)


def _translated(error: Exception, *, reused: bool) -> TransportFailed:
    """The failure in words; a kept connection that breaks without an answer was closed by the other side."""
    stale = reused and isinstance(error, (ConnectionError, ssl.SSLEOFError))
    for kind, problem, next_step in _PROBLEMS:
        if isinstance(error, kind):
            return TransportFailed(problem, next_step, stale=stale, too_much=kind is TimeoutError)
    reason = getattr(error, "strerror", None) or type(error).__name__
    return TransportFailed(f"the connection failed ({reason})", "Check the network and the URL", stale=stale)
