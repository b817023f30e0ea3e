"""Hostile text made harmless, and numbers, times and hashes as people read them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from datetime import UTC, datetime

from dao_bot.domain.addresses import Address
from dao_bot.domain.moments import LAST_REPRESENTABLE_SECOND, replace_moments
from dao_bot.domain.tokens import Token
from dao_bot.domain.units import WAD, format_ratio, format_units, to_decimal

SHORT = 80
LINE = 200
PARAGRAPH = 600

_REPLACEMENT = "\N{REPLACEMENT CHARACTER}"
_HIDING_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Co", "Cn"})
_INVISIBLE = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")
_LONGEST_MARK_RUN = 2
_MOST_WHOLE_DIGITS = 15
_ADDRESS = re.compile(r"\b0x[0-9a-fA-F]{40}\b")


def clean(text: object, limit: int = LINE) -> str:
    """One line without anything that hides, reorders or breaks out, at most `limit` characters and a note.

    Control, format (bidirectional overrides, zero-width), surrogate, private and unassigned characters, and letters
    that look like nothing, become U+FFFD, so that the reader sees that something was hidden. Stacks of combining
    marks are cut. Markup is left as it is: every renderer shows text as text.
    """
    raw = text if isinstance(text, str) else str(text)
    hidden = max(len(raw) - limit, 0)
    shown: list[str] = []
    marks = 0
    for character in raw[:limit]:
        category = unicodedata.category(character)
        marks = marks + 1 if category in {"Mn", "Me"} else 0
        if marks > _LONGEST_MARK_RUN:
            continue
        if character.isspace():
            shown.append(" ")
        elif category in _HIDING_CATEGORIES or character in _INVISIBLE:
            shown.append(_REPLACEMENT)
        else:
            shown.append(character)
    line = re.sub(" {2,}", " ", "".join(shown)).strip()
    return f"{line}… ({hidden:,} more characters)" if hidden else line


def short_hash(value: str) -> str:
    """`0x12345678…9abc`; the full one stands elsewhere on the same card."""
    return value if len(value) <= 18 else f"{value[:10]}…{value[-4:]}"


def short_address(address: Address | str) -> str:
    """`0x123456…7890`."""
    return address if len(address) <= 16 else f"{address[:8]}…{address[-4:]}"


def named(address: Address | str, label: str | None) -> str:
    """The label with the short address, or the whole address when nobody named it."""
    return f"{label} ({short_address(address)})" if label else str(address)


def short_addresses(text: str) -> str:
    """The text with every whole address in its short form; for tables that show the whole one elsewhere."""
    return _ADDRESS.sub(lambda match: short_address(match.group()), text)


def with_labels(text: str, labels: Mapping[str, str]) -> str:
    """The text with every address that somebody labelled under its label; others stay whole."""
    return _ADDRESS.sub(lambda match: named(match.group(), labels.get(match.group())), text)


def utc(at: int) -> str:
    """`2026-11-20 21:07 UTC`, or the bare number when no calendar reaches that far."""
    if not 0 <= at <= LAST_REPRESENTABLE_SECOND:
        return f"second {at} of the epoch"
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M UTC")


def with_moments(text: str, now: int | None) -> str:
    """The text with every moment in it as `2026-11-20 21:07 UTC (in 12 h)`; without the remark when `now` is None."""

    def worded(at: int) -> str:
        if now is None:
            return utc(at)
        away = duration(at - now)
        return f"{utc(at)} ({f'in {away}' if at > now else f'{away} ago'})"

    return replace_moments(text, worded)


def duration(seconds: int) -> str:
    """The two largest units: `2 d 3 h`, `11 h 58 min`, `40 s`."""
    left = abs(seconds)
    parts: list[str] = []
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min"), (1, "s")):
        count, left = divmod(left, size)
        if count:
            parts.append(f"{count:,} {unit}")
        if len(parts) == 2 or (parts and not count):
            break
    return " ".join(parts) or "0 s"


def number(units: int, decimals: int, places: int = 2, *, signed: bool = False) -> str:
    """Base units for people; beyond a million billions in powers of ten; `signed` writes the plus too."""
    sign = "+" if signed and units > 0 else ""
    if len(str(abs(units))) - decimals > _MOST_WHOLE_DIGITS:
        return f"{sign}{to_decimal(units, decimals):.3e}"
    return sign + format_units(units, decimals, places)


def places_for(price: int | None) -> int:
    """Decimal places of an amount whose whole token is worth `price` (WAD): about a cent's worth, 2 to 6."""
    if price is None:
        return 4
    return 6 if price >= 10_000 * WAD else 4 if price >= 50 * WAD else 2


def amount(token: Token, units: int, price: int | None = WAD, *, signed: bool = False) -> str:
    """`182,000.00 USDT`."""
    return f"{number(units, token.decimals, places_for(price), signed=signed)} {token.symbol}"


def usd(value: int | None, *, signed: bool = False, places: int = 2) -> str:
    """`1,234.50 USD`; `no price` for None."""
    return "no price" if value is None else f"{number(value, 18, places, signed=signed)} USD"


def short_limit(limit: str) -> str:
    """`at most 35 %` as `≤ 35 %`."""
    return limit.replace("at most ", "≤ ").replace("at least ", "≥ ")


def rate(price: int | None) -> str:
    """The price of one whole token in USD, with six places, or two when it is a large one; `none` for None."""
    return "none" if price is None else number(price, 18, 2 if price >= 100 * WAD else 6)


def percent(ratio: int | None) -> str:
    """A WAD ratio as `12.5 %`, rounded half up; what is too small for that says so; `?` for None."""
    if ratio is None:
        return "?"
    return "< 0.1 %" if 0 < ratio < WAD // 2_000 else format_ratio(ratio, 1)


def bps(ratio: int, *, signed: bool = False) -> str:
    """A WAD ratio as `4.6 bps`, rounded half away from zero to a tenth."""
    tenths = (abs(ratio) * 100_000 + WAD // 2) // WAD
    sign = "-" if ratio < 0 and tenths else "+" if signed and tenths else ""
    return f"{sign}{tenths // 10:,}.{tenths % 10} bps"


def plain_value(value: float | int | str, unit: str) -> str:
    """A named number of the evidence: grouped, four significant digits when small, with its unit."""
    if isinstance(value, (bool, str)):
        shown = clean(value)
    elif isinstance(value, int):
        shown = number(value, 0)
    else:
        shown = f"{value:,.2f}" if 100 <= abs(value) < 10**_MOST_WHOLE_DIGITS else f"{value:.4g}"
    unit = clean(unit, SHORT)
    return f"{shown} {unit}" if unit else shown
