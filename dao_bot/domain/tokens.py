"""Tokens and amounts: an amount is an integer in base units together with its token."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction

from dao_bot.domain.addresses import ZERO_ADDRESS, Address
from dao_bot.domain.errors import BadInput
from dao_bot.domain.units import WAD, Usd, format_units

_PLAIN_NUMBER = re.compile(r"^\d+(_\d+)*(\.\d+)?$")


@dataclass(frozen=True, slots=True, order=True)
class Token:
    """An ERC-20 token, or the chain's native coin under the zero address."""

    chain_id: int
    address: Address
    symbol: str
    decimals: int

    def __hash__(self) -> int:
        """Of the address alone, which tells tokens apart and whose own hash is kept: tokens are keys everywhere."""
        return hash(self.address)

    @property
    def is_native(self) -> bool:
        return self.address == ZERO_ADDRESS

    def amount(self, units: int) -> Amount:
        """`units` base units of this token."""
        return Amount(self, units)

    def __str__(self) -> str:
        return self.symbol


@dataclass(frozen=True, slots=True)
class Amount:
    """`units` base units of `token`; arithmetic across tokens is an error, never a wrong number."""

    token: Token
    units: int

    def __post_init__(self) -> None:
        if type(self.units) is not int:
            raise TypeError(f"an amount is an int in base units, was {type(self.units).__name__} {self.units!r}")

    def _same(self, other: Amount) -> int:
        if self.token != other.token:
            raise TypeError(f"cannot combine {self.token.symbol} with {other.token.symbol}")
        return other.units

    def __add__(self, other: Amount) -> Amount:
        return Amount(self.token, self.units + self._same(other))

    def __sub__(self, other: Amount) -> Amount:
        return Amount(self.token, self.units - self._same(other))

    def __lt__(self, other: Amount) -> bool:
        return self.units < self._same(other)

    def __le__(self, other: Amount) -> bool:
        return self.units <= self._same(other)

    def __str__(self) -> str:
        return f"{format_units(self.units, self.token.decimals)} {self.token.symbol}"


def usd_value(amount: Amount, price: int) -> Usd:
    """Value in USD (WAD), rounded toward zero, at `price` USD (WAD) for one whole token."""
    sign = -1 if amount.units < 0 else 1
    return Usd(sign * (abs(amount.units) * price // 10**amount.token.decimals))


def units_worth(token: Token, value: int, price: int) -> int:
    """Base units of `token` worth `value` USD (WAD) at `price`, rounded down.

    Raises:
        BadInput: if the price is not positive.
    """
    if price <= 0:
        raise BadInput("a price must be positive", value=f"{price / WAD} USD for {token.symbol}")
    return int(value * 10**token.decimals // price)


def parse_amount(token: Token, text: str) -> Amount:
    """`12.5` whole tokens as an amount; more decimals than the token has are refused."""
    if not _PLAIN_NUMBER.match(text):
        raise BadInput("not an amount", value=repr(text), limit=f"a plain number of {token.symbol}, such as 12.5")
    scaled = Fraction(text.replace("_", "")) * 10**token.decimals
    if scaled.denominator != 1:
        raise BadInput("more decimals than the token has", value=text, limit=f"{token.decimals} decimals")
    return Amount(token, scaled.numerator)
