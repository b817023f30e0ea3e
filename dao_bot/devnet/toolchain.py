"""Finds or installs anvil and the npm packages that carry the real contracts."""

from __future__ import annotations

import hashlib
import json
import os
import platform
import shutil
import subprocess
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from dao_bot.devnet.errors import DevnetError
from dao_bot.devnet.files import Progress, cache_directory, filled_directory, silent
from dao_bot.devnet.npm import npm_command

PACKAGES_DIRECTORY = Path(__file__).parent / "packages"
_ANVIL_PACKAGES = {("Linux", "x86_64"): "@foundry-rs/anvil-linux-amd64"}


@dataclass(frozen=True, slots=True)
class Toolchain:
    """`anvil` is an executable of the pinned version, `packages` a node_modules directory."""

    anvil: Path
    packages: Path


@cache
def anvil_version() -> str:
    """The anvil version that this program was tested with."""
    pinned: dict[str, str] = json.loads((PACKAGES_DIRECTORY / "package.json").read_text())["optionalDependencies"]
    return next(iter(pinned.values()))


@cache
def packages_key() -> str:
    """Names the exact set of npm packages: a hash of their lock file."""
    return hashlib.sha256((PACKAGES_DIRECTORY / "package-lock.json").read_bytes()).hexdigest()[:16]


def ensure_toolchain(progress: Progress | None = None) -> Toolchain:
    """The tools, installed into the cache directory if this is the first time. Safe in several processes at once.

    anvil is looked for in `$ANVIL` (any version), on PATH (the pinned version only), then in the cache.

    Raises:
        DevnetError: a package cannot be installed, or there is no anvil for this platform.
    """
    report = progress or silent
    target = cache_directory() / "npm" / packages_key()
    filled_directory(
        target,
        lambda staging: _install_packages(staging, report),
        waiting=lambda: report("Waiting for another process that is installing the contracts"),
    )
    packages = target / "node_modules"
    return Toolchain(anvil=_find_anvil(packages), packages=packages)


def _find_anvil(packages: Path) -> Path:
    if named := os.environ.get("ANVIL"):
        if not os.access(named, os.X_OK):
            raise DevnetError(
                "the environment variable ANVIL does not name an executable",
                value=named,
                next_step="Correct it, or unset it to use the pinned anvil",
            )
        return Path(named)
    if (on_path := shutil.which("anvil")) and _version_of(on_path) == anvil_version():
        return Path(on_path)
    system = (platform.system(), platform.machine())
    package = _ANVIL_PACKAGES.get(system)
    if package is None or not (packages / package / "bin" / "anvil").exists():
        raise DevnetError(
            "no anvil is pinned for this platform",
            value=" ".join(system),
            limit=", ".join(" ".join(known) for known in _ANVIL_PACKAGES),
            next_step=f"Install Foundry's anvil {anvil_version()} and put it on PATH, or name it in ANVIL",
        )
    return packages / package / "bin" / "anvil"


def _version_of(anvil: str) -> str | None:
    answer = subprocess.run([anvil, "--version"], capture_output=True, text=True, check=False, timeout=20)
    words = answer.stdout.split()
    return words[2].partition("-")[0] if answer.returncode == 0 and len(words) > 2 else None


def _install_packages(staging: Path, report: Progress) -> None:
    for name in ("package.json", "package-lock.json"):
        shutil.copy(PACKAGES_DIRECTORY / name, staging / name)
    npm = npm_command(report)
    report("Downloading anvil and the contracts (30 MB, once)")
    # --legacy-peer-deps: the packages name whole development kits as peers; only their artifacts are wanted here.
    arguments = ["ci", "--ignore-scripts", "--legacy-peer-deps", "--no-audit", "--no-fund", "--loglevel=error"]
    answer = subprocess.run([*npm, *arguments], cwd=staging, capture_output=True, text=True, check=False)
    if answer.returncode != 0:
        raise DevnetError(
            f"npm could not install the contracts: {answer.stderr.strip()[-1500:] or answer.stdout.strip()[-1500:]}",
            next_step="Check the network and the npm settings (proxy, registry), then run the same command again",
        )
