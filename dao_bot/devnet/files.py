"""Where downloaded tools and prepared states live, and how two processes share that place."""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from dao_bot.devnet.errors import DevnetError

Progress = Callable[[str], None]
"""Called with one line of text, in the present tense, before each slow step."""


def silent(_line: str) -> None:
    """A progress callback for callers that show nothing."""


def cache_directory() -> Path:
    """`$XDG_CACHE_HOME/dao-bot`, or `~/.cache/dao-bot`; created if missing.

    Raises:
        DevnetError: the directory cannot be created.
    """
    base = os.environ.get("XDG_CACHE_HOME")
    directory = (Path(base) if base else Path.home() / ".cache") / "dao-bot"
    try:
        directory.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DevnetError(
            f"the cache directory cannot be created: {error.strerror}",
            value=directory,
            next_step="Set XDG_CACHE_HOME to a directory that you can write to",
        ) from error
    return directory


def filled_directory(target: Path, fill: Callable[[Path], None], *, waiting: Callable[[], None]) -> Path:
    """`target`, filled by `fill(staging)` if it does not exist yet; never seen half filled, by no process.

    `waiting` is called when another process holds the lock, because its work may take long.
    """
    if target.exists():
        return target
    target.parent.mkdir(parents=True, exist_ok=True)
    with _exclusive(target.with_name(target.name + ".lock"), waiting):
        if target.exists():
            return target
        staging = Path(tempfile.mkdtemp(prefix=f".{target.name}-", dir=target.parent))
        try:
            fill(staging)
            staging.rename(target)
        finally:
            shutil.rmtree(staging, ignore_errors=True)
    return target


@contextmanager
def _exclusive(path: Path, waiting: Callable[[], None]) -> Iterator[None]:
    with path.open("w") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            waiting()
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield
