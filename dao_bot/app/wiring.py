"""From strategies.yaml to a treasury at work: everything below is made and joined here, and nowhere else."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dao_bot.app.output import progress
from dao_bot.chain.endpoints import Endpoints, Freshness
from dao_bot.chain.fate import Finality
from dao_bot.chain.provider import Provider, Treasury
from dao_bot.chain.rpc import Endpoint
from dao_bot.chain.streams.event import parse_event
from dao_bot.chain.streams.provider import EventsProvider
from dao_bot.chain.witnesses import LocalFork, OtherOperator, SecondWitness
from dao_bot.config.load import Config, load_config
from dao_bot.config.settings import GrantSettings, RpcSettings
from dao_bot.distribution import check_distribution
from dao_bot.domain.addresses import Address
from dao_bot.domain.errors import BadInput
from dao_bot.domain.grants import Grant, MayBurn, MayCollect, MaySend, MaySwap
from dao_bot.domain.needs import Need
from dao_bot.domain.operations import Operation
from dao_bot.engine.acceptance import accepted_safe
from dao_bot.engine.approvals import ApprovalContext, ApprovalRule
from dao_bot.engine.decide import StrategyProcess, kinds
from dao_bot.engine.providers import ActionHistoryProvider, GasProvider, SpendHistoryProvider
from dao_bot.engine.schedule import Cron, Every, Schedule
from dao_bot.engine.services import Autonomy, Services, StrategyPlan
from dao_bot.market.history import HistorySource, PriceHistoryProvider
from dao_bot.market.prices import PricesProvider
from dao_bot.policy.policy_hash import policy_hash
from dao_bot.policy.slippage_limits import slippage_limits
from dao_bot.protocols.erc20 import Erc20, Erc20Settings
from dao_bot.protocols.port import TreasuryProtocol
from dao_bot.safe.deployments import MULTI_SEND_CALL_ONLY
from dao_bot.store.store import Store, open_store

if TYPE_CHECKING:
    from dao_bot.chain.streams.stream import EventStream
    from dao_bot.engine.routes.port import Route
    from governance.assembly import Assembly
    from governance.power.tier import Tier

MULTI_SEND_VERSION = "1.4.1"
_CLOCK_KEPT = 1.0
"""Seconds for which people share one reading of the chain's time."""


@dataclass(frozen=True, slots=True)
class Desk:
    """A treasury that is open for work."""

    config: Config
    services: Services
    store: Store


@contextmanager
def open_desk(path: Path, node_timeout: float | None = None) -> Iterator[Desk]:
    """Everything that strategies.yaml at `path` asks for; closed again on the way out.

    Args:
        node_timeout: seconds for one request to a node, and for waiting in all while it limits its rate.

    Raises:
        BadInput: the configuration, or this installation, is not what it should be.
        StoreError: the record cannot be opened.
    """
    check_distribution()
    config = load_config(path)
    with ExitStack() as stack:
        protocols = make_protocols(config, treasury_of(config))
        operations = [operation for protocol in protocols for operation in protocol.operations]
        store = stack.enter_context(open_store(config.store.url.resolve(), operations=operations))
        services = make_services(config, protocols, store, make_endpoints(config, node_timeout))
        stack.callback(services.second_witness.close)
        yield Desk(config, services, store)


def treasury_of(config: Config) -> Treasury:
    """The fixed facts of the config."""
    chain = config.treasury.chain
    blocks = chain.finality.blocks
    return Treasury(
        chain.id,
        Address(config.treasury.safe),
        config.tokens,
        config.native,
        Address(chain.multicall3),
        Finality(tag="finalized") if blocks is None else Finality(blocks),
    )


def make_protocols(config: Config, treasury: Treasury) -> tuple[TreasuryProtocol, ...]:
    """The configured protocols; tokens themselves are always among them."""
    configured = tuple(plugin.kind(plugin.settings, treasury) for plugin in config.protocols.values())
    if Erc20.name in config.protocols:
        return configured
    return (Erc20(Erc20Settings(), treasury), *configured)


def make_endpoints(config: Config, timeout: float | None = None) -> Endpoints:
    """The configured nodes. A local chain mines on demand, so its latest block may be old."""
    chain = config.treasury.chain
    nodes = [_node(rpc, timeout) for rpc in chain.rpcs]
    local = config.mode == "devnet"
    return Endpoints(
        nodes,
        chain_id=chain.id,
        multicall3=Address(chain.multicall3),
        freshness=Freshness(oldest=None, ahead=None) if local else None,
    )


def _node(settings: RpcSettings, timeout: float | None) -> Endpoint:
    if timeout is None:
        return Endpoint(settings.url.resolve(), settings.operator)
    return Endpoint(settings.url.resolve(), settings.operator, timeout, patience=timeout)


def make_services(
    config: Config, protocols: tuple[TreasuryProtocol, ...], store: Store, endpoints: Endpoints
) -> Services:
    """The engine's surroundings."""
    treasury = treasury_of(config)
    providers = _providers(config, treasury, protocols, store, endpoints)
    contracts = {address: label for protocol in protocols for address, (label, _) in protocol.contracts.items()}
    address_book = {Address(address): label for label, address in config.treasury.address_book.items()}
    routes = {name: plugin.kind(plugin.settings, treasury, _multi_send()) for name, plugin in config.routes.items()}
    operations = kinds(operation for protocol in protocols for operation in protocol.operations)
    needs: Mapping[str, type[Need[Any]]] = kinds(providers)
    rules = tuple(plugin.kind(plugin.settings) for plugin in config.rules)
    return Services(
        treasury=treasury,
        endpoints=endpoints,
        second_witness=_second_witness(config, endpoints),
        protocols=protocols,
        providers=providers,
        rules=rules,
        policy_hash=hash_of_policy(config),
        slippage=slippage_limits(rules),
        longest_window=max((getattr(plugin.settings, "window", 0) for plugin in config.rules), default=0),
        multi_send_call_only=_multi_send(),
        contracts=contracts,
        address_book=address_book,
        labels={**_labels(config, contracts, address_book), **_labels_of(routes)},
        hold_only=frozenset(Address(token.address) for token in config.treasury.tokens.values() if token.hold_only),
        approvals=_approvals(config, treasury, endpoints, store),
        strategies=_strategies(config, operations, needs),
        base=config.directory,
        accepted_safe=lambda: accepted_safe(store, treasury.safe),
        routes=routes,
    )


def hash_of_policy(config: Config) -> str:
    """Identity of all that decides what the treasury may do."""
    return policy_hash(policy_of(config), config.code_digests(), dependencies_digest())


def policy_of(config: Config) -> Mapping[str, Any]:
    """What the file says of the policy, as plain values.

    Where nodes, the record, the owners' queue, the wallet page, the watch and the keys are is left out, because to
    move them changes no rule; so is the mode.
    """
    plain = {key: value for key, value in config.plain.items() if key not in ("mode", "store", "web", "watch")}
    treasury = dict(plain["treasury"])
    treasury.pop("service", None)
    treasury["chain"] = {key: value for key, value in treasury["chain"].items() if key != "rpcs"}
    if "keeper" in treasury:
        where = ("key", "signer", "relay")
        treasury["keeper"] = {key: value for key, value in treasury["keeper"].items() if key not in where}
    if "routes" in plain:
        routes = plain["routes"].items()
        plain["routes"] = {name: {k: v for k, v in route.items() if k != "key"} for name, route in routes}
    return {**plain, "treasury": treasury}


@cache
def dependencies_digest() -> str:
    """Identity of the installed versions of everything that this program depends on; read once by each process."""
    from importlib.metadata import PackageNotFoundError, metadata

    from packaging.requirements import Requirement

    from dao_bot.domain.hashing import digest

    versions: dict[str, str] = {}
    waiting = ["dao-bot"]
    while waiting:
        name = waiting.pop()
        if name in versions:
            continue
        try:
            told = metadata(name)
        except PackageNotFoundError:
            continue
        versions[name] = told["Version"]
        for line in told.get_all("Requires-Dist") or ():
            requirement = Requirement(line)
            if requirement.marker is None or requirement.marker.evaluate({"extra": ""}):
                waiting.append(requirement.name.lower().replace("_", "-"))
    return digest(versions)


def _providers(
    config: Config, treasury: Treasury, protocols: tuple[TreasuryProtocol, ...], store: Store, endpoints: Endpoints
) -> dict[type[Need[Any]], Provider]:
    tokens = {**treasury.tokens, treasury.native.symbol: treasury.native}
    sources = {
        tokens[symbol]: [plugin.kind(plugin.settings, tokens[symbol], treasury) for plugin in chosen]
        for symbol, chosen in config.price_sources.items()
    }
    prices = PricesProvider(
        sources, treasury, max_deviation=config.prices.max_deviation, min_sources=config.prices.min_sources
    )
    events = EventsProvider(_streams(config), endpoints)
    recorded = (ActionHistoryProvider(store), SpendHistoryProvider(store))
    own: tuple[Provider, ...] = (prices, _history(config), events, GasProvider(), *recorded)
    found: dict[type[Need[Any]], Provider] = {}
    for provider in (*own, *(each for protocol in protocols for each in protocol.providers)):
        if provider.need in found:
            raise BadInput("two configured protocols read the same need", value=provider.need.kind)
        found[provider.need] = provider
    return found


def _history(config: Config) -> PriceHistoryProvider:
    """Candles; a configuration without sources imports nothing heavy, and every pair is absent."""
    history = config.history
    sources: list[HistorySource] = []
    if history.files:
        from dao_bot.market.history_files import FileHistory

        sources.append(FileHistory(history.files, config.directory, history.as_of))
    if history.exchanges:
        from dao_bot.market.exchange_history import ExchangeHistory

        sources.append(ExchangeHistory(history.exchanges, config.data_directory / "candles", history.as_of))
    return PriceHistoryProvider(sources)


def _streams(config: Config) -> dict[str, EventStream]:
    if not config.streams:
        return {}
    from dao_bot.chain.streams.stream import EventStream, StreamSource

    chain_id, directory = config.treasury.chain.id, config.data_directory / "streams"
    return {
        name: EventStream(
            name,
            StreamSource(chain_id, Address(settings.address), parse_event(settings.event), settings.from_block),
            directory,
        )
        for name, settings in config.streams.items()
    }


def _second_witness(config: Config, endpoints: Endpoints) -> SecondWitness:
    if len({rpc.operator for rpc in config.treasury.chain.rpcs}) > 1:
        return OtherOperator(endpoints)
    return LocalFork(_anvil, lambda: endpoints.primary)


def _anvil() -> Path:
    from dao_bot.devnet.toolchain import ensure_toolchain

    return ensure_toolchain(progress()).anvil


def _multi_send() -> Address:
    return next(address for address, deployed in MULTI_SEND_CALL_ONLY.items() if deployed.version == MULTI_SEND_VERSION)


def _labels(config: Config, contracts: Mapping[Address, str], address_book: Mapping[Address, str]) -> dict[str, str]:
    tokens = {token.address: f"{symbol} token" for symbol, token in config.tokens.items()}
    own = {Address(config.treasury.safe): f"{config.treasury.name} Safe", _multi_send(): "MultiSendCallOnly"}
    return {str(address): label for each in (tokens, contracts, address_book, own) for address, label in each.items()}


def _labels_of(routes: Mapping[str, Route]) -> dict[str, str]:
    return {str(address): label for route in routes.values() for address, label in route.labels.items()}


def _strategies(
    config: Config, operations: Mapping[str, type[Operation]], needs: Mapping[str, type[Need[Any]]]
) -> dict[str, StrategyPlan]:
    return {
        name: StrategyPlan(
            name=name,
            process=StrategyProcess(
                name, settings.use, config.directory, settings.params, operations, needs, tokens=tuple(config.tokens)
            ),
            schedule=_schedule(settings.schedule.every, settings.schedule.cron),
            jitter=settings.schedule.jitter,
            route=settings.route,
            approval=settings.approval,
            valid_for=settings.valid_for,
            max_failures=settings.max_failures,
            enabled=settings.enabled,
            may=tuple(_grant(config, grant) for grant in settings.may),
            autonomy=None if settings.autonomy is None else Autonomy(**settings.autonomy.model_dump()),
        )
        for name, settings in config.strategies.items()
    }


def _grant(config: Config, settings: GrantSettings) -> Grant:
    tokens, book = config.tokens, config.treasury.address_book
    if settings.swap is not None and settings.into is not None:
        return MaySwap(tokens[settings.swap], tokens[settings.into])
    if settings.burn is not None:
        return MayBurn(tokens[settings.burn])
    if settings.send is not None and settings.to is not None:
        return MaySend(tokens[settings.send], Address(book[settings.to]))
    return MayCollect()


def _approvals(config: Config, treasury: Treasury, endpoints: Endpoints, store: Store) -> dict[str, ApprovalRule]:
    stewards = {name: Address(wallet) for name, wallet in config.governance.stewards.items()}
    tiers = make_tiers(config)
    return {
        name: plugin.kind(plugin.settings, ApprovalContext(name, treasury, endpoints, store, stewards, tiers))
        for name, plugin in config.approvals.items()
    }


def make_tiers(config: Config) -> dict[str, Tier]:
    """Kinds of voting power; a configuration without any imports nothing for them."""
    if not config.power_sources:
        return {}
    from governance.power.tier import Tier

    return {
        name: Tier(
            name, tuple(source.kind(source.settings) for source in sources), config.governance.power[name].minimum_age
        )
        for name, sources in config.power_sources.items()
    }


def _schedule(every: int | None, cron: str | None) -> Schedule:
    if every is not None:
        return Every(every)
    assert cron is not None, "the settings hold one of both"
    return Cron(cron)


def make_assembly(desk: Desk) -> Assembly:
    """The people of a treasury that is open for work."""
    from governance.acts.ballot_box import BallotBox
    from governance.acts.register import Register
    from governance.assembly import Assembly, Hall
    from governance.assembly.hall import ChainClock

    services, store = desk.services, desk.store
    register = Register(store)
    settings = desk.config.governance
    keep = 0.0 if desk.config.mode == "devnet" else _CLOCK_KEPT
    return Assembly(
        Hall(
            treasury=services.treasury,
            endpoints=services.endpoints,
            store=store,
            clock=ChainClock(services.endpoints, keep),
            register=register,
            box=BallotBox(services.treasury, services.endpoints, store, register, make_tiers(desk.config)),
            stewards={name: Address(wallet) for name, wallet in settings.stewards.items()},
            unfreeze=settings.unfreeze,
            rules=services.approvals,
        )
    )
