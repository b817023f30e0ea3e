"""What stewards write in strategies.yaml for protocol-owned liquidity: how deep, with what, and when to move it."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, model_validator

from dao_bot.domain.units import WAD
from dao_bot.fields import IntField, TokenField
from dao_bot.strategy import DurationField, RatioField, StrategyParams, UsdField

DAY = 86_400


class Params(StrategyParams):
    """Parameters of `liquidity`. Ratios as `12.5%` or `50bps`, money as `100000 USD`, times as `14d`."""

    own: TokenField = Field(description="the DAO's own token")
    quote: TokenField = Field(description="the token that it trades against")
    fee: IntField = Field(gt=0, lt=1_000_000, description="of the pool, in hundredths of a basis point")
    depth: Annotated[UsdField, Field(gt=0)] = Field(description="value to be offered on each side of the price")
    around: Annotated[RatioField, Field(gt=0, le=WAD // 5)] = Field(
        default=WAD // 50, description="how far from the price depth is counted"
    )
    own_budget: Annotated[RatioField, Field(ge=0, le=WAD)] = Field(
        default=WAD // 10, description="largest share of all own tokens held that may stand in positions"
    )
    quote_budget: Annotated[UsdField, Field(ge=0)] = Field(
        default=0, description="most of the quote token to put in; with none it starts with the own token alone"
    )
    quote_period: Annotated[DurationField, Field(gt=0)] = Field(
        default=30 * DAY, description="within which no more than quote_budget is put in, whatever became of it since"
    )
    stress: Annotated[RatioField, Field(gt=0, lt=WAD)] = Field(
        default=WAD * 4 // 5, description="fall of the own token after which the same depth can be provided again"
    )
    volatility: Annotated[RatioField, Field(gt=0)] = Field(
        description="of the own token against the quote in a year; a higher measured one counts instead"
    )
    history: str | None = Field(default=None, description="pair, such as DAO/WETH, of which volatility is measured")
    horizon: Annotated[DurationField, Field(gt=0)] = Field(
        default=14 * DAY, description="over which a new range must earn what it costs to move there"
    )
    capital_cost: Annotated[RatioField, Field(ge=0)] = Field(
        default=WAD // 20, description="what the capital in a position could earn elsewhere in a year"
    )
    tolerance: Annotated[RatioField, Field(gt=0, le=WAD // 100)] = Field(
        default=WAD // 100, description="largest difference of pool, time-weighted price and oracle, at most 1%"
    )
    fee_history: Annotated[DurationField, Field(gt=0)] = Field(
        default=DAY, description="least time over which the pool's fees were seen before a range is moved"
    )
    max_reranges: Annotated[IntField, Field(ge=0)] = Field(default=2, description="most moves of the range in a window")
    window: Annotated[DurationField, Field(gt=0)] = Field(default=7 * DAY, description="length of that window")
    band: Annotated[RatioField, Field(gt=0, lt=WAD)] = Field(
        default=WAD // 10, description="share of the target depth by which it may be off before it is corrected"
    )
    compound_at: Annotated[UsdField, Field(gt=0)] = Field(
        default=500 * WAD, description="value of fees that is worth being collected and put back"
    )
    smallest: Annotated[UsdField, Field(gt=0)] = Field(
        default=1_000 * WAD, description="smaller positions and corrections are not worth their signatures"
    )

    @model_validator(mode="after")
    def _two_tokens(self) -> Params:
        if self.own == self.quote:
            raise ValueError(f"own and quote are both {self.own}")
        return self
