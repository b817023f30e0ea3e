"""Values of the configuration that are neither ratio, money, duration nor address."""

from __future__ import annotations

import re
from dataclasses import dataclass

from dao_bot.domain.addresses import ZERO_ADDRESS
from dao_bot.domain.errors import BadInput

_BLOCKS = re.compile(r"([1-9][0-9]{0,5}) blocks?")
_GAS_PRICE = re.compile(r"([0-9]{1,9})(?:\.([0-9]{1,9}))? ?(gwei|wei)")
_NAME = re.compile(r"[a-z0-9](?:[a-z0-9_-]{0,46}[a-z0-9])?")
_SYMBOL = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+₮-]{0,23}")
_LONGEST_LABEL = 64


@dataclass(frozen=True, slots=True)
class Finality:
    """When a transaction is final: after `blocks`, or when the chain itself says `finalized` (blocks is None)."""

    blocks: int | None

    def __str__(self) -> str:
        if self.blocks is None:
            return "finalized"
        return f"{self.blocks} block{'' if self.blocks == 1 else 's'}"


def parse_finality(value: object) -> Finality:
    """`finalized`, or a number of blocks such as `64 blocks`."""
    if isinstance(value, Finality):
        return value
    if value == "finalized":
        return Finality(None)
    match = _BLOCKS.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise BadInput("not a finality", value=repr(value), limit="finalized, or a number of blocks such as 64 blocks")
    return Finality(int(match[1]))


def parse_gas_price(value: object) -> int:
    """`30 gwei` or `0.05 gwei` in wei."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    match = _GAS_PRICE.fullmatch(value) if isinstance(value, str) else None
    if match is None or (match[3] == "wei" and match[2]):
        raise BadInput("not a price of gas", value=repr(value), limit="a number with gwei or wei, such as 30 gwei")
    whole, fraction, unit = match.groups()
    wei = int(whole) if unit == "wei" else int(whole) * 10**9 + int((fraction or "").ljust(9, "0"))
    if wei == 0:
        raise BadInput("a price of gas must be positive", value=repr(value))
    return wei


def parse_flag(value: object) -> bool:
    """Only `true` and `false`: what `yes`, `on` and `1` mean depends on the reader."""
    if not isinstance(value, bool):
        raise BadInput("must be true or false", value=repr(value))
    return value


def check_name(name: str) -> str:
    """A name that stands in records, commands and messages."""
    if not _NAME.fullmatch(name):
        raise BadInput("not a name", value=repr(name), limit="up to 48 lower-case letters, digits, - and _")
    return name


def check_symbol(symbol: str) -> str:
    """A token's symbol in this configuration."""
    if not _SYMBOL.fullmatch(symbol):
        raise BadInput("not a symbol", value=repr(symbol), limit="up to 24 letters, digits, and . _ + -")
    return symbol


def check_label(label: str) -> str:
    """A short text for people."""
    if not label.strip() or label != label.strip() or len(label) > _LONGEST_LABEL or not label.isprintable():
        raise BadInput("not a label", value=repr(label[:80]), limit=f"one line of up to {_LONGEST_LABEL} characters")
    return label


def check_not_zero(address: str) -> str:
    """The zero address stands for the native coin and for nothing; no contract and no recipient lives there."""
    if address == ZERO_ADDRESS:
        raise BadInput("the zero address cannot stand here", next_step="Write the real address")
    return address
