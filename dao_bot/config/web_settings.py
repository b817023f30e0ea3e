"""The section `web` of strategies.yaml."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import AfterValidator, Field, PlainValidator, WithJsonSchema

from dao_bot.config.fields import FlagField
from dao_bot.fields import IntField, Settings

_ORIGIN = re.compile(r"(https?)://([a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?)(?::[1-9][0-9]{0,4})?")
_LISTEN = re.compile(r"([0-9.]{7,15}|\[[0-9a-f:]{2,39}\]|localhost):([0-9]{1,5})")
_THIS_MACHINE = ("127.0.0.1", "localhost")


def _origin(value: str) -> str:
    found = _ORIGIN.fullmatch(value)
    if found is None:
        raise ValueError("write scheme and host as browsers show them, such as https://vote.example.org")
    if found[1] == "http" and found[2] not in _THIS_MACHINE:
        raise ValueError("only a page on this machine goes without TLS; write https://…")
    if value.endswith((":443", ":80")):
        raise ValueError("leave the default port out, as browsers do")
    return value


@dataclass(frozen=True, slots=True)
class Listen:
    """An address and a port of this machine."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def _listen(value: Any) -> Listen:
    if isinstance(value, Listen):
        return value
    found = _LISTEN.fullmatch(value) if isinstance(value, str) else None
    if found is None or int(found[2]) > 65_535:
        raise ValueError("write an address and a port of this machine, such as 127.0.0.1:8787")
    return Listen(found[1].strip("[]"), int(found[2]))


OriginField = Annotated[
    str,
    AfterValidator(_origin),
    WithJsonSchema({"type": "string", "description": "an origin", "examples": ["https://vote.example.org"]}),
]
ListenField = Annotated[
    Listen,
    PlainValidator(_listen),
    WithJsonSchema({"type": "string", "description": "an address and a port", "examples": ["127.0.0.1:8787"]}),
]


class WebSettings(Settings):
    """The wallet page, where people link wallets and sign; it has no key.

    Attributes:
        origin: the page's origin as browsers show it; signed messages name it. TLS is the reverse proxy's.
        listen: where the page itself listens, for the reverse proxy in front of it.
        proxies: how many reverse proxies stand in front, each of which appends to X-Forwarded-For; limits on one
            client count by it. 0 where browsers connect directly.
        own_process: `dao-bot web` serves the page; otherwise `dao-bot run` does, in the process of the keeper's key.
    """

    origin: OriginField
    listen: ListenField = Listen("127.0.0.1", 8787)
    proxies: Annotated[IntField, Field(ge=0, le=4)] = 1
    own_process: FlagField = True
