"""A signer in a process of its own, with its own configuration and record; and a keeper without keys."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.integration.engine.kit import KEEPER_VARIABLE, SIGNER_VARIABLE, write_config

if TYPE_CHECKING:
    from dao_bot.devnet import Anvil, World

Change = Callable[[dict[str, Any]], object]
Start = Callable[..., "subprocess.Popen[str]"]
"""Starts one: arguments of the command, `change` to its configuration, `at` which socket."""


@contextmanager
def signers(directory: Path, anvil: Anvil, world: World, socket_path: Path) -> Iterator[Start]:
    """They are gone afterwards."""
    started: list[subprocess.Popen[str]] = []
    directory.mkdir()

    def start(*arguments: object, change: Change | None = None, at: Path = socket_path) -> subprocess.Popen[str]:
        config = write_config(directory, anvil.url, change)
        command = [sys.executable, "-m", "dao_bot.app.main", "signer", "-c", config, "--socket", at, *arguments]
        keys = {KEEPER_VARIABLE: world.keeper_key, SIGNER_VARIABLE: world.module_signer_key}
        pipes: Any = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
        at.unlink(missing_ok=True)
        started.append(subprocess.Popen([*map(str, command)], **pipes, text=True, env={**os.environ, **keys}))
        deadline = time.monotonic() + 60
        while not at.is_socket() and started[-1].poll() is None and time.monotonic() < deadline:
            time.sleep(0.05)
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.wait()
        if process.stdout is not None:
            process.stdout.close()


def keeper_config(socket_path: Path, change: Change | None = None) -> Change:
    """The same configuration with the socket in place of keys."""

    def through_the_signer(data: dict[str, Any]) -> None:
        if change is not None:
            change(data)
        data["treasury"]["keeper"]["signer"] = str(socket_path)
        del data["treasury"]["keeper"]["key"]
        data.get("routes", {}).get("module", {}).pop("key", None)

    return through_the_signer
