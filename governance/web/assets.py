"""The page's own files, read once when the server starts; nothing else is ever served."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from dao_bot.cards.style import CSS

_TYPES = {".css": "text/css", ".html": "text/html", ".js": "text/javascript"}
_STATIC = Path(__file__).with_name("static")


@dataclass(frozen=True, slots=True)
class Asset:
    """One file."""

    content: bytes
    content_type: str


def page() -> Asset:
    """The document."""
    return _read(_STATIC / "index.html")


def assets() -> dict[str, Asset]:
    """Scripts and styles by name; the cards' own style sheet is among them."""
    files = {path.name: _read(path) for path in sorted(_STATIC.iterdir()) if path.suffix in (".css", ".js")}
    return {"card.css": Asset(CSS.encode(), "text/css"), **files}


def _read(path: Path) -> Asset:
    return Asset(path.read_bytes(), _TYPES[path.suffix])
