"""Questions to strategies, each to a worker of its own, forked by a process that has the libraries at hand.

That process (`engine.worker`) is started at the first question, without secrets, and holds nothing but this program's
code and numeric libraries, whose import takes longer than most decisions. It ends when this process ends; when it ended
by itself, the next question starts another.
"""

from __future__ import annotations

import atexit
import json
import os
import select
import signal
import socket
import subprocess
import sys
import threading
import time
from contextlib import ExitStack
from io import FileIO
from typing import Any

from dao_bot.domain.errors import PluginFailed
from dao_bot.engine.worker import LIBRARIES, kill

_ANSWER_LIMIT = 16 * 2**20
_PRINTED_KEPT = 65_536
_GRACE_SECONDS = 5.0
_START = "from dao_bot.engine.worker import main; main()"
_KEPT_ENVIRONMENT = ("PATH", "LANG", "LC_ALL", "TZ", "VIRTUAL_ENV", "SSL_CERT_FILE", "PYTHONDONTWRITEBYTECODE")
_SET_ENVIRONMENT = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "RAYON_NUM_THREADS": "1",
    "JE_ARROW_MALLOC_CONF": "background_thread:false",
    "PYDANTIC_DISABLE_PLUGINS": "__all__",
}


class ForkServer:
    """The process that forks workers. Questions are asked one at a time, whichever thread asks."""

    def __init__(self) -> None:
        self._turn = threading.Lock()
        self._libraries: list[str] = []
        self._running: tuple[subprocess.Popen[bytes], socket.socket] | None = None

    def ask(self, request: bytes, wall_seconds: float, name: str) -> tuple[bytes, int, str]:
        """What a new worker answers to a request, its exit status, and the end of what it printed.

        However it ends, it is killed with its process group. `name` is the strategy's, for messages.

        Raises:
            PluginFailed: it took too long or answered too much, or the process that forks it ended.
        """
        with self._turn, ExitStack() as closing:
            deadline = time.monotonic() + wall_seconds
            (request_out, request_in), (printed_out, printed_in), (answer_out, answer_in) = (
                [closing.enter_context(FileIO(end, mode)) for end, mode in zip(os.pipe(), "rw", strict=True)]
                for _ in range(3)
            )
            control = self._control()
            worker = self._fork(control, (request_out, printed_in, answer_in), deadline, name)
            try:
                answer, printed = _converse(request_in, printed_out, answer_out, memoryview(request), deadline, name)
            finally:
                status = self._end_of(control, worker)
            return answer, status, printed

    def import_once(self, reported: Any) -> None:
        """From the next question on, have at hand what a worker reported to have imported."""
        if isinstance(reported, list):
            self._libraries += [name for name in LIBRARIES if name in reported and name not in self._libraries]

    def end(self) -> None:
        """End the process, with the worker that it may have."""
        if self._running is None:
            return
        (process, control), self._running = self._running, None
        control.close()
        try:
            process.wait(_GRACE_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def _control(self) -> socket.socket:
        if self._running is not None and self._running[0].poll() is not None:
            self.end()
        if self._running is None:
            control, theirs = socket.socketpair()
            with theirs:
                process = subprocess.Popen(
                    [sys.executable, "-I", "-c", _START],
                    stdin=theirs.fileno(),
                    stdout=subprocess.DEVNULL,
                    env={key: os.environ[key] for key in _KEPT_ENVIRONMENT if key in os.environ} | _SET_ENVIRONMENT,
                    start_new_session=True,
                )
            self._running = process, control
        return self._running[1]

    def _fork(self, control: socket.socket, ends: tuple[FileIO, ...], deadline: float, name: str) -> int:
        """The process id of a new worker, which is given the ends."""
        try:
            worker = self._told(control, json.dumps(self._libraries), ends, deadline - time.monotonic())
        except TimeoutError as error:
            raise _too_long(name) from error
        except (OSError, ValueError) as error:
            raise PluginFailed("the process that starts strategies ended", value=name) from error
        for end in ends:
            end.close()
        return worker

    def _end_of(self, control: socket.socket, worker: int) -> int:
        """Its exit status. Until this is told, no other process is given its process id."""
        try:
            return self._told(control, "end", (), _GRACE_SECONDS)
        except (OSError, ValueError):
            kill(worker)
            return -signal.SIGKILL

    def _told(self, control: socket.socket, message: str, ends: tuple[FileIO, ...], seconds: float) -> int:
        """The number that is answered. Where none is, both sides no longer agree on what comes next, so it is ended."""
        told = b""
        try:
            control.settimeout(max(seconds, 0.001))
            socket.send_fds(control, [message.encode()], [end.fileno() for end in ends])
            told = control.recv(16)
            return int(told)
        finally:
            if not told:
                self.end()


def _too_long(name: str) -> PluginFailed:
    return PluginFailed(f"strategy {name} took too long and was ended", limit="its time limit")


def _converse(
    request_in: FileIO, printed_out: FileIO, answer_out: FileIO, pending: memoryview, deadline: float, name: str
) -> tuple[bytes, str]:
    """Feed the request and drain both outputs without ever blocking past the deadline."""
    os.set_blocking(request_in.fileno(), False)
    collected = {answer_out: bytearray(), printed_out: bytearray()}
    reading = [*collected]
    while reading:
        remaining = deadline - time.monotonic()
        if remaining <= 0:
            raise _too_long(name)
        ready, writable, _ = select.select(reading, [request_in] if pending else [], [], remaining)
        if writable:
            pending = _feed(request_in, pending)
        for end in ready:
            chunk = os.read(end.fileno(), 65_536)
            if not chunk:
                reading.remove(end)
            collected[end] += chunk
            if len(collected[answer_out]) > _ANSWER_LIMIT:
                raise PluginFailed(f"strategy {name} answered too much", limit=f"{_ANSWER_LIMIT >> 20} MiB")
            del collected[printed_out][:-_PRINTED_KEPT]
    return bytes(collected[answer_out]), collected[printed_out].decode(errors="replace")


def _feed(request_in: FileIO, pending: memoryview) -> memoryview:
    try:
        rest = pending[os.write(request_in.fileno(), pending[:65_536]) :]
    except BrokenPipeError:
        return pending[:0]
    if not rest:
        request_in.close()
    return rest


server = ForkServer()
"""The one of this process."""
atexit.register(server.end)
