"""Secrets that stand where they must not: found in the file, and kept out of every message."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit

_HEX_KEY = re.compile(r"(?<![0-9A-Za-z])(?:0[xX])?[0-9a-fA-F]{64}(?![0-9A-Za-z])")
_EXTENDED_KEY = re.compile(r"(?<![0-9A-Za-z])[xyz]prv[1-9A-HJ-NP-Za-km-z]{100,}")
_WORD = re.compile(r"[A-Za-z]+")
_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://[^\s'\"<>`]+")
_SHORTEST_MNEMONIC = 12
_WIDEST_GAP = 16


@dataclass(frozen=True, slots=True)
class Leak:
    """A secret that stands in the text, from `start` to `end`. It holds no part of it."""

    start: int
    end: int
    what: str

    @property
    def is_hex(self) -> bool:
        """32 bytes in hex can also be a harmless hash; whoever knows where it stands decides."""
        return self.what == "a private key"


def leaks(text: str) -> Iterator[Leak]:
    """Every private key, extended key and BIP-39 phrase of twelve words or more in `text`."""
    for match in _HEX_KEY.finditer(text):
        yield Leak(match.start(), match.end(), "a private key")
    for match in _EXTENDED_KEY.finditer(text):
        yield Leak(match.start(), match.end(), "an extended private key")
    for start, end in _phrases(text):
        yield Leak(start, end, "a recovery phrase")


def _phrases(text: str) -> Iterator[tuple[int, int]]:
    """Runs of at least twelve BIP-39 words with nothing but short gaps between them (a list's dashes, numbers)."""
    words = _bip39_words()
    count, start, end = 0, 0, 0
    for match in _WORD.finditer(text):
        known = match.group().lower() in words
        if known and count and match.start() - end <= _WIDEST_GAP:
            count, end = count + 1, match.end()
            continue
        if count >= _SHORTEST_MNEMONIC:
            yield start, end
        count, start, end = int(known), match.start(), match.end()
    if count >= _SHORTEST_MNEMONIC:
        yield start, end


@cache
def _bip39_words() -> frozenset[str]:
    return frozenset((Path(__file__).parent / "bip39_english.txt").read_text(encoding="ascii").split())


def redact(text: str) -> str:
    """`text` without what may be secret: keys, recovery phrases, and all of a URL but its scheme and host."""
    for leak in sorted(leaks(text), key=lambda leak: leak.start, reverse=True):
        text = f"{text[: leak.start]}(not shown){text[leak.end :]}"
    return _URL.sub(lambda match: _redacted_url(match.group()), text)


def _redacted_url(url: str) -> str:
    try:
        parts = urlsplit(url)
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        return f"{url.partition('://')[0]}://(not shown)"
    if parts.scheme.startswith("sqlite"):
        return url
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname or ""
    rest = "/(not shown)" if parts.path not in ("", "/") or parts.query or parts.fragment else ""
    return f"{parts.scheme}://{host}{port}{rest}"
