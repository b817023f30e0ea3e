"""Pools, their addresses, and the routes through them as Uniswap v3 writes them."""

from __future__ import annotations

from dataclasses import dataclass

from dao_bot.domain.addresses import Address, address_bytes, checksum
from dao_bot.domain.errors import BadInput
from dao_bot.domain.hashing import keccak
from dao_bot.domain.tokens import Token

POOL_INIT_CODE_HASH = bytes.fromhex("e34f199b19b2b4f47f68442619d555527d244f78a3297ea89325f843f87b8b54")
"""`PoolAddress.POOL_INIT_CODE_HASH` (v3-periphery): the same wherever the original pool code was deployed."""

VENUE = "uniswap_v3"
FEE_DENOMINATOR = 1_000_000
_ADDRESS = 20
_FEE = 3
_HOP = _ADDRESS + _FEE
_MOST_HOPS = 8


@dataclass(frozen=True, slots=True)
class Pool:
    """A configured pool. `base` and `quote` stand in the order of the config, not of their addresses."""

    base: Token
    quote: Token
    fee: int
    address: Address

    @property
    def base_is_token0(self) -> bool:
        """Uniswap sorts the two by address."""
        return address_bytes(self.base.address) < address_bytes(self.quote.address)

    def other(self, token: Token) -> Token:
        """The token on the other side."""
        return self.quote if token == self.base else self.base


@dataclass(frozen=True, slots=True)
class Path:
    """A route: one token more than fees, in the order in which they are passed."""

    tokens: tuple[Address, ...]
    fees: tuple[int, ...]

    def encode(self) -> bytes:
        """Packed `token, fee, token, ...` with fees of three bytes (v3-periphery `Path`)."""
        hops = (
            fee.to_bytes(_FEE, "big") + address_bytes(token)
            for fee, token in zip(self.fees, self.tokens[1:], strict=True)
        )
        return address_bytes(self.tokens[0]) + b"".join(hops)

    @classmethod
    def decode(cls, data: bytes) -> Path:
        """The route in packed bytes.

        Raises:
            BadInput: for anything that is not one to eight whole hops.
        """
        hops, rest = divmod(len(data) - _ADDRESS, _HOP)
        if rest or not 1 <= hops <= _MOST_HOPS:
            raise BadInput("not a route of Uniswap v3", value=f"{len(data)} bytes", limit=f"1 to {_MOST_HOPS} hops")
        starts = range(0, len(data), _HOP)
        tokens = tuple(checksum(data[start : start + _ADDRESS]) for start in starts)
        fees = tuple(int.from_bytes(data[start - _FEE : start], "big") for start in starts if start)
        return cls(tokens, fees)

    def pools(self, factory: Address) -> tuple[Address, ...]:
        """Addresses of the pools on the way."""
        hops = zip(self.tokens, self.tokens[1:], self.fees, strict=False)
        return tuple(pool_address(factory, one, other, fee) for one, other, fee in hops)


def pool_address(factory: Address, one: Address, other: Address, fee: int) -> Address:
    """Where the factory puts the pool of two tokens and a fee (CREATE2, EIP-1014), whether it exists or not."""
    low, high = sorted((address_bytes(one), address_bytes(other)))
    salt = keccak(low.rjust(32, b"\0") + high.rjust(32, b"\0") + fee.to_bytes(32, "big"))
    return checksum(keccak(b"\xff" + address_bytes(factory) + salt + POOL_INIT_CODE_HASH)[12:])
