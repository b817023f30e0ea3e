"""The price of every token in USD: read from all its sources, compared, and refused when they do not agree."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from dao_bot.cards.text import duration
from dao_bot.chain.plan import Answer, Plan, Read
from dao_bot.chain.provider import ReadContext, Treasury
from dao_bot.domain.errors import BadInput
from dao_bot.domain.needs import Need, Prices
from dao_bot.domain.prices import PriceQuote, TokenPrice
from dao_bot.domain.tokens import Token
from dao_bot.domain.units import WAD, format_ratio, format_usd, mul_down
from dao_bot.market.port import PriceSource, Reading


@dataclass(frozen=True, slots=True)
class _Judged:
    """A reading in USD: the quote if there is a number at all, and why it must not be used if so."""

    quote: PriceQuote | None
    problem: str | None


class PricesProvider:
    """Reads `Prices`. A token without a usable price has `usd` None and its problems in words; nothing is raised."""

    need: ClassVar[type[Need[Any]]] = Prices

    def __init__(
        self,
        sources: Mapping[Token, Sequence[PriceSource]],
        treasury: Treasury,
        *,
        max_deviation: int = WAD // 100,
        min_sources: int | None = None,
    ) -> None:
        """Makes the provider.

        Args:
            sources: in the order of the config; a configured token that is not among them has no price.
            max_deviation: WAD; the most that two usable sources of a token may differ, relative to the smaller.
            min_sources: how many sources of a token must be usable; all of the configured ones when None.

        Raises:
            BadInput: a source measures against a token that no source prices in USD, or a token has fewer sources than
                `min_sources`.
        """
        self._max_deviation = max_deviation
        self._min_sources = min_sources
        self._sources = {token: tuple(sources.get(token, ())) for token in (*treasury.tokens.values(), treasury.native)}
        for token, its_sources in self._sources.items():
            self._require_enough(token, len(its_sources))
            for source in its_sources:
                if source.against is not None and self._anchor(source.against) is None:
                    raise BadInput(
                        f"{token.symbol} is priced against {source.against.symbol}, which no source prices in USD",
                        next_step=f"Add a source in USD, such as a feed, for {source.against.symbol}",
                    )

    def requires(self, need: Prices) -> tuple[Need[Any], ...]:
        """What the sources live on, such as pool prices."""
        required = (each for sources in self._sources.values() for source in sources for each in source.requires)
        return tuple(dict.fromkeys(required))

    def read(self, need: Prices, context: ReadContext) -> Plan[dict[Token, TokenPrice]]:
        """One round for all sources of all tokens."""
        readings = yield from self._readings(context)
        wanted = [token for token in self._sources if not need.tokens or token.symbol in need.tokens]
        unknown = set(need.tokens) - {token.symbol for token in wanted}
        if unknown:
            raise BadInput(
                "prices of tokens that are not configured are asked for",
                value=", ".join(sorted(unknown)),
            )
        now = context.block.timestamp
        judged = {token: [self._judge(each, readings, now) for each in readings[token]] for token in wanted}
        return {token: self._compare(token, judged[token]) for token in wanted}

    def _readings(self, context: ReadContext) -> Plan[dict[Token, list[Reading]]]:
        planned = [(token, source, source.reads()) for token, sources in self._sources.items() for source in sources]
        reads: list[Read] = [read for _, _, its_reads in planned for read in its_reads]
        answers: Sequence[Answer] = (yield reads) if reads else ()
        readings: dict[Token, list[Reading]] = {token: [] for token in self._sources}
        start = 0
        for token, source, its_reads in planned:
            end = start + len(its_reads)
            readings[token].append(source.interpret(answers[start:end], context))
            start = end
        return readings

    def _judge(self, reading: Reading, readings: Mapping[Token, list[Reading]], now: int) -> _Judged:
        if reading.price is None or reading.against is None:
            return _judge_usd(reading, now)
        position = self._anchor(reading.against)
        anchor = _judge_usd(readings[reading.against][position if position is not None else 0], now)
        if anchor.quote is None or anchor.problem:
            return _Judged(None, f"{reading.source} has no footing: {anchor.problem}")
        in_usd = mul_down(reading.price, anchor.quote.usd)
        if in_usd == 0:
            return _Judged(
                None,
                f"{reading.source} gives a price too small to be told in 18 decimals",
            )
        return _judge_usd(Reading(reading.source, in_usd, reading.at, reading.max_age), now)

    def _anchor(self, token: Token) -> int | None:
        """Position of the first source that prices `token` in USD by itself."""
        direct = (position for position, each in enumerate(self._sources.get(token, ())) if each.against is None)
        return next(direct, None)

    def _compare(self, token: Token, judged: Sequence[_Judged]) -> TokenPrice:
        quotes = tuple(each.quote for each in judged if each.quote is not None)
        problems = [each.problem for each in judged if each.problem]
        usable = [each.quote for each in judged if each.quote is not None and not each.problem]
        required = self._min_sources or len(judged)
        if not judged:
            return TokenPrice(token, None, (), ("no price source is configured",))
        if len(usable) < required:
            problems.append(f"{len(usable)} of {len(judged)} sources can be used, {required} must be")
            return TokenPrice(token, None, quotes, tuple(problems))
        disagreement = self._disagreement(usable)
        if disagreement:
            return TokenPrice(token, None, quotes, (*problems, disagreement))
        return TokenPrice(token, usable[0].usd, quotes, tuple(problems))

    def _disagreement(self, usable: Sequence[PriceQuote]) -> str | None:
        low = min(usable, key=lambda quote: quote.usd)
        high = max(usable, key=lambda quote: quote.usd)
        limit = self._max_deviation
        if (high.usd - low.usd) * WAD <= limit * low.usd:
            return None
        apart = format_ratio((high.usd - low.usd) * WAD // low.usd)
        return (
            f"the sources are {apart} apart, more than {format_ratio(limit)}: {low.source} says "
            f"{format_usd(low.usd, 6)}, {high.source} says {format_usd(high.usd, 6)}"
        )

    def _require_enough(self, token: Token, count: int) -> None:
        required = self._min_sources
        if required is not None and 0 < count < required:
            raise BadInput(
                f"{token.symbol} has fewer price sources than must be usable",
                value=count,
                limit=f"min_sources {required}",
                next_step="Add a source, or lower min_sources",
            )


def _judge_usd(reading: Reading, now: int) -> _Judged:
    if reading.price is None:
        return _Judged(None, reading.problem or f"{reading.source} gives no price")
    quote = PriceQuote(reading.source, reading.price, reading.at, reading.max_age)
    age = now - reading.at
    if age < 0:
        return _Judged(quote, f"{reading.source} answers from {duration(-age)} in the future")
    if quote.is_stale(now):
        return _Judged(quote, f"{reading.source} is {duration(age)} old, more than {duration(reading.max_age)}")
    return _Judged(quote, None)
