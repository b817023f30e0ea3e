"""Runs snapshot.js, which counts most DAOs' votes today. Installed into the cache on first use; only for comparison."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from dao_bot.devnet.files import cache_directory, filled_directory
from dao_bot.devnet.npm import npm_command

DIRECTORY = Path(__file__).parent / "snapshot"


def version() -> str:
    """The version of snapshot.js."""
    dependencies: dict[str, str] = json.loads((DIRECTORY / "package.json").read_text())["dependencies"]
    return dependencies["@snapshot-labs/snapshot.js"]


def run(script: str, *arguments: str, standard_input: str | None = None) -> str:
    """Standard output of a script beside this file, which is given node_modules and then the arguments."""
    modules = str(_installed() / "node_modules")
    # The votes of a large ballot as JavaScript objects need more than Node's default heap.
    command = [_node(), "--max-old-space-size=8192", str(DIRECTORY / script), modules, *arguments]
    return subprocess.run(command, input=standard_input, capture_output=True, text=True, check=True).stdout


def tallies(directory: Path, ballots: list[dict[str, Any]]) -> dict[str, tuple[list[float], float]]:
    """Scores and seconds by name; see tally.js for what a ballot is."""
    manifest = directory / "ballots.json"
    manifest.write_text(json.dumps(ballots))
    lines = map(json.loads, run("tally.js", str(manifest)).splitlines())
    return {line["name"]: (line["scores"], line["seconds"]) for line in lines}


def _node() -> str:
    npm = npm_command(_report)
    node = npm[0] if len(npm) > 1 else shutil.which("node")
    if node is None:
        raise SystemExit("There is an npm but no node: install Node")
    return node


def _installed() -> Path:
    lock = (DIRECTORY / "package-lock.json").read_bytes()
    target = cache_directory() / "snapshot" / hashlib.sha256(lock).hexdigest()[:16]
    return filled_directory(target, _install, waiting=lambda: _report("Waiting for another process"))


def _install(staging: Path) -> None:
    for name in ("package.json", "package-lock.json"):
        shutil.copy(DIRECTORY / name, staging / name)
    _report(f"Downloading snapshot.js {version()} (once)")
    arguments = ["ci", "--ignore-scripts", "--legacy-peer-deps", "--no-audit", "--no-fund", "--loglevel=error"]
    subprocess.run([*npm_command(_report), *arguments], cwd=staging, check=True, stdout=sys.stderr)


def _report(line: str) -> None:
    print(line, file=sys.stderr)
