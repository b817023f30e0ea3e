"""What the page may send: small, typed, and nothing besides."""

from __future__ import annotations

from typing import Annotated, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from dao_bot.domain.errors import BadInput
from governance.wallets.signatures import LONGEST_SIGNATURE

LARGEST_BODY = 2 * LONGEST_SIGNATURE + 16_384
"""Bytes: the longest signature in hex, and all else."""

Text = Annotated[str, Field(max_length=100)]
Number = Annotated[int, Field(ge=0, le=2**32 - 1)]


class Body(BaseModel):
    """Base: numbers are no texts, and an unknown key is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Opening(Body):
    """The token of a link."""

    token: Text


class Look(Body):
    """Nothing: what to show follows from the session."""


class Offer(Body):
    """Which wallet is about to sign; for a vote, also what; for a delegation, to whom."""

    wallet: Text
    choice: Number | Annotated[list[Number], Field(max_length=100)] | dict[Text, Number] | None = None
    to: Text = ""
    reason: Annotated[str, Field(max_length=500)] = ""


class Signed(Body):
    """The wallet's signature over what was offered last."""

    signature: Annotated[str, Field(max_length=2 * LONGEST_SIGNATURE + 2)]


B = TypeVar("B", bound=Body)


def read_body(kind: type[B], raw: bytes) -> B:
    """`raw` as a body.

    Raises:
        BadInput: it is no JSON, or has other fields.
    """
    try:
        return kind.model_validate_json(raw)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        place = ".".join(str(part) for part in first["loc"])[:80]
        raise BadInput(f"the request is malformed: {first['msg']}", value=ascii(place) if place else None) from None
