"""Start-up check: the packages `dao_bot`, `strategies` and `governance` must come from one distribution.

`strategies` and `governance` are generic names that other distributions use too, and a folder of that name in the
working directory shadows an installed package.
"""

from __future__ import annotations

import base64
import hashlib
import importlib.util
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

import dao_bot
from dao_bot.domain.errors import BadInput

PACKAGES = ("dao_bot", "strategies", "governance")


def check_distribution() -> None:
    """Refuse to start with a foreign package, naming its path. Imports nothing.

    Raises:
        BadInput: a package is missing, lies elsewhere than `dao_bot`, or was overwritten by another distribution.
    """
    root = Path(dao_bot.__file__).resolve().parent.parent
    recorded = _recorded_hashes()
    for package in PACKAGES:
        spec = importlib.util.find_spec(package)
        if spec is None or spec.origin is None:
            raise BadInput(
                f"the package `{package}` is not the one that dao-bot brings",
                value=", ".join(spec.submodule_search_locations or ()) if spec else "nothing",
                limit=root / package,
                next_step="Install dao-bot again, in an environment of its own",
            )
        initial = Path(spec.origin).resolve()
        if initial.parent != root / package:
            raise BadInput(
                f"another distribution's package `{package}` stands before dao-bot's own",
                value=initial.parent,
                limit=root / package,
                next_step="Install dao-bot in an environment of its own, and start it from another directory",
            )
        expected = recorded.get(f"{package}/__init__.py")
        if expected is not None and _record_hash(initial) != expected:
            raise BadInput(
                f"the package `{package}` was overwritten by another distribution",
                value=initial,
                next_step="Install dao-bot again, in an environment of its own",
            )


def _recorded_hashes() -> dict[str, str]:
    """What the installer recorded of each file; empty for a checkout."""
    try:
        files = distribution("dao-bot").files or []
    except PackageNotFoundError:
        return {}
    return {file.as_posix(): file.hash.value for file in files if file.hash is not None and file.hash.mode == "sha256"}


def _record_hash(path: Path) -> str:
    """Base64 without padding, as in RECORD (PEP 376)."""
    return base64.urlsafe_b64encode(hashlib.sha256(path.read_bytes()).digest()).rstrip(b"=").decode()
