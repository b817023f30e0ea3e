"""What stewards write in strategies.yaml for the curator: streams, works, people, the budget and its limits."""

from __future__ import annotations

import datetime
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
PositiveRatio = Annotated[RatioField, _within(1, None, "more than 0%")]
PositiveUsd = Annotated[UsdField, _within(1, None, "more than 0 USD")]
PositiveDuration = Annotated[DurationField, _within(1, None, "at least 1s")]
Decimals = Annotated[IntField, Field(ge=0, le=36)]


class StakeStream(StrategyParams):
    """A stream of stakes or unstakes.

    Attributes:
        stream: its name under `streams`.
        wallet, work, amount: names of the event's parameters.
    """

    stream: str
    wallet: str = "staker"
    work: str = "work"
    amount: str = "amount"


class OutcomeStream(StrategyParams):
    """A stream of sales or uses; they judge the ranking and teach tastes, and move no money.

    Attributes:
        stream: its name under `streams`.
        kind: what its events are.
        wallet, work: names of the event's parameters.
        seller: the same, of a sale; without it wash trades cannot be seen.
        amount: the same; none when each event counts one.
        decimals: of the token that `amount` counts.
    """

    stream: str
    kind: Literal["sale", "use"]
    wallet: str = "buyer"
    work: str = "work"
    seller: str | None = None
    amount: str | None = None
    decimals: Decimals = 18


class RegistrationStream(StrategyParams):
    """A stream that tells who made which work.

    Attributes:
        stream: its name under `streams`.
        work, creator: names of the event's parameters.
    """

    stream: str
    work: str = "work"
    creator: str = "creator"


class Work(StrategyParams):
    """One work, creator or pool that can be staked on.

    Attributes:
        id: as the events write it: a decimal number, or `0x…`.
        creator: whose stake on it counts nothing; the registered one when left out.
        pay: who gets what it is granted; it must stand in the address book. None: it is ranked, not paid.
        token: a configured token that belongs to it, which `purchases` buy; several works may share one.
        gauge: its gauge, which `gauges` vote for; one that `protocols.gauge_controller` names.
        traits: words such as `palette: warm`; what the brief speaks of.
        since: its first day; the first event, when left out.
    """

    id: str
    creator: AddressField | None = None
    pay: AddressField | None = None
    token: TokenField | None = None
    gauge: AddressField | None = None
    traits: tuple[str, ...] = ()
    since: datetime.date | None = None


class Purchases(StrategyParams):
    """Part of the budget buys the tokens of the highest ranking works; the rest is granted.

    Attributes:
        share: part of a run's budget that buys; what it cannot be spent on stays in the Safe.
        max_cost: most that a purchase may cost above the token's USD price, fees and price impact included.
        slippage: most that a swap may return below its quote, else it reverts.
    """

    share: PositiveShare = WAD
    max_cost: Share = WAD // 100
    slippage: Annotated[RatioField, _within(0, WAD - 1, "from 0% to less than 100%")] = WAD // 200


class Gauges(StrategyParams):
    """The Safe's voting power is divided over the gauges of the highest ranking works.

    Attributes:
        most: largest part of the voting power that one gauge gets.
        smallest_change: a gauge whose part would change by less keeps what it has.
    """

    most: PositiveShare = WAD
    smallest_change: PositiveShare = WAD // 20


class Params(StrategyParams):
    """Parameters of `curation`. Ratios as `12.5%`, money as `10000 USD`, times as `14d`.

    Attributes:
        stakes, unstakes: streams of one staking contract; both must begin where it was created.
        decimals: of the token that is staked.
        registrations, outcomes: more streams.
        works: what is curated, by name.
        identities: wallets of people who proved that they are one person each, by name.
        token: what is paid in.
        budget: most that is spent within `period`, open proposals included.
        period: the time that `budget` is for.
        per_run: most that is spent in one run.
        purchases: whether, and how, tokens of works are bought out of the same budget.
        gauges: whether, and how, the Safe votes for gauges of works; that takes nothing of the budget.
        recipient_cap: largest part of what a run grants that one recipient gets, and of what it buys for one token.
        smallest: smaller grants and purchases are not worth their gas.
        winners: how many of the highest ranking works are paid, bought, or voted for.
        exploration: part of what a run grants that goes to new works on trial.
        trial_places: how many of them in one run.
        trial_period: how long a work is new.
        half_life: in which half of a stake's conviction grows, and decays.
        standing_half_life: the same for a wallet's standing.
        probation: a stake younger than this gives its wallet no standing.
        reach: a wallet's conviction counts up to so many times its standing.
        root_unit: tokens of conviction at which a proven identity is as loud as a wallet without proof.
        identity_cap: largest share of the voices of proven identities that one of them has.
        work_cap: largest share of all voices that counts on one work.
        trait_weight: the part of the voice that a work's traits let expect, with which it starts.
    """

    stakes: StakeStream
    unstakes: StakeStream
    decimals: Decimals = 18
    registrations: RegistrationStream | None = None
    outcomes: tuple[OutcomeStream, ...] = ()
    works: Annotated[dict[str, Work], Field(min_length=1, max_length=10_000)]
    identities: dict[str, Annotated[tuple[AddressField, ...], Field(min_length=1)]] = {}
    token: TokenField
    budget: PositiveUsd
    period: PositiveDuration = 30 * DAY
    per_run: PositiveUsd | None = None
    purchases: Purchases | None = None
    gauges: Gauges | None = None
    recipient_cap: PositiveShare = WAD // 4
    smallest: PositiveUsd = 10 * WAD
    winners: Annotated[IntField, Field(ge=1, le=100)] = 10
    exploration: Share = WAD // 10
    trial_places: Annotated[IntField, Field(ge=1, le=100)] = 2
    trial_period: PositiveDuration = 45 * DAY
    half_life: PositiveDuration = 14 * DAY
    standing_half_life: PositiveDuration = 60 * DAY
    probation: PositiveDuration = 30 * DAY
    reach: PositiveRatio = 2 * WAD
    root_unit: Annotated[IntField, Field(ge=1)] = 100
    identity_cap: PositiveShare = WAD // 20
    work_cap: PositiveShare = WAD // 10
    trait_weight: Share = WAD // 10

    @model_validator(mode="after")
    def _nobody_is_two(self) -> Params:
        ids = [work.id.lower() for work in self.works.values()]
        wallets = [wallet for each in self.identities.values() for wallet in each]
        problems = [f"works: two of them have the id {each}" for each in sorted({i for i in ids if ids.count(i) > 1})]
        problems += [
            f"identities: {each} stands twice; a wallet proves one person"
            for each in sorted({wallet for wallet in wallets if wallets.count(wallet) > 1})
        ]
        if problems:
            raise ValueError("; ".join(problems))
        return self

    @model_validator(mode="after")
    def _what_is_bought_and_voted_for_is_named(self) -> Params:
        named = [name for name, work in self.works.items() if work.token is not None]
        if self.purchases is None and named:
            raise ValueError(f"works: {named[0]} names a token, but without `purchases` none is bought")
        if self.purchases is not None and not named:
            raise ValueError("purchases: no work names a token")
        for name in named:
            if self.works[name].token == self.token:
                raise ValueError(f"works: the token of {name} is the one that is paid in; it cannot buy itself")
        if (self.gauges is None) == any(work.gauge is not None for work in self.works.values()):
            raise ValueError("gauges: works that name a gauge, and `gauges`, go together; only one of them is there")
        return self
