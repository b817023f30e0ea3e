"""The sections of strategies.yaml as typed, immutable settings; `docs/configuration.md` is made from these."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, model_validator

from dao_bot.chain.streams.settings import StreamSettings
from dao_bot.config.cron import shortest_gap
from dao_bot.config.discord_settings import DiscordSettings
from dao_bot.config.fields import (
    ContractField,
    CronField,
    FinalityField,
    FlagField,
    GasPriceField,
    LabelField,
    NameField,
    RpcUrlField,
    SecretField,
    StoreUrlField,
    SymbolField,
)
from dao_bot.config.watch_settings import WatchSettings
from dao_bot.config.web_settings import WebSettings
from dao_bot.domain.addresses import Address
from dao_bot.domain.units import WAD
from dao_bot.fields import DurationField, IntField, RatioField, Settings
from dao_bot.market.history_settings import HistorySettings

Mode = Literal["devnet", "plan", "live"]
_MULTICALL3 = Address("0xcA11bde05977b3631167028862bE2a173976CA11")
_DAY = 86_400


class NativeSettings(Settings):
    """The chain's own coin, which pays for gas.

    Attributes:
        symbol: its symbol; also its name under `prices.sources`.
        decimals: its decimals, 18 on every chain that this program was tested on.
    """

    symbol: SymbolField = "ETH"
    decimals: Annotated[IntField, Field(ge=0, le=36)] = 18


class RpcSettings(Settings):
    """A node that is read from and sent to.

    Attributes:
        url: http, https or ipc; with a key in it better as a reference. Shown without keys everywhere.
        operator: who runs the node. Nodes of one operator never count as two witnesses.
    """

    url: RpcUrlField
    operator: LabelField


class ChainSettings(Settings):
    """The chain that the treasury lives on.

    Attributes:
        id: the chain id (EIP-155); every node must confirm it.
        name: what people call it.
        native: its own coin.
        finality: when a transaction counts as final; `finalized` follows the chain's own word for it.
        rpcs: its nodes, the preferred one first. Live mode needs two operators.
        multicall3: where Multicall3 lives; the default holds on nearly every chain.
    """

    id: Annotated[IntField, Field(ge=1, lt=2**53)]
    name: LabelField
    native: NativeSettings = NativeSettings()
    finality: FinalityField
    rpcs: Annotated[tuple[RpcSettings, ...], Field(min_length=1)]
    multicall3: ContractField = _MULTICALL3


class KeeperSettings(Settings):
    """The account that sends what was approved. It owns nothing and may be no owner of the Safe.

    Attributes:
        key: where its private key is; the key itself never stands in the file.
        signer: or the socket of a signer (`dao-bot signer`), a process that has the key and checks what it signs.
        max_fee_per_gas: the most that it pays for one unit of gas (EIP-1559); above it, it waits.
        relay: a private endpoint that takes its transactions instead of the nodes. When it does not answer, or is on
            another chain, nothing is sent.
    """

    key: SecretField | None = None
    signer: Annotated[str, Field(min_length=1, max_length=100)] | None = None
    max_fee_per_gas: GasPriceField
    relay: RpcSettings | None = None

    @model_validator(mode="after")
    def _one_of_both(self) -> KeeperSettings:
        if (self.key is None) == (self.signer is None):
            raise ValueError("write either `key` or `signer`")
        return self


class ServiceSettings(Settings):
    """The Safe transaction service, hosted or one's own, where owners see proposals in Safe{Wallet} and sign them.

    Attributes:
        proposer: where the private key is that proposes: of an account that owns nothing, is no owner of the Safe, and
            was registered by an owner with `dao-bot delegates`.
        url: of a service of one's own, without `/api`; the hosted one of the chain when it is left out.
        key: where the key of the hosted service is.
        monthly_requests: what this treasury may ask for in a calendar month (UTC). The hosted service counts by
            account, and gives away 50000: with 20 Safes on one account, 2500 for each.
        requests_per_second: the hosted service allows 2 without a key, 5 with a free one.
        poll: the shortest time between two questions; it grows while nothing happens. `dao-bot run` looks once a minute
            unless something else happens, so less makes it no faster then.
    """

    proposer: SecretField
    url: RpcUrlField | None = None
    key: SecretField | None = None
    monthly_requests: Annotated[IntField, Field(ge=100)] = 2500
    requests_per_second: Annotated[IntField, Field(ge=1, le=1000)] = 2
    poll: Annotated[DurationField, Field(ge=5, le=3600)] = 60


class TokenSettings(Settings):
    """A token that the treasury holds or may hold.

    Attributes:
        address: its contract.
        decimals: its decimals; the chain must say the same.
        issuer: who must be good for it, for limits on one issuer.
        hold_only: never bought nor sold; for tokens that take fees on transfer or rebase.
    """

    address: ContractField
    decimals: Annotated[IntField, Field(ge=0, le=36)]
    issuer: LabelField | None = None
    hold_only: FlagField = False


class TreasurySettings(Settings):
    """The Safe and its surroundings.

    Attributes:
        name: the treasury's name on cards and posts.
        chain: the chain that it lives on.
        safe: the Safe's address.
        keeper: the account that sends transactions; not needed to plan.
        service: where owners sign besides `dao-bot sign`; nothing is sent there in mode `plan`.
        tokens: every token that strategies and limits may name, by symbol.
        address_book: the only recipients outside the Safe, by label.
    """

    name: LabelField
    chain: ChainSettings
    safe: ContractField
    keeper: KeeperSettings | None = None
    service: ServiceSettings | None = None
    tokens: Annotated[Mapping[SymbolField, TokenSettings], Field(min_length=1)]
    address_book: Mapping[LabelField, ContractField] = {}


class PluginChoice(Settings):
    """An installed plugin and, beside `use`, its own settings, which its own model validates."""

    model_config = ConfigDict(extra="allow")

    use: NameField


class PricesSettings(Settings):
    """Where prices come from, and when they are not believed.

    Attributes:
        max_deviation: the most that two sources of one token may differ; beyond it the token has no price.
        min_sources: how many sources of a token must answer; all that are configured when it is left out.
        sources: for each token, and the native coin, its sources; the first one is the price, the others confirm it.
    """

    max_deviation: Annotated[RatioField, Field(gt=0, le=WAD)] = WAD // 100
    min_sources: Annotated[IntField, Field(ge=1)] | None = None
    sources: Mapping[SymbolField, Annotated[tuple[PluginChoice, ...], Field(min_length=1)]]


class PolicySettings(Settings):
    """What no batch may break, whatever a strategy decides.

    Attributes:
        rules: all of them are checked, each reports; a rule that cannot be evaluated counts as broken.
    """

    rules: Annotated[tuple[PluginChoice, ...], Field(min_length=1)]


class PowerSettings(Settings):
    """Voting power of one kind of ballot: over one token the larger source counts, over different things the sum.

    Attributes:
        sources: where it comes from; all of them count one unit.
        minimum_age: power counts only if it was held for so long before the proposal.
    """

    sources: Annotated[tuple[PluginChoice, ...], Field(min_length=1)]
    minimum_age: Annotated[DurationField, Field(ge=0, le=365 * _DAY)] = 0


class GovernanceSettings(Settings):
    """Who may approve, and what a vote weighs.

    Attributes:
        stewards: their wallets, by name. Who acts as a steward through a chat must have linked that wallet.
        unfreeze: how many stewards' wallets must sign to end a freeze.
        seal: how many stewards' wallets must sign the policy (`dao-bot policy sign`) before mode `live` runs it.
        power: kinds of voting power, by names that approval rules refer to.
    """

    stewards: Mapping[NameField, ContractField] = {}
    unfreeze: Annotated[IntField, Field(ge=1)] = 2
    seal: Annotated[IntField, Field(ge=1)] = 2
    power: Mapping[NameField, PowerSettings] = {}


class ScheduleSettings(Settings):
    """When a strategy runs: one of `every` and `cron`.

    Attributes:
        every: an interval, counted from midnight UTC on 1 January 1970.
        cron: minute, hour, day of month, month, weekday in UTC; weekdays by name.
        jitter: the run waits up to this long, differently for each run but the same on every keeper.
    """

    every: Annotated[DurationField, Field(ge=1)] | None = None
    cron: CronField | None = None
    jitter: Annotated[DurationField, Field(ge=0)] = 0

    @model_validator(mode="after")
    def _one_of_both_and_a_jitter_that_fits(self) -> ScheduleSettings:
        if (self.every is None) == (self.cron is None):
            raise ValueError("write either `every` or `cron`, such as {every: 1h}")
        gap = shortest_gap(self.cron) if self.cron is not None else self.every
        if gap is not None and self.jitter >= gap:
            raise ValueError(f"jitter ({self.jitter} s) must be shorter than the time between two runs ({gap} s)")
        return self


class GrantSettings(Settings):
    """One thing that a strategy may do through a module: exactly one of `swap`, `burn`, `send` and `collect`.

    Attributes:
        swap: a token that it may sell for `into`, through the configured pools.
        into: what it may buy.
        burn: a token that it may destroy.
        send: a token that it may send to `to`.
        to: a label of the address book.
        collect: `fees`: those of the Safe's own positions.
    """

    swap: SymbolField | None = None
    into: SymbolField | None = None
    burn: SymbolField | None = None
    send: SymbolField | None = None
    to: LabelField | None = None
    collect: Literal["fees"] | None = None

    @model_validator(mode="after")
    def _one_thing(self) -> GrantSettings:
        if sum(each is not None for each in (self.swap, self.burn, self.send, self.collect)) != 1:
            raise ValueError("write exactly one of `swap`, `burn`, `send` and `collect`")
        if (self.swap is None) != (self.into is None):
            raise ValueError("`swap` and `into` belong together, such as {swap: USDC, into: DAO}")
        if (self.send is None) != (self.to is None):
            raise ValueError("`send` and `to` belong together, such as {send: USDC, to: Grants}")
        return self


class AutonomySettings(Settings):
    """How far a strategy may be promoted. Up only by an approved proposal, down by itself (`dao-bot ladder`).

    Attributes:
        begin: where it begins: `shadow` decides and records only, `propose` asks people as `approval` says.
        most: the highest rung: `delayed` goes through the module after a veto window, `instant` at once.
        delayed: the approval of batches on the rung `delayed`, such as one of `use: optimistic`.
        instant: the approval of batches on the rung `instant`, such as one of `use: none`.
    """

    begin: Literal["shadow", "propose"] = "propose"
    most: Literal["shadow", "propose", "delayed", "instant"] = "propose"
    delayed: NameField | None = None
    instant: NameField | None = None

    @model_validator(mode="after")
    def _rungs_have_approvals(self) -> AutonomySettings:
        if self.most == "delayed" and self.delayed is None:
            raise ValueError("`most: delayed` needs `delayed`, the approval of that rung")
        if self.most == "instant" and self.instant is None:
            raise ValueError("`most: instant` needs `instant`, the approval of that rung")
        return self


class StrategySettings(Settings):
    """One strategy at work.

    Attributes:
        use: an installed strategy, or `./file.py:ClassName` relative to this file.
        schedule: when it runs.
        route: how its batches reach the Safe, by name; `multisig` is a transaction that owners sign.
        approval: which of `approvals` its batches need.
        valid_for: how long a batch can be executed after it was made; enforced on the chain.
        max_failures: it is paused after this many failed runs in a row.
        enabled: whether it runs at all.
        may: what it may do through a module; the role on the chain is derived from this.
        autonomy: how far it may be promoted; without it people are always asked.
        params: its own parameters.
    """

    use: Annotated[str, Field(min_length=1)]
    schedule: ScheduleSettings
    route: NameField = "multisig"
    approval: NameField
    valid_for: Annotated[DurationField, Field(ge=60, le=30 * _DAY)] = _DAY // 2
    max_failures: Annotated[IntField, Field(ge=1)] = 3
    enabled: FlagField = True
    may: tuple[GrantSettings, ...] = ()
    autonomy: AutonomySettings | None = None
    params: Mapping[str, Any] = {}


class StoreSettings(Settings):
    """Where the record is kept.

    Attributes:
        url: SQLite for one keeper, PostgreSQL for several. A relative path starts at this file's directory.
        data: directory of the Parquet files in which events and candles are kept; relative to this file. It can be
            removed at any time: all of it is read again.
    """

    url: StoreUrlField
    data: Annotated[str, Field(min_length=1)] = "dao-bot-data"


class StrategiesFile(Settings):
    """Everything in one file.

    Attributes:
        version: of this format.
        mode: `devnet` for a local chain; `plan` does everything up to the proposal and sends nothing; `live` sends.
        treasury: the Safe and its surroundings.
        protocols: the protocols that it may use, by name, each with its own settings.
        prices: where prices come from.
        history: where candles come from, for strategies that look back.
        streams: the events that strategies may ask for, by name.
        routes: how batches reach the Safe, by name, each with its own settings; `multisig` is always there.
        policy: what no batch may break.
        governance: who may approve, and what a vote weighs.
        approvals: how people approve, by names that strategies refer to.
        web: the page where people link wallets and sign; left out, there is none.
        watch: how people see from outside that the keeper is well; left out, nobody does.
        strategies: what runs, by name, in the order in which they run on one treasury.
        store: where the record is kept.
        discord: where people see proposals and vote; left out, they do it elsewhere.
    """

    version: Annotated[IntField, Field(ge=1, le=1)] = 1
    mode: Mode
    treasury: TreasurySettings
    protocols: Mapping[NameField, Mapping[str, Any]] = {}
    prices: PricesSettings
    history: HistorySettings = HistorySettings()
    streams: Mapping[NameField, StreamSettings] = {}
    routes: Mapping[NameField, Mapping[str, Any]] = {}
    policy: PolicySettings
    governance: GovernanceSettings = GovernanceSettings()
    approvals: Annotated[Mapping[NameField, PluginChoice], Field(min_length=1)]
    web: WebSettings | None = None
    watch: WatchSettings | None = None
    strategies: Annotated[Mapping[NameField, StrategySettings], Field(min_length=1)]
    store: StoreSettings
    discord: DiscordSettings | None = None
