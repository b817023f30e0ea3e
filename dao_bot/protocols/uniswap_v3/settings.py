"""What strategies.yaml says about Uniswap v3."""

from __future__ import annotations

from pydantic import Field, model_validator

from dao_bot.fields import AddressField, CodeHashField, DurationField, IntField, Settings, TokenField


class PoolSettings(Settings):
    """A pool that may be traded in."""

    tokens: tuple[TokenField, TokenField] = Field(description="the pool's two tokens")
    fee: IntField = Field(gt=0, lt=1_000_000, description="in hundredths of a basis point: 100, 500, 3000 or 10000")

    @model_validator(mode="after")
    def _two_tokens(self) -> PoolSettings:
        if self.tokens[0] == self.tokens[1]:
            raise ValueError(f"a pool has two different tokens, both are {self.tokens[0]}")
        return self


class CodeHashes(Settings):
    """Pinned code of the contracts that the treasury relies on."""

    factory: CodeHashField | None = Field(default=None, description="code hash of the factory")
    router: CodeHashField | None = Field(default=None, description="code hash of the router")
    quoter: CodeHashField | None = Field(default=None, description="code hash of the quoter")
    position_manager: CodeHashField | None = Field(default=None, description="code hash of the position manager")


class UniswapV3Settings(Settings):
    """Uniswap v3 on one chain."""

    factory: AddressField = Field(description="the factory, from which the addresses of all pools follow")
    router: AddressField = Field(
        description="SwapRouter02, not the older SwapRouter; its `multicall(deadline, [])` is also the batch's deadline"
    )
    quoter: AddressField = Field(description="QuoterV2")
    position_manager: AddressField | None = Field(
        default=None,
        description="NonfungiblePositionManager, for liquidity of the treasury's own; without it there is none",
    )
    owner_condition: AddressField | None = Field(
        default=None,
        description="Zodiac's AvatarIsOwnerOfERC721; needed to let a module take the fees of positions",
    )
    code_hashes: CodeHashes = Field(
        default=CodeHashes(), description="pinned code; `dao-bot doctor` compares it with the chain"
    )
    pools: tuple[PoolSettings, ...] = Field(description="the only pools that are quoted and traded in")
    max_hops: IntField = Field(
        default=2, ge=1, le=2, description="1: direct swaps only; 2: also through one token between"
    )
    max_routes: IntField = Field(
        default=200,
        ge=1,
        description="most directed routes that are quoted in a run: all direct ones, whatever their number, then two "
        "hops for pairs without a direct pool, then other two hops, those through the token with the most pools first",
    )
    twap_window: DurationField = Field(default=1800, gt=0, description="window of the pools' time-weighted prices")

    @model_validator(mode="after")
    def _distinct_pools(self) -> UniswapV3Settings:
        seen: set[tuple[frozenset[str], int]] = set()
        for pool in self.pools:
            key = (frozenset(pool.tokens), pool.fee)
            if key in seen:
                raise ValueError(f"the pool {'/'.join(pool.tokens)} with fee {pool.fee} stands twice")
            seen.add(key)
        return self
