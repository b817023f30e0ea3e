"""Reads strategies.yaml into a `Config`, or says everything that is wrong with it at once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from dao_bot import plugins
from dao_bot.chain.streams.settings import StreamSettings
from dao_bot.config.checks import findings, list_at, mapping_at, native_symbol
from dao_bot.config.discord_settings import DiscordSettings
from dao_bot.config.problems import ConfigErrors, KeyPath, Position, Problem
from dao_bot.config.settings import (
    GovernanceSettings,
    Mode,
    PricesSettings,
    StoreSettings,
    StrategiesFile,
    StrategySettings,
    TreasurySettings,
)
from dao_bot.config.source import Source, parse_source, read_source
from dao_bot.config.watch_settings import WatchSettings
from dao_bot.config.web_settings import WebSettings
from dao_bot.config.wording import in_words, is_about_key, plain_location, split_by_place
from dao_bot.domain.addresses import ZERO_ADDRESS
from dao_bot.domain.calls import MULTISIG
from dao_bot.domain.errors import DaoBotError
from dao_bot.domain.hashing import digest
from dao_bot.domain.tokens import Token
from dao_bot.fields import Settings
from dao_bot.market.history_settings import HistorySettings


@dataclass(frozen=True, slots=True)
class Plugin:
    """A protocol, price source, route or rule that the configuration names: its class, and its validated settings."""

    name: str
    kind: type[Any]
    settings: Settings


@dataclass(frozen=True, slots=True)
class Config:
    """strategies.yaml, validated, except that each strategy's `params` are raw: to validate them is to run its code.

    Attributes:
        protocols: by name, in the order of the file.
        routes: by name; `multisig` is always among them.
        price_sources: by token symbol (or the native coin's), the first source first.
        rules: the policy, in the order of the file.
        power_sources: of each kind of voting power.
        approvals: by the names that strategies refer to.
        web: the wallet page; None where there is none.
        strategies: by name, in the order in which they run.
        discord: None where people do not meet there.
        watch: None where nobody watches.
    """

    path: Path
    source: Source
    mode: Mode
    treasury: TreasurySettings
    protocols: Mapping[str, Plugin]
    prices: PricesSettings
    price_sources: Mapping[str, tuple[Plugin, ...]]
    history: HistorySettings
    streams: Mapping[str, StreamSettings]
    routes: Mapping[str, Plugin]
    rules: tuple[Plugin, ...]
    governance: GovernanceSettings
    power_sources: Mapping[str, tuple[Plugin, ...]]
    approvals: Mapping[str, Plugin]
    web: WebSettings | None
    strategies: Mapping[str, StrategySettings]
    store: StoreSettings
    discord: DiscordSettings | None = None
    watch: WatchSettings | None = None

    @property
    def directory(self) -> Path:
        """Where relative paths start: the directory of the file."""
        return self.path.resolve().parent

    @property
    def data_directory(self) -> Path:
        """Where events and candles are kept."""
        return self.directory / Path(self.store.data).expanduser()

    @property
    def source_text(self) -> str:
        """The file as it was read. It holds no secrets."""
        return self.source.text

    @property
    def plain(self) -> Mapping[str, Any]:
        """All that the file says as plain values, without its layout and comments; references stay references."""
        return self.source.data

    @property
    def digest(self) -> str:
        """0x-hex identity of all that the file says, the same whatever its layout and comments."""
        return digest(self.plain)

    @property
    def tokens(self) -> dict[str, Token]:
        """Every configured token by symbol; the native coin is not among them."""
        chain = self.treasury.chain.id
        return {
            symbol: Token(chain, token.address, symbol, token.decimals)  # type: ignore[arg-type]  # checked by its field
            for symbol, token in self.treasury.tokens.items()
        }

    @property
    def native(self) -> Token:
        """The chain's own coin."""
        native = self.treasury.chain.native
        return Token(self.treasury.chain.id, ZERO_ADDRESS, native.symbol, native.decimals)

    def position(self, path: Iterable[str | int]) -> Position | None:
        """Where the value at `path` stands in the file, or the nearest part above it that exists."""
        return self.source.position(tuple(path))

    def code_digests(self) -> dict[str, str]:
        """0x-hex identity of the code of this program and of every plugin that is named; no plugin is imported."""
        digests = {"dao-bot": plugins.package_digest("dao_bot")}
        for group, word, chosen in (
            (plugins.PROTOCOLS, "protocol", self.protocols.values()),
            (plugins.ROUTES, "route", self.routes.values()),
            (plugins.PRICE_SOURCES, "price_source", [one for each in self.price_sources.values() for one in each]),
            (plugins.POLICY_RULES, "policy_rule", self.rules),
            (plugins.APPROVALS, "approval", self.approvals.values()),
            (plugins.VOTING_POWER, "voting_power", [one for each in self.power_sources.values() for one in each]),
        ):
            digests.update({f"{word}:{plugin.name}": plugins.code_digest(group, plugin.name) for plugin in chosen})
        for strategy in self.strategies.values():
            digests[f"strategy:{strategy.use}"] = plugins.strategy_digest(strategy.use, self.directory)
        return digests


def load_config(path: Path) -> Config:
    """The configuration at `path`. Imports the protocols, price sources and rules that it names, never a strategy.

    Raises:
        ConfigErrors: everything that is wrong with the file.
    """
    return load_source(path, read_source(path))


def load_text(text: str, path: Path) -> Config:
    """`text` as if it stood in the file `path`, which need not exist.

    Raises:
        ConfigErrors: everything that is wrong with it.
    """
    return load_source(path, parse_source(path.name, text))


def askable_strategies(source: Source, directory: Path) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Name, `use` and raw `params` of each strategy that can be asked of its parameters, whatever else is wrong."""
    for name, raw in mapping_at(source.data, "strategies").items():
        use, params = mapping_at(raw).get("use"), mapping_at(raw).get("params", {})
        if not isinstance(use, str) or not isinstance(params, dict):
            continue
        if any(source.is_broken(("strategies", name, part)) for part in ("use", "params")):
            continue
        try:
            plugins.require_strategy(use, directory)
        except DaoBotError:
            continue  # the findings tell of it
        yield name, use, params


def strategy_problems(source: Source, name: str, errors: Iterable[Mapping[str, Any]]) -> ConfigErrors:
    """What a strategy said of its parameters (pydantic's `loc` and `msg`, and `type` if known) with lines of the file.

    A location that is not in the file is told at the nearest key above it. A message about all parameters may name
    places itself, as in `assets.DAI.cap: too large; buckets.day: unknown`.
    """
    above: KeyPath = ("strategies", name, "params")
    apart = [part for error in errors for part in split_by_place(error)]
    return ConfigErrors(_told(source, above, apart, None))


def load_source(path: Path, source: Source) -> Config:
    """What `source` says, which was read from `path`.

    Raises:
        ConfigErrors: everything that is wrong with it.
    """
    if not source.readable:
        raise ConfigErrors(source.problems)
    directory = path.resolve().parent
    problems: list[Problem] = []
    file: StrategiesFile | None = None
    try:
        file = StrategiesFile.model_validate(source.data, context={"directory": directory})
    except ValidationError as error:
        problems += _told(source, (), error.errors(include_url=False), StrategiesFile)
    chosen = _Plugins(source, directory)
    protocols = chosen.protocols()
    price_sources = chosen.price_sources()
    routes = chosen.routes()
    rules = chosen.rules()
    power_sources = chosen.power_sources()
    approvals = chosen.approvals()
    problems += chosen.problems
    problems += [source.problem(place, what) for place, what in findings(source.data, directory)]
    told = [*source.problems, *(problem for problem in problems if not source.is_broken(problem.path))]
    if told or file is None:
        raise ConfigErrors(dict.fromkeys(told))
    return Config(
        path=path,
        source=source,
        mode=file.mode,
        treasury=file.treasury,
        protocols=protocols,
        prices=file.prices,
        price_sources=price_sources,
        history=file.history,
        streams=file.streams,
        routes=routes,
        rules=rules,
        governance=file.governance,
        power_sources=power_sources,
        approvals=approvals,
        web=file.web,
        watch=file.watch,
        strategies=file.strategies,
        store=file.store,
        discord=file.discord,
    )


class _Plugins:
    """Finds and validates what the configuration chooses; what is no mapping was told of by the file's own model."""

    def __init__(self, source: Source, directory: Path) -> None:
        self.problems: list[Problem] = []
        self._source = source
        treasury = mapping_at(source.data, "treasury")
        tokens = tuple(mapping_at(treasury, "tokens"))
        self._context = {
            "directory": directory,
            "tokens": tokens,
            "address_book": tuple(mapping_at(treasury, "address_book")),
            "stewards": tuple(mapping_at(source.data, "governance", "stewards")),
            "power": tuple(mapping_at(source.data, "governance", "power")),
        }
        self._context_with_native = {**self._context, "tokens": (*tokens, native_symbol(source.data))}

    def protocols(self) -> dict[str, Plugin]:
        return self._by_name(plugins.PROTOCOLS, "protocols", {})

    def routes(self) -> dict[str, Plugin]:
        return self._by_name(plugins.ROUTES, "routes", {MULTISIG: {}})

    def _by_name(self, group: str, section: str, always: Mapping[str, Any]) -> dict[str, Plugin]:
        found = {
            name: self._plugin(group, name, raw, (section, name), (section, name))
            for name, raw in {**always, **mapping_at(self._source.data, section)}.items()
            if isinstance(raw, dict)
        }
        return {name: plugin for name, plugin in found.items() if plugin is not None}

    def price_sources(self) -> dict[str, tuple[Plugin, ...]]:
        sources = mapping_at(self._source.data, "prices", "sources")
        return {
            symbol: tuple(self._chosen(plugins.PRICE_SOURCES, ("prices", "sources", symbol), listed))
            for symbol, listed in sources.items()
            if isinstance(listed, list)
        }

    def rules(self) -> tuple[Plugin, ...]:
        listed = list_at(self._source.data, "policy", "rules")
        return tuple(self._chosen(plugins.POLICY_RULES, ("policy", "rules"), listed))

    def power_sources(self) -> dict[str, tuple[Plugin, ...]]:
        kinds = mapping_at(self._source.data, "governance", "power")
        return {
            name: tuple(
                self._chosen(
                    plugins.VOTING_POWER, ("governance", "power", name, "sources"), list_at(kinds, name, "sources")
                )
            )
            for name in kinds
        }

    def approvals(self) -> dict[str, Plugin]:
        found: dict[str, Plugin] = {}
        for name, raw in mapping_at(self._source.data, "approvals").items():
            if isinstance(raw, dict) and isinstance(raw.get("use"), str):
                rest = {key: value for key, value in raw.items() if key != "use"}
                path: KeyPath = ("approvals", name)
                plugin = self._plugin(plugins.APPROVALS, raw["use"], rest, path, (*path, "use"))
                if plugin is not None:
                    found[name] = plugin
        return found

    def _chosen(self, group: str, path: KeyPath, listed: list[Any]) -> Iterator[Plugin]:
        for number, raw in enumerate(listed):
            if isinstance(raw, dict) and isinstance(raw.get("use"), str):
                rest = {key: value for key, value in raw.items() if key != "use"}
                plugin = self._plugin(group, raw["use"], rest, (*path, number), (*path, number, "use"))
                if plugin is not None:
                    yield plugin

    def _plugin(self, group: str, name: str, raw: dict[str, Any], path: KeyPath, name_path: KeyPath) -> Plugin | None:
        is_rule = group == plugins.POLICY_RULES
        try:
            kind = plugins.find(group, name)
            model = plugins.settings_model(kind, "Params" if is_rule else "Settings")
        except DaoBotError as error:
            self.problems.append(self._source.problem(name_path, str(error).rstrip(".")))
            return None
        context = self._context_with_native if is_rule else self._context
        try:
            return Plugin(name, kind, model.model_validate(raw, context=context))
        except ValidationError as error:
            self.problems += _told(self._source, path, error.errors(include_url=False), model)
            return None


def _told(source: Source, above: KeyPath, errors: Iterable[Mapping[str, Any]], model: Any) -> list[Problem]:
    return [
        source.problem((*above, *plain_location(error["loc"])), in_words(error, model), key=is_about_key(error))
        for error in errors
    ]
