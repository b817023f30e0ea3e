"""ABI and creation code out of the JavaScript factories that typechain writes."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from dao_bot.devnet.errors import DevnetError

_KEY = re.compile(r"(\n\s*)(\w+):")
_TRAILING_COMMA = re.compile(r",(\s*[\]}])")
_CODE = re.compile(r'_bytecode = "0x([0-9a-fA-F_$]+)"')


def read_factory(path: Path) -> tuple[list[dict[str, Any]], str]:
    """ABI, and creation code as hex digits with placeholders for libraries that are not linked.

    Raises:
        DevnetError: the file is not there, or is written otherwise.
    """
    try:
        source = path.read_text()
        begin = source.index("_abi = [") + len("_abi = ")
        literal = source[begin : source.index("];", begin) + 1]
        abi: list[dict[str, Any]] = json.loads(_TRAILING_COMMA.sub(r"\1", _KEY.sub(r'\1"\2":', literal)))
        found = _CODE.search(source)
    except (OSError, ValueError) as error:
        raise DevnetError(
            "a contract cannot be read from the installed npm packages",
            value=path,
            next_step="Remove the directory of the npm packages in the cache; it is installed anew",
        ) from error
    if found is None:
        raise DevnetError("a contract in the installed npm packages has no code", value=path)
    return abi, found.group(1)
