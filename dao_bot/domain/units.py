"""Fixed-point numbers: ratios, USD values and prices are integers scaled by 1e18 (WAD), never floats."""

from __future__ import annotations

import re
from decimal import Decimal
from fractions import Fraction
from typing import NewType

from dao_bot.domain.errors import BadInput

WAD = 10**18

Ratio = NewType("Ratio", int)
"""A share of one: 1e18 is 100 %."""

Usd = NewType("Usd", int)
"""A value in US dollars: 1e18 is one dollar."""

_NUMBER = r"[+-]?(?:[0-9]+(?:_[0-9]+)*)(?:\.[0-9]+)?"
_RATIO = re.compile(rf"^({_NUMBER})\s*(%|bps?)$")
_USD = re.compile(rf"^({_NUMBER})\s*(k|M|B)?\s*USD$")
_DURATION_PART = re.compile(r"([0-9]+(?:\.[0-9]+)?)\s*(s|min|m|h|d|w)(?![a-z])")
_SECONDS = {"s": 1, "m": 60, "min": 60, "h": 3600, "d": 86_400, "w": 604_800}
_MULTIPLIER = {None: 1, "k": 10**3, "M": 10**6, "B": 10**9}


def _scaled(text: str, scale: int, original: str) -> int:
    scaled = Fraction(text.replace("_", "")) * scale
    if scaled.denominator != 1:
        raise BadInput("more decimal places than can be kept", value=repr(original))
    return scaled.numerator


def parse_ratio(text: str) -> Ratio:
    """`12.5%` or `50bps` as a WAD. A bare number is refused because its unit would be a guess."""
    match = _RATIO.match(text.strip()) if isinstance(text, str) else None
    if match is None:
        raise BadInput("not a ratio", value=repr(text), limit="a number with % or bps, such as 12.5% or 50bps")
    number, unit = match.groups()
    return Ratio(_scaled(number, WAD // 100 if unit == "%" else WAD // 10_000, text))


def parse_usd(text: str) -> Usd:
    """`250000 USD`, `250k USD` or `1.5M USD` as a WAD."""
    match = _USD.match(text.strip()) if isinstance(text, str) else None
    if match is None:
        raise BadInput("not an amount of money", value=repr(text), limit="a number with USD, such as 250000 USD")
    number, suffix = match.groups()
    return Usd(_scaled(number, WAD * _MULTIPLIER[suffix], text))


def parse_duration(text: str) -> int:
    """`90s`, `30m`, `1h 30m`, `2d` or `1w` in whole seconds."""
    compact = text.strip() if isinstance(text, str) else ""
    parts = _DURATION_PART.findall(compact)
    if not parts or _DURATION_PART.sub("", compact).strip():
        raise BadInput("not a duration", value=repr(text), limit="numbers with s, m, h, d or w, such as 1h 30m")
    return sum(_scaled(number, _SECONDS[unit], text) for number, unit in parts)


def parse_amount(text: str, decimals: int) -> int:
    """`5000` or `0.5` whole tokens in base units."""
    compact = text.strip() if isinstance(text, str) else str(text)
    if re.fullmatch(_NUMBER, compact) is None:
        raise BadInput("not an amount", value=repr(text), limit="a number of whole tokens, such as 5000 or 0.5")
    return _scaled(compact, 10**decimals, compact)


def mul_down(a: int, b: int) -> int:
    """WAD product of non-negative numbers, rounded toward zero."""
    return a * b // WAD


def mul_up(a: int, b: int) -> int:
    """WAD product of non-negative numbers, rounded away from zero."""
    return -(-a * b // WAD)


def div_down(a: int, b: int) -> int:
    """WAD quotient of non-negative numbers, rounded toward zero."""
    return a * WAD // b


def div_up(a: int, b: int) -> int:
    """WAD quotient of non-negative numbers, rounded away from zero."""
    return -(-a * WAD // b)


def to_decimal(units: int, decimals: int) -> Decimal:
    """Exact decimal of an integer in base units."""
    digits = tuple(int(digit) for digit in str(abs(units)))
    return Decimal((1 if units < 0 else 0, digits, -decimals))


def format_units(units: int, decimals: int, places: int = 2) -> str:
    """For people: thousands separated, rounded toward zero to `places`; small non-zero values keep four digits."""
    exact = to_decimal(units, decimals)
    if units and abs(exact) < Decimal(1).scaleb(-places):
        return f"{exact:.4g}"
    step = 10 ** max(decimals - places, 0)
    kept = abs(units) // step
    shown = min(places, decimals)
    whole, fraction = divmod(kept, 10**shown)
    sign = "-" if units < 0 else ""
    return f"{sign}{whole:,}.{fraction:0{shown}d}" if shown else f"{sign}{whole:,}"


def format_usd(value: int, places: int = 2) -> str:
    """`1,234.50 USD`, rounded toward zero."""
    return f"{format_units(value, 18, places)} USD"


def format_ratio(value: int, places: int = 2) -> str:
    """`12.50 %`, rounded half up."""
    step = WAD // (100 * 10**places)
    scaled = (abs(value) + step // 2) // step
    whole, fraction = divmod(scaled, 10**places)
    sign = "-" if value < 0 and scaled else ""
    return f"{sign}{whole}.{fraction:0{places}d} %"
