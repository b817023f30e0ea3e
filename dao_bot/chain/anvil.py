"""An anvil process of one's own, spoken to over its Unix socket, that ends with its parent whatever happens to that."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import tempfile
import time
import weakref
from collections.abc import Sequence
from pathlib import Path

from dao_bot.domain.errors import BadInput, ChainError

_START_SECONDS = 30.0

# Waits until the parent's end of the pipe closes, as it does even when the parent is killed.
_WATCHDOG = 'read -r _; kill -9 "$1" 2>/dev/null; rm -rf "$2"'


class AnvilProcess:
    """A running anvil. Ends with `stop`, when it is garbage collected, or with this process.

    Attributes:
        ipc: its Unix socket.
        pid: its process id.

    Raises:
        BadInput: the executable cannot be started.
        ChainError: it ends at once, or does not open its socket in time.
    """

    def __init__(self, executable: Path, arguments: Sequence[str] = ()) -> None:
        directory = Path(tempfile.mkdtemp(prefix="dao-bot-fork-"))
        self.ipc = directory / "anvil.ipc"
        command = [str(executable), f"--ipc={self.ipc}", "--port=0", "--silent", *arguments]
        # anvil caches forked state under its home by block number: a reorganised block would be read from there.
        environment = {**os.environ, "HOME": str(directory)}
        try:
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                cwd=directory,
                env=environment,
                start_new_session=True,
            )
        except OSError as error:
            shutil.rmtree(directory, ignore_errors=True)
            raise BadInput(
                f"anvil cannot be started: {error.strerror}",
                value=executable,
                next_step="Install it, or name another one; it is needed to simulate on a local fork",
            ) from error
        self.pid = process.pid
        watchdog = subprocess.Popen(
            ["/bin/sh", "-c", _WATCHDOG, "sh", str(self.pid), str(directory)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        self._process = process
        self._end = weakref.finalize(self, _end, process, watchdog, directory)
        self._wait()

    def is_running(self) -> bool:
        """Whether the process is alive."""
        return self._process.poll() is None

    def stop(self) -> None:
        """End the process. Stopping twice does no harm."""
        self._end()

    def _wait(self) -> None:
        deadline = time.monotonic() + _START_SECONDS
        while time.monotonic() < deadline and self.is_running():
            with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX) as probe:
                probe.connect(str(self.ipc))
                return
            time.sleep(0.003)
        ended = not self.is_running()
        self.stop()
        raise ChainError(
            "anvil ended at its start" if ended else "anvil did not start",
            limit=f"{_START_SECONDS:.0f} s",
            next_step="Run it by hand to see what it says",
        )


def _end(process: subprocess.Popen[bytes], watchdog: subprocess.Popen[bytes], directory: Path) -> None:
    # The watchdog goes first: after anvil is reaped its process id may belong to somebody else.
    watchdog.kill()
    watchdog.wait()
    if watchdog.stdin is not None:
        watchdog.stdin.close()
    process.kill()
    process.wait()
    shutil.rmtree(directory, ignore_errors=True)
