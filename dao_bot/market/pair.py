"""Pairs such as `USDC/USDT` in settings."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator

_PAIR = re.compile(r"[A-Za-z0-9.]+/[A-Za-z0-9.]+")


def _pair(value: str) -> str:
    if not _PAIR.fullmatch(value):
        raise ValueError("not a pair: two symbols with a slash are expected, such as USDC/USD")
    return value


PairField = Annotated[str, AfterValidator(_pair)]
"""`USDC/USDT`: the price of one whole USDC in USDT."""
