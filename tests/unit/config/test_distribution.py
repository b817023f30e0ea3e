"""The program refuses to start with somebody else's package of the same name, and says where it lies."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from dao_bot import distribution
from dao_bot.distribution import check_distribution
from dao_bot.domain.errors import BadInput


def start(directory: Path) -> subprocess.CompletedProcess[str]:
    """As `python -c` or `python -m` does, which look in the working directory first."""
    script = (
        "from dao_bot.distribution import check_distribution\nfrom dao_bot.domain.errors import BadInput\n"
        "try:\n    check_distribution()\nexcept BadInput as error:\n    print(error)"
    )
    return subprocess.run([sys.executable, "-c", script], cwd=directory, capture_output=True, text=True, check=True)


def test_own_packages_are_accepted() -> None:
    check_distribution()


@pytest.mark.parametrize("package", ["strategies", "governance"])
def test_package_that_shadows_ours_is_refused_by_its_path(package: str, tmp_path: Path) -> None:
    foreign = tmp_path / package
    foreign.mkdir()
    (foreign / "__init__.py").write_text("raise RuntimeError('imported')")
    answer = start(tmp_path)
    assert f"another distribution's package `{package}` stands before dao-bot's own; got {foreign}" in answer.stdout


def test_package_that_another_distribution_overwrote_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(distribution, "_recorded_hashes", lambda: {"strategies/__init__.py": "not-its-hash"})
    with pytest.raises(BadInput, match="`strategies` was overwritten by another distribution"):
        check_distribution()


def test_hash_is_written_as_installers_record_it(tmp_path: Path) -> None:
    (tmp_path / "empty").write_bytes(b"")
    assert distribution._record_hash(tmp_path / "empty") == "47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU"
