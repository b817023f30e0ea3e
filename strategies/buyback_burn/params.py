"""What stewards write in strategies.yaml for buying back: budget, gates, limits, and what becomes of the tokens."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from dao_bot.domain.units import WAD
from dao_bot.fields import IntField, TokenField
from dao_bot.strategy import AddressField, DurationField, RatioField, StrategyParams, UsdField

DAY = 86_400


def _within(least: int, most: int | None, words: str) -> AfterValidator:
    def check(value: int) -> int:
        if value < least or (most is not None and value > most):
            raise ValueError(f"must be {words}")
        return value

    return AfterValidator(check)


Share = Annotated[RatioField, _within(0, WAD, "between 0% and 100%")]
PositiveShare = Annotated[RatioField, _within(1, WAD, "more than 0% and at most 100%")]
PartialShare = Annotated[RatioField, _within(0, WAD - 1, "at least 0% and less than 100%")]
PositiveRatio = Annotated[RatioField, _within(1, None, "more than 0%")]
NonNegativeUsd = Annotated[UsdField, _within(0, None, "0 USD or more")]
PositiveUsd = Annotated[UsdField, _within(1, None, "more than 0 USD")]
PositiveDuration = Annotated[DurationField, _within(1, None, "at least 1s")]
WholeDays = Annotated[DurationField, _within(DAY, None, "at least 1d")]


class Revenue(StrategyParams):
    """What the DAO earned, read from transfers to its Safe.

    Attributes:
        streams: streams of `Transfer(address indexed from, address indexed to, uint256 value)`, and the token of each.
        payers: only what these addresses paid is revenue.
    """

    streams: Annotated[dict[str, TokenField], Field(min_length=1)]
    payers: Annotated[tuple[AddressField, ...], Field(min_length=1)]


class Budget(StrategyParams):
    """What may be spent in a period: a fixed amount, or a share of the revenue of the period before, not both.

    What is left at the end of a period is not carried over.

    Attributes:
        period: counted from midnight UTC on 1 January 1970.
        amount: the same in each period.
        share: of the revenue of the period before, at today's prices.
        revenue: where it is read; with `share`.
        at_most: the most that a share of revenue may come to in a period.
    """

    period: WholeDays = 7 * DAY
    amount: PositiveUsd | None = None
    share: PositiveShare | None = None
    revenue: Revenue | None = None
    at_most: PositiveUsd | None = None

    @model_validator(mode="after")
    def _one_of_both(self) -> Budget:
        if (self.amount is None) == (self.share is None):
            raise ValueError("write either `amount` or `share`")
        if (self.share is None) != (self.revenue is None):
            raise ValueError("`share` and `revenue` go together")
        if self.amount is not None and self.at_most is not None:
            raise ValueError("`at_most` limits a share of revenue; `amount` is a limit already")
        return self


class Velocity(StrategyParams):
    """How often the free float changes hands. Low velocity opens the gate; it never is a reason to buy by itself.

    Attributes:
        at_most: the gate is open up to this part of the free float a year.
        window: over which transfers are counted, in whole days.
        stream: a stream of the token's transfers, `Transfer(address indexed from, address indexed to, uint256 value)`.
        pair: in place of a stream, a pair of `history` whose daily volume is what was transferred, in whole tokens.
        exchanges: transfers to and from these are no change of owner.
        staking: the same, and what they hold is not free to move.
        round_trip: tokens that return to where they came from within this time did not change hands; 0s counts every
            transfer.
    """

    at_most: PositiveRatio
    window: WholeDays = 30 * DAY
    stream: str | None = None
    pair: str | None = None
    exchanges: tuple[AddressField, ...] = ()
    staking: tuple[AddressField, ...] = ()
    round_trip: DurationField = DAY

    @model_validator(mode="after")
    def _one_source(self) -> Velocity:
        if (self.stream is None) == (self.pair is None):
            raise ValueError("write either `stream` or `pair`")
        if self.window % DAY:
            raise ValueError("window must be whole days")
        return self


class NetAssets(StrategyParams):
    """Buying below what the treasury is worth for each circulating token.

    Attributes:
        discount: how far below it the price must be, all costs included.
        liabilities: what the DAO owes.
        leave_out: tokens that count nothing, such as wrapped forms of the own one, which never counts.
    """

    discount: PartialShare
    liabilities: NonNegativeUsd = 0
    leave_out: tuple[TokenField, ...] = ()


class Reference(StrategyParams):
    """Buying below where the price has been.

    Attributes:
        pair: of `history`, such as GOV/USD.
        window: the reference is the median of its closes over this time.
        interval: of the closes.
        below: how far below it the price must be, all costs included.
    """

    pair: str
    window: WholeDays = 30 * DAY
    interval: PositiveDuration = 3_600
    below: PartialShare

    @model_validator(mode="after")
    def _window_holds_closes(self) -> Reference:
        if self.window < 10 * self.interval:
            raise ValueError("the window must hold at least ten intervals")
        return self


class Volume(StrategyParams):
    """What others trade in a day: the least of the last day and of the median day of a week.

    Attributes:
        at_most: largest share of it that may be bought in a day.
        swaps: streams of `Swap(…, int256 amount0, int256 amount1, …)` of pools, each with the pool's other token.
        pairs: of `history`, with volume in whole tokens.
    """

    at_most: PositiveShare = WAD * 5 // 100
    swaps: dict[str, TokenField] = {}
    pairs: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _some_source(self) -> Volume:
        if not self.swaps and not self.pairs:
            raise ValueError("name at least one stream of `swaps`, or a pair under `pairs`")
        return self


class Runway(StrategyParams):
    """What must be left to live on, whatever the token costs.

    Attributes:
        monthly_burn: what the DAO spends in a month.
        months: how many of them must be covered after the purchase.
        commitments: what is owed besides, paid before any runway is counted.
        assets: what can pay bills, each with its haircut; the own token never counts.
    """

    monthly_burn: NonNegativeUsd
    months: Annotated[IntField, Field(ge=0, le=600)]
    commitments: NonNegativeUsd = 0
    assets: Annotated[dict[TokenField, Share], Field(min_length=1)]


class Params(StrategyParams):
    """Parameters of `buyback-burn`. Ratios as `12.5%` or `50bps`, money as `20000 USD`, times as `6h`.

    Attributes:
        token: the DAO's own token.
        pay_with: the token that is spent.
        then: what becomes of the tokens: `burn`, or `send` to an address.
        to: with `send`; it must stand in the address book.
        budget: what may be spent in a period.
        slices: in how many parts a period's budget is spent: the first when the period begins, the others at moments
            that differ from period to period.
        cool_down: least time between two purchases.
        smallest: smaller purchases are not worth their signatures.
        not_circulating: holders whose tokens do not circulate (vesting, foundation); the Safe's never do.
        velocity: the gate.
        net_assets: buying below net assets; at least this or `reference`.
        reference: buying below where the price has been.
        max_price: never more for a whole token, whatever else is true; it stands in the bytes.
        max_cost: never more than this above the USD price, fees and impact included.
        slippage: by how much less than quoted the swap may bring; what it brings beyond that stays in the Safe.
        max_gas: largest share of a purchase that gas may cost.
        max_deviation: largest difference of each pool on the way, now and on average, from the USD prices.
        depth_band: the depth of a pool is what moves its price by this.
        share_of_depth: largest share of that depth in one purchase.
        quote_sizes: sizes at which pools are asked for quotes.
        volume: what others trade.
        runway: what must be left to live on.
    """

    token: TokenField
    pay_with: TokenField
    then: Literal["burn", "send"] = "burn"
    to: AddressField | None = None
    budget: Budget
    slices: Annotated[IntField, Field(ge=1, le=1_000)] = 8
    cool_down: PositiveDuration = 6 * 3_600
    smallest: NonNegativeUsd = 500 * WAD
    not_circulating: tuple[AddressField, ...] = ()
    velocity: Velocity
    net_assets: NetAssets | None = None
    reference: Reference | None = None
    max_price: PositiveUsd
    max_cost: Share = WAD * 50 // 10_000
    slippage: PartialShare = WAD * 50 // 10_000
    max_gas: Share = WAD * 2 // 100
    max_deviation: PositiveShare = WAD // 100
    depth_band: PositiveShare = WAD * 2 // 100
    share_of_depth: PositiveShare = WAD // 10
    quote_sizes: Annotated[tuple[PositiveUsd, ...], Field(min_length=2, max_length=16)] = tuple(
        hundreds * 100 * WAD for hundreds in (5, 10, 25, 50, 100, 250, 500, 1_000)
    )
    volume: Volume
    runway: Runway

    @model_validator(mode="after")
    def _parts_fit(self) -> Params:
        problems = []
        if self.token == self.pay_with:
            problems.append("pay_with: is the token that is bought")
        if (self.then == "send") != (self.to is not None):
            problems.append("to: goes with `then: send`, and only with it")
        if self.net_assets is None and self.reference is None:
            problems.append("write `net_assets`, `reference`, or both: low velocity alone is no reason to buy")
        if self.token in self.runway.assets:
            problems.append(f"runway.assets: {self.token} is the DAO's own token and pays no bills")
        if list(self.quote_sizes) != sorted(set(self.quote_sizes)):
            problems.append("quote_sizes: must grow")
        if self.budget.period < self.slices:
            problems.append("slices: more than seconds in a period")
        if problems:
            raise ValueError("; ".join(problems))
        return self
