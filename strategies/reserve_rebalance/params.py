"""What stewards write in strategies.yaml for the reserve: assets, who can fail, limits, and how to trade."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from dao_bot.domain.units import WAD
from dao_bot.fields import IntField, TokenField
from dao_bot.strategy import DurationField, RatioField, StrategyParams, UsdField

MAX_ASSETS = 200


def _within(least: int, most: int | None, words: str) -> AfterValidator:
    def check(value: int) -> int:
        if value < least or (most is not None and value > most):
            raise ValueError(f"must be {words}")
        return value

    return AfterValidator(check)


Share = Annotated[RatioField, _within(0, WAD, "between 0% and 100%")]
PositiveShare = Annotated[RatioField, _within(1, WAD, "more than 0% and at most 100%")]
NonNegativeRatio = Annotated[RatioField, _within(0, None, "0% or more")]
NonNegativeUsd = Annotated[UsdField, _within(0, None, "0 USD or more")]
PositiveUsd = Annotated[UsdField, _within(1, None, "more than 0 USD")]
PositiveDuration = Annotated[DurationField, _within(1, None, "at least 1s")]


class Asset(StrategyParams):
    """One token of the reserve.

    Attributes:
        peg: `USD` for what should be worth one dollar, `none` for what floats; a wrapper takes its token's.
        backing: who must not fail for it to keep its value, summing to 100 %; a wrapper takes its token's.
        wraps: symbol of the asset inside (aUSDC wraps USDC); every failure of that one hits this one too.
        venue: the protocol that holds it (aUSDC: aave_v3); none for what lies in the Safe itself.
        chains: the chains (and bridges) it depends on; the only configured chain when left out.
        bucket: how soon it can pay a bill; one of `buckets`.
        haircut: what is taken off when months of runway are counted. 0 % for pegged, 100 % for floating assets.
        cap: largest share of the reserve.
        keep: value that is never sold, not even when it fell: bills are paid in it. More than the policy's
            `token_floor`, because the price may fall between a decision and its execution.
        noise: how far below a dollar it may stand without meaning anything, where that is more than for those that an
            issuer redeems at a dollar; a wrapper takes its token's, and `peg.noise` holds where it is left out.
        own: the DAO's own token or a pool position in it: counts zero everywhere and is never traded here.
    """

    peg: Literal["USD", "none"] | None = None
    backing: dict[str, Share] = {}
    wraps: str | None = None
    venue: str | None = None
    chains: tuple[str, ...] | None = None
    bucket: str | None = None
    haircut: Share | None = None
    cap: Share = WAD
    keep: NonNegativeUsd = 0
    noise: Share | None = None
    own: bool = False


class Failure(StrategyParams):
    """What can fail.

    Attributes:
        hazard: expected failures per year; 100 % is one a year.
        loss: what share of the value is lost when it fails.
        cap: the largest share of the reserve that may depend on it.
    """

    hazard: NonNegativeRatio
    loss: Share
    cap: Share = WAD


class Issuer(Failure):
    """An issuer.

    Attributes:
        banks: the share of its reserves that lies at each bank.
    """

    banks: dict[str, Share] = {}


class Bucket(StrategyParams):
    """A liquidity bucket: assets that can pay a bill equally soon.

    Attributes:
        at_least, at_most: its share of the reserve.
    """

    at_least: Share = 0
    at_most: Share = WAD


class PegRules(StrategyParams):
    """How far from a dollar is too far.

    Attributes:
        bound: beyond it nothing is bought, and a cross rate contradicts the USD prices.
        exit: an asset that fell further, and beyond its noise, is sold as an emergency; nearer it is sold only like any
            other, when that is worth its cost. At least what the policy's `slippage` calls fallen, or the policy
            refuses what leaving may cost.
        noise: up to it a deviation means nothing; beyond it the hazard rises.
        hazard_for_point: expected failures per year added for each 1 % of deviation beyond the noise.
        window: cross rates are medians over it, which single trades cannot move.
        interval: of the candles that the medians are taken of.
        memory: a cross rate that was beyond the bound this recently still stops purchases.
        exit_loss: what has fallen may be sold at up to this loss against one dollar.
        contagion: who leans on the issuer of a fallen asset by at least this share is not bought either.
    """

    bound: PositiveShare = WAD * 50 // 10_000
    noise: NonNegativeRatio = WAD * 30 // 10_000
    hazard_for_point: NonNegativeRatio = 10 * WAD
    window: PositiveDuration = 900
    interval: PositiveDuration = 60
    memory: DurationField = 12 * 3_600
    exit: PositiveShare = WAD // 100
    exit_loss: Share = WAD * 5 // 100
    contagion: PositiveShare = WAD // 4

    @model_validator(mode="after")
    def _window_holds_candles(self) -> PegRules:
        if self.window < 5 * self.interval:
            raise ValueError(f"window is {self.window} s; a median needs at least five intervals of {self.interval} s")
        if self.exit < self.bound:
            raise ValueError("exit is smaller than bound; what may still be bought cannot be an emergency")
        if self.noise > self.bound:
            raise ValueError("noise is greater than bound; a deviation that stops purchases cannot be noise")
        return self


class SoldWindow(StrategyParams):
    """How much may be sold in a sliding window.

    Attributes:
        most: most value to sell within the window, open proposals and exits included; no more than what the policy's
            `move_size` allows there, and less where other strategies sell too.
        window: its length; that of `move_size`.
    """

    most: PositiveUsd
    window: PositiveDuration


class Params(StrategyParams):
    """Parameters of `reserve-rebalance`. Ratios as `12.5%` or `50bps`, money as `60000 USD`, times as `30m`.

    Attributes:
        monthly_burn: what the DAO spends in a month.
        runway_months: months of burn that the reserve must always cover after haircuts.
        commitments: what is owed besides, paid before any runway is counted.
        assets: the reserve's tokens, by symbol.
        issuers: who must be good for the assets, by name.
        banks: where issuers keep their reserves, by name.
        venues: protocols that hold assets, by name.
        chains: what assets run on, by name.
        buckets: how soon assets can pay a bill, by name.
        risk_aversion: what one unit less of CVaR (share of the reserve) is worth, paid once (share of the reserve).
        tail: the worst share of outcomes that CVaR averages; 1 % is CVaR99.
        risk_horizon: over which failures are counted.
        turnover: most to sell in one run, as a share of the reserve.
        most_sold: most value to sell in one run, exits included; what the policy's `move_size` allows, so that it does
            not refuse an exit. Unlimited when it is left out.
        sold_window: what was sold within a sliding window lowers what is sold in this run, so that the policy has
            nothing to refuse. Unlimited when it is left out.
        no_trade_band: while limits hold and no holding is further than this from its best share, nothing is done.
        minimum_trade: smaller swaps are not worth their gas and signatures.
        max_cost: no part of a swap may cost more than this against the USD prices.
        max_tranches: most parts in which a trade is done.
        pool_recovery: time that arbitrage needs to refill a pool; the time between two tranches.
        quote_sizes: sizes at which pools are asked for quotes.
        cross_rates: pairs such as USDC/USDT whose history checks the USD prices.
        peg: how far from a dollar is too far.
    """

    monthly_burn: NonNegativeUsd
    runway_months: Annotated[IntField, Field(ge=0, le=600)]
    commitments: NonNegativeUsd = 0
    assets: Annotated[dict[TokenField, Asset], Field(max_length=MAX_ASSETS)]
    issuers: dict[str, Issuer] = {}
    banks: dict[str, Failure] = {}
    venues: dict[str, Failure] = {}
    chains: dict[str, Failure] = {}
    buckets: dict[str, Bucket] = {}
    risk_aversion: NonNegativeRatio = WAD // 10
    tail: PositiveShare = WAD // 100
    risk_horizon: PositiveDuration = 90 * 86_400
    turnover: Share = WAD // 4
    most_sold: PositiveUsd | None = None
    sold_window: SoldWindow | None = None
    no_trade_band: Share = WAD // 100
    minimum_trade: NonNegativeUsd = 1_000 * WAD
    max_cost: Share = WAD // 100
    max_tranches: Annotated[IntField, Field(ge=1, le=100)] = 6
    pool_recovery: PositiveDuration = 3_600
    quote_sizes: Annotated[tuple[PositiveUsd, ...], Field(min_length=1, max_length=16)] = tuple(
        thousands * 1_000 * WAD for thousands in (1, 10, 50, 200, 1_000)
    )
    cross_rates: tuple[str, ...] = ()
    peg: PegRules = PegRules()

    @model_validator(mode="after")
    def _names_are_known(self) -> Params:
        problems = [problem for symbol, asset in self.assets.items() for problem in self._asset_problems(symbol, asset)]
        for name, issuer in self.issuers.items():
            problems += [_unknown(f"issuers.{name}.banks", bank, self.banks) for bank in issuer.banks]
            if sum(issuer.banks.values()) > WAD:
                problems.append(f"issuers.{name}.banks: more than 100 % of the reserves")
        for pair in self.cross_rates:
            legs = pair.split("/")
            if len(legs) != 2 or not set(legs) <= self.assets.keys() | {"USD"} or len(set(legs)) != 2:
                problems.append(f"cross_rates: {pair} is not two different assets as in USDC/USDT")
        for name, bucket in self.buckets.items():
            if bucket.at_least > bucket.at_most:
                problems.append(f"buckets.{name}: at_least is greater than at_most")
        if list(self.quote_sizes) != sorted(set(self.quote_sizes)):
            problems.append("quote_sizes: must grow")
        if any(problems):
            raise ValueError("; ".join(problem for problem in problems if problem))
        return self

    def _asset_problems(self, symbol: str, asset: Asset) -> Iterable[str]:
        where = f"assets.{symbol}"
        if asset.own:
            return
        if asset.wraps is not None:
            yield _unknown(f"{where}.wraps", asset.wraps, self.assets)
            yield self._wrapping_problem(symbol)
        elif not asset.backing:
            yield f"{where}.backing: say who must not fail for it to keep its value, else it would look riskless"
        for issuer in asset.backing:
            yield _unknown(f"{where}.backing", issuer, self.issuers)
        if asset.backing and sum(asset.backing.values()) != WAD:
            yield f"{where}.backing: the shares must sum to 100 %"
        if asset.venue is not None:
            yield _unknown(f"{where}.venue", asset.venue, self.venues)
        if asset.chains is None and len(self.chains) > 1:
            yield f"{where}.chains: several chains are configured; name those that it depends on"
        for chain in asset.chains or ():
            yield _unknown(f"{where}.chains", chain, self.chains)
        if asset.bucket is not None:
            yield _unknown(f"{where}.bucket", asset.bucket, self.buckets)

    def _wrapping_problem(self, symbol: str) -> str:
        seen = [symbol]
        while (inside := self.assets[seen[-1]].wraps if seen[-1] in self.assets else None) is not None:
            if inside in seen:
                return f"assets.{symbol}.wraps: {' wraps '.join([*seen, inside])}, a circle"
            seen.append(inside)
        return f"assets.{symbol}.wraps: {seen[-1]} is the DAO's own token" if self._is_own(seen[-1]) else ""

    def _is_own(self, symbol: str) -> bool:
        return symbol in self.assets and self.assets[symbol].own


def _unknown(where: str, name: str, known: Iterable[str]) -> str:
    """A complaint about `name`, with the nearest known one, or nothing."""
    names = list(known)
    if name in names:
        return ""
    near = difflib.get_close_matches(name, names, n=1)
    return f"{where}: {name} is not configured" + (f"; did you mean {near[0]}?" if near else "")
