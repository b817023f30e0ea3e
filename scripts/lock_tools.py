"""Writes the small lock files: uv itself, Node for machines without npm, and the npm packages of the devnet."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
UV = ROOT / ".tools" / "uv" / "bin" / "uv"
PACKAGES = ROOT / "dao_bot" / "devnet" / "packages"
WHEELS = (ROOT / "scripts" / "uv-requirements.txt", PACKAGES / "node-requirements.txt")


def lock_wheel(path: Path, upgrade: bool) -> None:
    """Rewrite a requirements file of one package with the hashes of all its wheels."""
    comment, _, pins = path.read_text().partition("\n")
    pin = pins.split()[0]
    wanted = re.split("==", pin)[0] if upgrade else pin
    options = ["--universal", "--generate-hashes", "--no-header", "--no-annotate", "--python-version=3.11", "--quiet"]
    answer = subprocess.run(
        [UV, "pip", "compile", *options, "-"], input=wanted, capture_output=True, text=True, check=True
    )
    path.write_text(f"{comment}\n{answer.stdout}")


def lock_npm() -> None:
    """Rewrite package-lock.json: integrity hashes, but no address of any registry."""
    from dao_bot.devnet.npm import npm_command

    with tempfile.TemporaryDirectory() as directory:
        for name in ("package.json", "package-lock.json"):
            Path(directory, name).write_bytes((PACKAGES / name).read_bytes())
        options = ["--package-lock-only", "--ignore-scripts", "--legacy-peer-deps", "--omit-lockfile-registry-resolved"]
        subprocess.run([*npm_command(print), "install", *options, "--no-audit", "--no-fund"], cwd=directory, check=True)
        lock = json.loads(Path(directory, "package-lock.json").read_text())
    (PACKAGES / "package-lock.json").write_text(json.dumps(lock, indent=2) + "\n")


def main() -> None:
    for path in WHEELS:
        lock_wheel(path, upgrade="--upgrade" in sys.argv)
    lock_npm()


if __name__ == "__main__":
    main()
