"""What strategies.yaml says about event streams."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field, WithJsonSchema

from dao_bot.chain.streams.event import parse_event
from dao_bot.domain.errors import BadInput
from dao_bot.fields import AddressField, IntField, Settings

_EXAMPLE = "Transfer(address indexed from, address indexed to, uint256 value)"


def _event(text: str) -> str:
    try:
        return str(parse_event(text))
    except BadInput as error:
        raise ValueError(str(error)) from error


EventField = Annotated[
    str,
    AfterValidator(_event),
    WithJsonSchema({"type": "string", "description": "an event as Solidity declares it", "examples": [_EXAMPLE]}),
]
"""Kept in canonical form, with the names and what is indexed."""


class StreamSettings(Settings):
    """The logs of one event of one contract, which strategies ask for by the stream's name (`Events`)."""

    address: AddressField = Field(description="the contract")
    event: EventField = Field(description="with the names of its parameters and with what is indexed")
    from_block: IntField = Field(ge=0, lt=2**53, description="the first block; best the one that created the contract")
