"""Fails when a tracked file names a package registry's host or a directory of somebody's machine."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
# Written in parts, so that this file passes its own check.
HOSTS = ("py" + "pi.org", "python" + "hosted.org", "registry." + "npm", "npm" + "js.", "yarn" + "pkg.com")
DIRECTORIES = ("home", "root", "work", "Users", "builds")
FORBIDDEN = re.compile(
    "|".join([*map(re.escape, HOSTS), rf"(?<![\w.~$}}-])/(?:{'|'.join(DIRECTORIES)})/[\w.]"]), re.IGNORECASE
)


def offences(path: Path) -> list[str]:
    """`line: text` of each line of a text file that must not be there."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except UnicodeDecodeError:
        return []
    return [f"{number}: {line.strip()[:160]}" for number, line in enumerate(lines, 1) if FORBIDDEN.search(line)]


def main() -> int:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True)
    found = [
        f"{name}:{offence}"
        for name in listed.stdout.split("\0")
        if name and (ROOT / name).is_file()
        for offence in offences(ROOT / name)
    ]
    for line in found:
        print(line)
    if found:
        print("Remove these: lock files and documents must not depend on one registry or one machine.")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
