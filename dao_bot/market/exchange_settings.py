"""What strategies.yaml says about exchanges."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, StrictBool, WithJsonSchema

from dao_bot.fields import DurationField, Settings
from dao_bot.market.pair import PairField
from dao_bot.suggest import did_you_mean

_ID = re.compile(r"[a-z0-9]+")
_THIS_MACHINE = ("127.0.0.1", "localhost", "::1")


@cache
def known_exchanges() -> tuple[str, ...]:
    """The exchanges that ccxt can speak to, by its names for them; ccxt itself, which is large, is not imported."""
    spec = find_spec("ccxt")
    assert spec is not None, "ccxt is a dependency of this program"
    folders = [Path(folder) for folder in spec.submodule_search_locations or ()]
    found = {path.stem for folder in folders for path in folder.glob("*.py") if _ID.fullmatch(path.stem)}
    return tuple(sorted(found))


def _exchange(name: str) -> str:
    if name not in known_exchanges():
        raise ValueError(f"ccxt knows no exchange `{name}`. {did_you_mean(name, known_exchanges())}".strip())
    return name


def _url(text: str) -> str:
    try:
        parts = urlsplit(text)
        host = parts.hostname
    except ValueError:
        parts, host = urlsplit(""), None
    if not host or parts.scheme not in ("https", "http") or (parts.scheme == "http" and host not in _THIS_MACHINE):
        raise ValueError("not a URL that can be used: https://…, or http:// of this machine")
    if parts.username is not None or parts.password is not None:
        raise ValueError("a URL with a password in it; public market data needs none")
    return text


ExchangeField = Annotated[
    str,
    AfterValidator(_exchange),
    WithJsonSchema({"type": "string", "description": "the name that ccxt has for an exchange", "examples": ["kraken"]}),
]
UrlField = Annotated[
    str,
    AfterValidator(_url),
    WithJsonSchema({"type": "string", "description": "a URL", "examples": ["https://api.kraken.com"]}),
]


@dataclass(frozen=True, slots=True)
class Access:
    """How an exchange is reached: ccxt's name for it, URLs instead of ccxt's own, seconds for one answer."""

    exchange: str
    urls: tuple[tuple[str, str], ...]
    timeout: int


class ExchangeSettings(Settings):
    """An exchange, of which only public market data is asked. All that name the same one share its rate limit."""

    exchange: ExchangeField = Field(description="the exchange")
    urls: Mapping[str, UrlField] = Field(
        default={}, description="instead of ccxt's own URLs, by ccxt's names for them, such as `public`: for a mirror"
    )
    timeout: DurationField = Field(default=10, gt=0, le=120, description="for one request and its whole answer")

    @property
    def access(self) -> Access:
        """Only how it is reached, without what a kind of source adds."""
        return Access(self.exchange, tuple(sorted(self.urls.items())), self.timeout)


class ExchangeCandles(ExchangeSettings):
    """Candles of one pair from one exchange, kept for good once they have closed."""

    pair: PairField = Field(description="the pair under which strategies ask for them, such as USDC/USDT")
    market: PairField | None = Field(default=None, description="the exchange's own name of the market; the pair")
    interval: DurationField = Field(
        gt=0, le=86_400, description="length of the candles that are asked for; coarser ones are made from them"
    )
    invert: StrictBool = Field(default=False, description="the market is the pair turned round")

    @property
    def symbol(self) -> str:
        """The market at the exchange."""
        return self.market or self.pair
