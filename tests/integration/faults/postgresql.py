"""A PostgreSQL server of a test's own, to be restarted in the middle of things."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

USER = "postgres"


class Cluster:
    """One server on a free port of this machine, without a password, that does not wait for the disk."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self._port = free.getsockname()[1]
        self._run("initdb", "-D", str(directory), "-A", "trust", "-U", USER, "--no-sync")
        with (directory / "postgresql.conf").open("a") as settings:
            settings.write(f"port = {self._port}\nlisten_addresses = '127.0.0.1'\nfsync = off\n")
            settings.write("unix_socket_directories = ''\nshared_buffers = 16MB\nmax_connections = 20\n")

    @property
    def url(self) -> str:
        return f"postgresql://{USER}@127.0.0.1:{self._port}/postgres"

    def start(self) -> None:
        self._run("pg_ctl", "start", "-w", "-D", str(self._directory), "-l", str(self._directory / "log"))

    def stop(self, mode: str = "immediate") -> None:
        """`immediate` is as if the machine lost its power."""
        self._run("pg_ctl", "stop", "-w", "-m", mode, "-D", str(self._directory))

    def _run(self, *command: str) -> None:
        user = USER if os.geteuid() == 0 else None
        subprocess.run(command, check=True, user=user, cwd="/", capture_output=True, timeout=60)


@contextmanager
def own_cluster() -> Iterator[Cluster]:
    """Running; skips the test where the server's programs are not installed."""
    if shutil.which("initdb") is None or shutil.which("pg_ctl") is None:
        pytest.skip("initdb and pg_ctl of PostgreSQL are not on the PATH")
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name) / "data"
        directory.mkdir(mode=0o700)
        if os.geteuid() == 0:
            shutil.chown(name, USER)
            shutil.chown(directory, USER)
        cluster = Cluster(directory)
        cluster.start()
        try:
            yield cluster
        finally:
            cluster.stop()
