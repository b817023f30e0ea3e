"""Ladders of executable quotes from QuoterV2, for every pair that the configured pools can trade."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from dao_bot.chain.abi import function
from dao_bot.chain.plan import Answer, Plan, Read
from dao_bot.chain.provider import ReadContext
from dao_bot.domain.addresses import Address
from dao_bot.domain.errors import BadInput
from dao_bot.domain.needs import Holding, Holdings, Need, Prices, SwapLadders
from dao_bot.domain.prices import TokenPrice
from dao_bot.domain.quotes import Ladder, Rung
from dao_bot.domain.ticks import MAX_SQRT_RATIO, MIN_SQRT_RATIO
from dao_bot.domain.tokens import Token, units_worth
from dao_bot.protocols.reading import told
from dao_bot.protocols.uniswap_v3.paths import VENUE, Pool
from dao_bot.protocols.uniswap_v3.routes import Route, routes

_QUOTE = function("quoteExactInput(bytes,uint256)", "(uint256,uint160[],uint32[],uint256)")
_GAS_OF_A_HOP = 200_000
_GAS_AROUND_A_SWAP = 120_000
"""Three approvals, the router, and the payment, none of which the quoter's estimate counts."""
_EXHAUSTED = (MIN_SQRT_RATIO + 1, MAX_SQRT_RATIO - 1)
"""Where a swap stops when a pool has nothing left: the quote is then for a part of the input only."""
_UNITS_LOST_PER_HOP = 4
_PRICES = Prices()
_HOLDINGS = Holdings()


@dataclass(frozen=True, slots=True)
class _Quote:
    """What QuoterV2 says of one size. `steps`: initialised ticks crossed, each of which may round by a unit."""

    rung: Rung
    steps: int
    gas: int


class SwapLaddersProvider:
    """Reads `SwapLadders` in one round, after the prices, with which sizes in USD become amounts, and the holdings."""

    need: ClassVar[type[Need[Any]]] = SwapLadders

    def __init__(self, quoter: Address, pools: Sequence[Pool], max_hops: int, max_routes: int) -> None:
        self._quoter = quoter
        self._pools = tuple(pools)
        self._max_hops = max_hops
        self._max_routes = max_routes

    def requires(self, need: SwapLadders) -> tuple[Need[Any], ...]:
        return (_PRICES, _HOLDINGS)

    def read(self, need: SwapLadders, context: ReadContext) -> Plan[tuple[Ladder, ...]]:
        """The best ladder of every directed pair: the one that goes furthest, then the one that returns most there.

        Nothing is quoted beyond what the Safe holds: in place of the first larger size stands all of it. A token that
        it does not hold has no ladder, nor has one without a usable price, because its sizes are unknown, nor a pair
        whose pools cannot fill the first size.

        Raises:
            BadInput: an unknown token, or sizes that do not grow.
        """
        ends = _ends(need, context.treasury.tokens)
        _require_growing(need.sizes)
        prices: Mapping[Token, TokenPrice] = context.seen[_PRICES]
        holdings: Mapping[Token, Holding] = context.seen[_HOLDINGS]
        sizes = {token: _units(token, need.sizes, prices.get(token), holdings[token].available) for token in ends}
        sells = [token for token in ends if sizes[token]]
        possible = routes(self._pools, sells, ends, self._max_hops, self._max_routes)
        reads = [read for route in possible for read in self._reads(route, sizes[route.sell])]
        answers = (yield reads) if reads else ()
        best: dict[tuple[Token, Token], Ladder] = {}
        start = 0
        for route in possible:
            end = start + len(sizes[route.sell])
            ladder = _ladder(route, sizes[route.sell], answers[start:end])
            start = end
            known = best.get((route.sell, route.buy))
            if ladder is not None and (known is None or _reach(ladder) > _reach(known)):
                best[route.sell, route.buy] = ladder
        return tuple(best.values())

    def _reads(self, route: Route, sizes: Sequence[int]) -> Iterable[Read]:
        path, gas = route.path.encode(), _GAS_OF_A_HOP * len(route.pools)
        return (_QUOTE.read(self._quoter, path, size, gas=gas) for size in sizes)


def _ends(need: SwapLadders, tokens: Mapping[str, Token]) -> tuple[Token, ...]:
    unknown = sorted(set(need.tokens) - set(tokens))
    if unknown:
        raise BadInput("quotes of tokens that are not configured are asked for", value=", ".join(unknown))
    return tuple(token for symbol, token in tokens.items() if not need.tokens or symbol in need.tokens)


def _require_growing(sizes: Sequence[int]) -> None:
    if not sizes or sizes[0] <= 0 or any(left >= right for left, right in zip(sizes, sizes[1:], strict=False)):
        raise BadInput("sizes of quotes must be positive and grow", value=", ".join(map(str, sizes)) or "none")


def _units(token: Token, sizes: Sequence[int], price: TokenPrice | None, held: int) -> tuple[int, ...]:
    """Growing amounts worth `sizes` USD, none larger than `held`; sizes that are dust in this token fall away."""
    if price is None or price.usd is None:
        return ()
    units = (min(units_worth(token, size, price.usd), held) for size in sizes)
    return tuple(dict.fromkeys(each for each in units if each > 0))


def _ladder(route: Route, sizes: Sequence[int], answers: Sequence[Answer]) -> Ladder | None:
    """Rungs up to the size at which the pools run dry; None when there is none, or when the quotes contradict
    themselves (a larger size at a better price), for then nothing that they say can be relied on."""
    quotes: list[_Quote] = []
    for size, answer in zip(sizes, answers, strict=True):
        quote = _quote(size, answer)
        if quote is None or (quotes and quote.rung.buy <= quotes[-1].rung.buy):
            break
        if quote.rung.buy:
            quotes.append(quote)
    if not quotes or not _prices_fall(quotes, len(route.pools)):
        return None
    return Ladder(
        sell=route.sell,
        buy=route.buy,
        venue=VENUE,
        path="0x" + route.path.encode().hex(),
        pools=tuple(pool.address for pool in route.pools),
        rungs=tuple(quote.rung for quote in quotes),
        gas=quotes[-1].gas + _GAS_AROUND_A_SWAP,
    )


def _quote(size: int, answer: Answer) -> _Quote | None:
    values = told(_QUOTE, answer)
    if values is None:
        return None
    buy, prices_after, ticks_crossed, gas = values
    if any(price in _EXHAUSTED for price in prices_after):
        return None
    return _Quote(Rung(size, buy), sum(ticks_crossed), gas)


def _prices_fall(quotes: Sequence[_Quote], hops: int) -> bool:
    """Whether each further unit is worth no more than the one before, but for units that the pools round away."""
    sold, bought = 0, 0
    previous: tuple[int, int] | None = None
    for quote in quotes:
        step = (quote.rung.sell - sold, quote.rung.buy - bought)
        slack = _UNITS_LOST_PER_HOP * hops + quote.steps
        if previous is not None:
            better = max(step[1] - slack, 0) * max(previous[0] - slack, 0)
            if better > (previous[1] + slack) * (step[0] + slack):
                return False
        sold, bought, previous = quote.rung.sell, quote.rung.buy, step
    return True


def _reach(ladder: Ladder) -> tuple[int, int]:
    last = ladder.rungs[-1]
    return last.sell, last.buy
