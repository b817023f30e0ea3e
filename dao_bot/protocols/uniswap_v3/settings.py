"""What strategies.yaml says about Uniswap v3."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from dao_bot.fields import AddressField, DurationField, IntField, Settings, TokenField

_HASH = re.compile(r"0x[0-9a-f]{64}")


def _code_hash(value: str) -> str:
    lowered = value.lower()
    if not _HASH.fullmatch(lowered):
        raise ValueError("not a code hash: 0x and 64 hex digits are expected")
    return lowered


CodeHashField = Annotated[str, AfterValidator(_code_hash)]
"""Keccak-256 of a contract's runtime code, 0x-hex."""


class PoolSettings(Settings):
    """A pool that may be traded in.

    Attributes:
        tokens: its two tokens, in either order.
        fee: its fee in hundredths of a basis point, as Uniswap writes it: 100, 500, 3000 or 10000.
    """

    tokens: tuple[TokenField, TokenField]
    fee: IntField = Field(gt=0, lt=1_000_000)

    @model_validator(mode="after")
    def _two_tokens(self) -> PoolSettings:
        if self.tokens[0] == self.tokens[1]:
            raise ValueError(f"a pool has two different tokens, both are {self.tokens[0]}")
        return self


class CodeHashes(Settings):
    """Pinned code of the contracts that the treasury relies on; `dao-bot doctor` compares them with the chain.

    Attributes:
        factory, router, quoter: keccak-256 of the contract's runtime code, `0x` and 64 hex digits.
    """

    factory: CodeHashField | None = None
    router: CodeHashField | None = None
    quoter: CodeHashField | None = None


class UniswapV3Settings(Settings):
    """Uniswap v3 on one chain.

    Attributes:
        factory: UniswapV3Factory.
        code_hashes: what the code of these contracts must hash to; nothing is compared that is left out.
        router: SwapRouter02, not the older SwapRouter. Its `multicall(deadline, [])` is also the batch's deadline.
        quoter: QuoterV2.
        pools: the only ones that are quoted and traded in.
        max_hops: 1 for direct swaps only, 2 to go also through one token between.
        max_routes: at most this many directed routes are quoted in a run. Direct ones come first, whatever their
            number; then two hops for pairs without a direct pool, then the other two-hop routes, by the number of
            pools of the token between.
        twap_window: over which the time-weighted price of every pool is taken.
    """

    factory: AddressField
    router: AddressField
    quoter: AddressField
    code_hashes: CodeHashes = CodeHashes()
    pools: tuple[PoolSettings, ...]
    max_hops: Literal[1, 2] = 2
    max_routes: IntField = Field(default=400, ge=1)
    twap_window: DurationField = Field(default=1800, gt=0)

    @model_validator(mode="after")
    def _distinct_pools(self) -> UniswapV3Settings:
        seen: set[tuple[frozenset[str], int]] = set()
        for pool in self.pools:
            key = (frozenset(pool.tokens), pool.fee)
            if key in seen:
                raise ValueError(f"the pool {'/'.join(pool.tokens)} with fee {pool.fee} stands twice")
            seen.add(key)
        return self
