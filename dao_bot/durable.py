"""Files that survive a crash whole, and a lock that several processes can share."""

from __future__ import annotations

import contextlib
import fcntl
import os
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

from dao_bot.domain.errors import Conflict, StoreError
from dao_bot.domain.failpoints import reach

_LOOK_AGAIN = 0.02


def write_durably(path: Path, content: bytes) -> None:
    """Replace the file at `path`: whoever reads it, also after a crash, sees all of the old content or of the new.

    Raises:
        StoreError: it cannot be written.
    """
    temporary = path.with_name(f".{path.name}.{uuid.uuid4().hex[:8]}.tmp")
    try:
        try:
            with temporary.open("xb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            reach(f"file:{path.suffix}:before")
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)
        _sync_directory(path.parent)
    except OSError as error:
        raise StoreError(
            f"a file cannot be written: {error.strerror}", value=path, next_step="Free space, or correct its rights"
        ) from error
    reach(f"file:{path.suffix}:after")


@contextlib.contextmanager
def locked(path: Path, patience: float) -> Iterator[None]:
    """Hold the lock file at `path` alone, among threads and processes; a process that dies lets go of it.

    Args:
        patience: seconds to wait for whoever holds it.

    Raises:
        Conflict: somebody else held it all the time.
        StoreError: the file cannot be opened.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
    except OSError as error:
        raise StoreError(f"a lock file cannot be opened: {error.strerror}", value=path) from error
    try:
        give_up = time.monotonic() + patience
        while not _taken(descriptor):
            if time.monotonic() > give_up:
                raise Conflict(
                    "another process holds these files",
                    value=path.parent,
                    limit=f"{patience:g} s of waiting",
                    next_step="Run again when it has finished",
                )
            time.sleep(_LOOK_AGAIN)
        yield
    finally:
        os.close(descriptor)


def _taken(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _sync_directory(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
