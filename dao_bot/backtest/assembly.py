"""From strategies.yaml and the settings of a market to a backtest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dao_bot.backtest.backtest import Backtest, Player
from dao_bot.backtest.book_file import load_book
from dao_bot.backtest.depth import Depth, StatedDepth
from dao_bot.backtest.events import EventsProvider, load_events
from dao_bot.backtest.feeds import FeedRules, replayed
from dao_bot.backtest.governed import Governed
from dao_bot.backtest.history import SlicedHistory
from dao_bot.backtest.market import Market, StatedSupply
from dao_bot.backtest.paths import PricePaths, Source, Stated, Traded, price_paths
from dao_bot.backtest.pool_states import load_pool_states, load_pool_trades
from dao_bot.backtest.pools import PoolVenue, SimulatedPool
from dao_bot.backtest.settings import DepthSettings, MarketSettings, SupplySettings
from dao_bot.backtest.traffic import Traffic, require_cover, sides, stated_traffic
from dao_bot.chain.provider import Treasury as Facts
from dao_bot.config.load import Config, strategy_problems
from dao_bot.domain.addresses import ZERO_ADDRESS, Address
from dao_bot.domain.errors import BadInput, NotFound
from dao_bot.domain.tokens import Token, parse_amount
from dao_bot.domain.units import WAD
from dao_bot.engine.schedule import Cron, Every
from dao_bot.fields import Settings
from dao_bot.market.history_files import FileHistory
from dao_bot.market.prices import PricesProvider
from dao_bot.plugins import load_strategy
from dao_bot.policy.slippage_limits import slippage_limits
from dao_bot.protocols.port import TreasuryProtocol
from dao_bot.protocols.uniswap_v3.paths import Pool
from dao_bot.protocols.uniswap_v3.protocol import UniswapV3
from dao_bot.protocols.uniswap_v3.settings import UniswapV3Settings
from dao_bot.safe.deployments import MULTI_SEND_CALL_ONLY
from dao_bot.strategy import Strategy


@dataclass(frozen=True, slots=True)
class Parts:
    """A configuration and what the live program makes of it."""

    config: Config
    facts: Facts
    protocols: tuple[TreasuryProtocol, ...]
    policy_hash: str


@dataclass(frozen=True, slots=True)
class History:
    """Candles by pair, and the seconds of one of them, of each pair both ways round."""

    candles: SlicedHistory
    intervals: Mapping[str, int]


def assemble(
    parts: Parts,
    settings: MarketSettings,
    directory: Path,
    *,
    players: tuple[Player, ...],
    begin: int,
    end: int,
    history: History | None = None,
) -> Backtest:
    """The backtest of `players` under the policy of a configuration in the market of `settings`.

    Args:
        directory: where relative paths of `settings` start.
        history: candles instead of those in the files of settings and configuration.

    Raises:
        BadInput, NotFound: something that is needed is missing, or the data cannot be used.
    """
    config, facts, protocols = parts.config, parts.facts, parts.protocols
    market = market_of(parts, settings, directory, history or files_of(settings, directory, config))
    for venue in market.venues.values():
        for each in venue.pools:
            if each.traffic is not None:
                require_cover(each.traffic, each.pool, begin, min(end, int(market.paths.time[-1])))
    return Backtest(
        market=market,
        facts=facts,
        players=players,
        start=start_of(settings, facts),
        begin=begin,
        end=end,
        delay=settings.delay,
        slippage=slippage_limits(plugin.kind(plugin.settings) for plugin in config.rules),
        prices=feeds_of(config, facts, market.paths, settings.feeds.rules),
        governed=governed_of(config, protocols, parts.policy_hash),
        providers=(_events(parts, settings, directory),),
    )


def players_of(config: Config, names: Sequence[str], varied: Mapping[str, Any] | None = None) -> tuple[Player, ...]:
    """The named strategies, in the order of the configuration, which is the order in which they run.

    Args:
        varied: parameters that take the place of the configured ones, by name.

    Raises:
        NotFound: a name that the configuration does not have.
        ConfigErrors: parameters that are not valid.
    """
    unknown = [name for name in names if name not in config.strategies]
    if unknown:
        raise NotFound(f"there is no strategy {unknown[0]!r} in {config.path}", limit=", ".join(config.strategies))
    return tuple(
        Player(
            name=name,
            strategy=strategy_of(config, name, varied or {}),
            schedule=Every(chosen.schedule.every) if chosen.schedule.every else Cron(chosen.schedule.cron or ""),
            jitter=chosen.schedule.jitter,
            valid_for=chosen.valid_for,
            max_failures=chosen.max_failures,
        )
        for name, chosen in config.strategies.items()
        if name in names
    )


def strategy_of(config: Config, name: str, varied: Mapping[str, Any]) -> Strategy:
    """The strategy itself, in this process: a backtest runs the code of its plugin."""
    kind = load_strategy(config.strategies[name].use, config.directory)
    strategy: Strategy = kind(params_of(config, name, varied))
    return strategy


def params_of(config: Config, name: str, varied: Mapping[str, Any]) -> Settings:
    """The parameters of a strategy.

    Raises:
        ConfigErrors: they are not valid.
    """
    from pydantic import ValidationError

    chosen = config.strategies[name]
    model: type[Settings] = load_strategy(chosen.use, config.directory).Params
    try:
        return model.model_validate({**chosen.params, **varied}, context={"tokens": tuple(config.tokens)})
    except ValidationError as error:
        raise strategy_problems(config.source, name, [dict(item) for item in error.errors()]) from error


def market_of(parts: Parts, settings: MarketSettings, directory: Path, history: History) -> Market:
    """The market of the settings, with the pools of the configuration."""
    tokens, chosen = _tokens(parts.facts), parts.config.protocols
    sources = {tokens[symbol]: _source(price, history.intervals) for symbol, price in settings.prices.items()}
    paths = price_paths(sources, history.candles, settings.marks)
    return Market(
        paths=paths,
        native=parts.facts.native,
        venues={
            protocol.name: _venue(chosen[protocol.name].settings, settings, protocol.pools, directory, paths)
            for protocol in parts.protocols
            if isinstance(protocol, UniswapV3)
        },
        gas_price=settings.gas_price,
        supply={tokens[symbol]: _supply(tokens[symbol], stated) for symbol, stated in settings.supply.items()},
        history=history.candles,
    )


def files_of(settings: MarketSettings, directory: Path, config: Config) -> History:
    """The candles in the files that the market names, and after them those that strategies.yaml names."""
    sources = (FileHistory(settings.files, directory), FileHistory(config.history.files, config.directory))
    files = [*config.history.files, *settings.files]
    return History(SlicedHistory(sources), both_ways({file.pair: file.interval for file in files}))


def both_ways(intervals: Mapping[str, int]) -> dict[str, int]:
    """Intervals by pair, and by the pair turned round."""
    turned = {"/".join(reversed(pair.split("/"))): interval for pair, interval in intervals.items()}
    return {**turned, **intervals}


def start_of(settings: MarketSettings, facts: Facts) -> dict[Token, int]:
    """Base units at the beginning."""
    tokens = _tokens(facts)
    return {tokens[symbol]: parse_amount(tokens[symbol], text).units for symbol, text in settings.start.items()}


def feeds_of(config: Config, facts: Facts, paths: PricePaths, rules: FeedRules) -> PricesProvider:
    """The live comparison of price sources, with feeds that answer from the history."""
    tokens = _tokens(facts)
    sources = {
        tokens[symbol]: [
            plugin.kind(plugin.settings, tokens[symbol], facts)
            if plugin.name == "uniswap_v3_twap"
            else replayed(plugin.name, plugin.settings, paths, tokens[symbol], rules)
            for plugin in chosen
        ]
        for symbol, chosen in config.price_sources.items()
    }
    return PricesProvider(
        sources, facts, max_deviation=config.prices.max_deviation, min_sources=config.prices.min_sources
    )


def governed_of(config: Config, protocols: tuple[TreasuryProtocol, ...], policy_hash: str) -> Governed:
    """The policy of the configuration."""
    contracts = {address: label for protocol in protocols for address, (label, _) in protocol.contracts.items()}
    return Governed(
        protocols=protocols,
        rules=tuple(plugin.kind(plugin.settings) for plugin in config.rules),
        limits=tuple((plugin.kind, plugin.settings) for plugin in config.rules),
        policy_hash=policy_hash,
        longest_window=max((getattr(plugin.settings, "window", 0) for plugin in config.rules), default=0),
        contracts=contracts,
        address_book={Address(address): label for label, address in config.treasury.address_book.items()},
        hold_only=frozenset(Address(token.address) for token in config.treasury.tokens.values() if token.hold_only),
        multi_send_call_only=next(iter(MULTI_SEND_CALL_ONLY)),
    )


def _supply(token: Token, stated: SupplySettings) -> StatedSupply:
    holders = {address: parse_amount(token, text).units for address, text in stated.holders.items()}
    return StatedSupply(parse_amount(token, stated.total).units, holders)


def _events(parts: Parts, settings: MarketSettings, directory: Path) -> EventsProvider:
    streams = parts.config.streams
    unknown = sorted(set(settings.events) - set(streams))
    if unknown:
        raise NotFound(f"there is no stream {unknown[0]!r} in {parts.config.path}", limit=", ".join(streams) or "none")
    return EventsProvider(
        {
            name: load_events(directory / Path(path).expanduser(), streams[name].event, name)
            for name, path in settings.events.items()
        }
    )


def _tokens(facts: Facts) -> dict[str, Token]:
    return {**facts.tokens, facts.native.symbol: facts.native}


def _source(price: Stated | str, intervals: Mapping[str, int]) -> Source:
    if isinstance(price, Stated):
        return price
    if price not in intervals:
        raise NotFound(
            f"there is no history of {price}",
            limit=", ".join(sorted(intervals)) or "no pair at all",
            next_step="Name a file of its candles under `files`",
        )
    return Traded(price, intervals[price])


def _venue(
    chosen: Settings, settings: MarketSettings, pools: Sequence[Pool], directory: Path, paths: PricePaths
) -> PoolVenue:
    assert isinstance(chosen, UniswapV3Settings), "a protocol is configured by its own settings"
    _require_pools(settings, pools)
    simulated = []
    for pool in pools:
        depth = _depth(settings, pool, directory)
        simulated.append(SimulatedPool(pool, depth, _traffic(settings, pool, depth, directory, paths)))
    return PoolVenue(
        name=UniswapV3.name,
        pools=tuple(simulated),
        recovery=settings.recovery,
        twap_window=chosen.twap_window,
        max_hops=chosen.max_hops,
        max_routes=chosen.max_routes,
        manager=Address(chosen.position_manager or ZERO_ADDRESS),
    )


def _names(pool: Pool) -> tuple[str, str]:
    """What a pool is called in the settings: its tokens either way round, and its fee."""
    return f"{pool.base}/{pool.quote} {pool.fee}", f"{pool.quote}/{pool.base} {pool.fee}"


def _require_pools(settings: MarketSettings, pools: Sequence[Pool]) -> None:
    known = [name for pool in pools for name in _names(pool)]
    unknown = [name for name in (*settings.depths, *settings.trading) if name not in known]
    if unknown:
        raise NotFound("there is no such pool in the configuration", value=unknown[0], limit=", ".join(known[::2]))


def _traffic(settings: MarketSettings, pool: Pool, depth: Depth, directory: Path, paths: PricePaths) -> Traffic | None:
    name = next((name for name in _names(pool) if name in settings.trading), None)
    if name is None:
        return None
    chosen = settings.trading[name]
    if chosen.file is not None:
        return load_pool_trades(chosen.file, pool, name.startswith(f"{sides(pool)[0]}/"), directory, paths)
    if not isinstance(depth, StatedDepth):
        raise BadInput(
            f"a stated volume of {name} needs a stated depth", next_step=f"State `usd` for {name} under `depths`"
        )
    assert chosen.volume is not None, "the settings hold one of both"
    return stated_traffic(pool, depth, chosen.volume / WAD, paths)


def _depth(settings: MarketSettings, pool: Pool, directory: Path) -> Depth:
    names = _names(pool)
    name = next((name for name in names if name in settings.depths), None)
    chosen: DepthSettings = settings.depth if name is None else settings.depths[name]
    if chosen.states is not None:
        return load_pool_states(chosen.states, pool, directory)
    if chosen.book is not None:
        return load_book(chosen.book, directory, turned=name == names[1])
    assert chosen.usd is not None, "the settings hold one of them"
    return StatedDepth(chosen.usd / WAD)
