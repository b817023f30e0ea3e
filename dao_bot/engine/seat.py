"""The keeper's seat: one process of a machine works on a record at a time, and a killed one leaves no lock behind."""

from __future__ import annotations

import fcntl
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from dao_bot.domain.errors import Conflict, StoreError

_LOOK_AGAIN = 0.05


class Seat:
    """Who this keeper is, and its right to work now.

    With a file the name belongs to the machine: the system gives the lock back when a process ends, however it ends,
    so whoever has it next goes on at once with what the one before had claimed. Without a file the name must be that
    of one process alone, and what a killed one had claimed is free when its lease ends.

    Args:
        name: of the keeper, in leases, claims and the record.
        file: to lock; made on first use.
        wait: seconds to wait for another process.
    """

    def __init__(self, name: str, file: Path | None = None, wait: float = 5.0) -> None:
        self.name = name
        self._file = file
        self._wait = wait
        self._thread = threading.Lock()

    @property
    def is_one_of_several(self) -> bool:
        """Whether other machines' keepers may work on the same record."""
        return self._file is None

    @contextmanager
    def taken(self) -> Iterator[None]:
        """Alone at work inside. Not to be taken twice by one thread.

        Raises:
            Conflict: another process, or thread, of this machine is at work on the record.
            StoreError: the file cannot be locked.
        """
        if not self._thread.acquire(timeout=self._wait):
            raise Conflict(
                "another thread of this process is at work on this record", next_step="Wait until it is done"
            )
        try:
            with self._locked():
                yield
        finally:
            self._thread.release()

    @contextmanager
    def _locked(self) -> Iterator[None]:
        if self._file is None:
            yield
            return
        try:
            descriptor = os.open(self._file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise StoreError(
                f"the keeper's lock beside the database cannot be opened: {error.strerror}",
                value=self._file,
                next_step="Make the file and its directory writable for this user",
            ) from error
        try:
            self._lock(descriptor, self._file)
            yield
        finally:
            os.close(descriptor)

    def _lock(self, descriptor: int, file: Path) -> None:
        give_up = time.monotonic() + self._wait
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() >= give_up:
                    raise self._occupied(descriptor, file) from None
                time.sleep(_LOOK_AGAIN)
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)

    def _occupied(self, descriptor: int, file: Path) -> Conflict:
        holder = os.pread(descriptor, 32, 0).decode(errors="replace").strip()
        return Conflict(
            "another keeper of this machine is at work on this record",
            value=f"process {holder or 'unknown'}, which holds {file}",
            limit=f"{self._wait:.0f} s of waiting",
            next_step="Wait until it is done, or stop it",
        )
