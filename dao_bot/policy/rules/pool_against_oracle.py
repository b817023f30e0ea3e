"""A pool in which the batch trades says the same as the oracle, now and on average: nobody has pushed it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from pydantic import Field

from dao_bot.domain.prices import PoolPrice
from dao_bot.domain.units import format_ratio
from dao_bot.domain.verdict import RuleReport
from dao_bot.fields import RatioField, Settings
from dao_bot.policy.facts import PolicyFacts
from dao_bot.policy.liquidity import pools_of
from dao_bot.policy.report import at_most, broken, kept
from dao_bot.policy.valuation import price_of


class PoolAgainstOracleParams(Settings):
    """Parameters of the rule `pool_against_oracle`."""

    max: RatioField = Field(ge=0, description="largest deviation of spot and time-weighted price from the oracle")


class PoolAgainstOracle:
    """Spot and time-weighted price of every traded pool against the ratio of the oracle prices of its tokens.

    To make, increase and decrease a position is to trade; to collect what it owes is not.
    """

    name: ClassVar[str] = "pool_against_oracle"
    Params: ClassVar[type[Settings]] = PoolAgainstOracleParams

    def __init__(self, params: PoolAgainstOracleParams) -> None:
        self._max = params.max

    def check(self, facts: PolicyFacts) -> Iterator[RuleReport]:
        known = {pool.pool: pool for pool in facts.pool_prices}
        for position, decoded in enumerate(facts.decoded, 1):
            in_bytes = decoded.position is None or decoded.position.token_id is None
            if decoded.venue is not None and not decoded.pools and in_bytes:
                yield broken(self.name, f"call {position}", "It trades, and does not say in which pools.")
        traded = sorted({pool for decoded in facts.decoded for pool in pools_of(facts, decoded)})
        for address in traded:
            pool = known.get(address)
            if pool is None:
                yield broken(self.name, address, "The price of this pool was not read, so nobody can compare it.")
            else:
                yield from self._pool(facts, pool)
        if not traded:
            yield kept(self.name, "", "The batch trades in no pool.")

    def _pool(self, facts: PolicyFacts, pool: PoolPrice) -> Iterator[RuleReport]:
        base, quote = price_of(facts, pool.base), price_of(facts, pool.quote)
        name = f"{pool.base.symbol}/{pool.quote.symbol} pool"
        for kind, price in (("spot", pool.spot), (f"average of {pool.window} s", pool.twap)):
            if price is None or price <= 0:
                problem = "; ".join(pool.problems) or "no reason given"
                yield broken(self.name, f"{name}, {kind}", f"The pool has no usable price: {problem}.")
                continue
            # price / 1e18 against base / quote, as a part of the latter, rounded up
            difference = abs(price * quote - base * 10**18)
            yield at_most(
                self.name,
                f"{name}, {kind}",
                before=0,
                after=-(-difference // base),
                limit=self._max,
                render=format_ratio,
                message="The deviation of the pool from the oracle",
                advice="wait until the pool is back, or find out who moved it",
            )
