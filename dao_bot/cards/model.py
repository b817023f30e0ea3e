"""The card as data: every fact that a renderer may show, cleaned once, with amounts still in base units."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from dao_bot.cards.text import duration, utc
from dao_bot.domain.addresses import Address
from dao_bot.domain.calls import CallType
from dao_bot.domain.lifecycle import OPEN_STATES, State
from dao_bot.domain.runs import Block
from dao_bot.domain.tokens import Token, usd_value
from dao_bot.domain.units import WAD


class Tone(enum.StrEnum):
    """How loudly something is shown; never by colour alone."""

    NEUTRAL = "neutral"
    ACTIVE = "active"
    GOOD = "good"
    CAUTION = "caution"
    DANGER = "danger"


@dataclass(frozen=True, slots=True)
class Status:
    """The state in words."""

    words: str
    tone: Tone


@dataclass(frozen=True, slots=True)
class Party:
    """An address and the name that the stewards gave it."""

    address: Address
    label: str | None


@dataclass(frozen=True, slots=True)
class SafeTransactionHashes:
    """What an owner compares with the signing device, recomputed by this program (EIP-712). 0x-hex of 32 bytes."""

    nonce: int
    domain_hash: str
    message_hash: str
    safe_tx_hash: str


@dataclass(frozen=True, slots=True)
class Signatures:
    """Who must sign, and who has."""

    threshold: int
    owners: tuple[Party, ...]
    signed: tuple[Party, ...]

    @property
    def missing(self) -> int:
        return max(self.threshold - len(self.signed), 0)


@dataclass(frozen=True, slots=True)
class HoldingRow:
    """One token of the Safe, in base units.

    Attributes:
        delta: what the simulation moved.
        realised_delta: what the executed transaction moved; None before execution.
        price: WAD USD for one whole token; None when no source may be used.
        share_before, share_after: WAD share of all priced holdings; None without a price.
    """

    token: Token
    before: int
    delta: int
    realised_delta: int | None
    price: int | None
    share_before: int | None
    share_after: int | None

    @property
    def expected(self) -> int:
        return self.before + self.delta

    @property
    def realised(self) -> int | None:
        return None if self.realised_delta is None else self.before + self.realised_delta

    @property
    def changes(self) -> bool:
        return bool(self.delta or self.realised_delta)

    def usd(self, units: int | None) -> int | None:
        """WAD value of `units` of this token."""
        if units is None or self.price is None:
            return None
        return usd_value(self.token.amount(units), self.price)


@dataclass(frozen=True, slots=True)
class OtherAsset:
    """An asset that the simulation moves and the treasury does not list; `token_id` names one NFT."""

    address: Address
    label: str | None
    token_id: int | None
    delta: int


@dataclass(frozen=True, slots=True)
class PositionRow:
    """One position of concentrated liquidity that the batch makes or changes, at oracle prices.

    Attributes:
        tokens, prices: token0 and token1 with their WAD USD prices; None when one is not listed or has no price.
        lower, upper: ticks between which it provides liquidity.
        before, after: base units of both in it, fees with them; None when it does not exist, or has no price.
        usd_before, usd_after: their value, WAD USD; None without a price.
    """

    manager: Address
    token_id: int
    tokens: tuple[Token, Token] | None
    prices: tuple[int, int] | None
    lower: int
    upper: int
    is_new: bool
    before: tuple[int, int] | None
    after: tuple[int, int] | None
    usd_before: int | None
    usd_after: int | None

    @property
    def usd_change(self) -> int | None:
        return None if self.usd_before is None or self.usd_after is None else self.usd_after - self.usd_before


@dataclass(frozen=True, slots=True)
class Payment:
    """What a call sends to somebody else than the Safe, or burns; `token` is None when the treasury does not list it.

    What is burned has no recipients.
    """

    token: Token | None
    address: Address
    units: int
    price: int | None
    recipients: tuple[Party, ...]


@dataclass(frozen=True, slots=True)
class Cost:
    """What the batch costs at oracle prices, WAD USD; negative is a gain; None when something has no price.

    What goes into a position of the treasury's own is no cost: the position counts with what is in it.

    Attributes:
        sold: value of what is traded away or put into positions, without payments.
        expected: value lost by it, as simulated.
        worst: the same if every swap and deposit came at its minimum; None also when a swap has no minimum.
        realised: value lost in the executed transaction; None where positions changed, whose contents it does not tell.
        gas_used: simulated gas units, or the executed transaction's.
        gas_usd: what the sender paid, once executed.
    """

    sold: int | None
    expected: int | None
    worst: int | None
    realised: int | None
    gas_used: int
    gas_usd: int | None

    def of_sold(self, cost: int | None) -> int | None:
        """`cost` as a WAD share of what is sold."""
        return None if cost is None or not self.sold else cost * WAD // self.sold


@dataclass(frozen=True, slots=True)
class Story:
    """What changes, what it costs, how it can fail, and, once it is known, what came of it."""

    changes: str
    costs: str
    fails: str
    result: str | None


@dataclass(frozen=True, slots=True)
class Concern:
    """A residual risk, or something that does not fit together."""

    tone: Tone
    text: str


@dataclass(frozen=True, slots=True)
class CallRow:
    """One decoded call; `function` is None when nobody knows these bytes."""

    number: int
    to: Party
    protocol: str
    function: str | None
    summary: str
    arguments: tuple[tuple[str, str, str], ...]
    value: int
    selector: str
    data_size: int


@dataclass(frozen=True, slots=True)
class RuleRow:
    """One report of the policy, as its rule worded it."""

    rule: str
    subject: str
    before: str
    after: str
    limit: str
    binds: bool
    violated: bool
    message: str

    @property
    def verdict(self) -> str:
        return "broken" if self.violated else "at its limit" if self.binds else "kept"


@dataclass(frozen=True, slots=True)
class SourceRow:
    """One price source: WAD USD, age in seconds at the pinned block, deviation from the used price (WAD)."""

    source: str
    usd: int
    age: int
    max_age: int
    stale: bool
    deviation: int | None

    @property
    def kind(self) -> str:
        """`chainlink` of `chainlink 0x1234…`: what its mark in a plot stands for."""
        return self.source.split(" ", 1)[0]


@dataclass(frozen=True, slots=True)
class PriceRow:
    """The price of one token and where it comes from.

    Attributes:
        peg_deviation: WAD distance from one US dollar, for tokens that aim at it; None for others.
    """

    token: Token
    usd: int | None
    sources: tuple[SourceRow, ...]
    problems: tuple[str, ...]
    peg_deviation: int | None
    pegged: bool


@dataclass(frozen=True, slots=True)
class StrategyWords:
    """What the strategy says of itself: quoted, never relied on."""

    reason: str
    summary: tuple[str, ...]
    evidence: tuple[tuple[str, str], ...]
    binding: tuple[tuple[str, str], ...]
    wake_at: int | None


@dataclass(frozen=True, slots=True)
class WitnessRow:
    """One independent simulation."""

    method: str
    endpoint: str
    success: bool
    gas_used: int | None
    revert_reason: str | None


@dataclass(frozen=True, slots=True)
class OutcomeFacts:
    """The executed transaction."""

    transaction_hash: str
    block_number: int
    block_hash: str
    success: bool
    gas_used: int
    gas_cost: int


@dataclass(frozen=True, slots=True)
class Times:
    """Chain time in epoch seconds; None where it is not known.

    Attributes:
        approved_at: of the first approval.
        executed_at: of the block of the execution.
        final_at: since when that block is final: of the block that completed its confirmations; where the chain itself
            says what is final, of the newest block when the keeper first saw it said.
    """

    approved_at: int | None = None
    executed_at: int | None = None
    final_at: int | None = None


@dataclass(frozen=True, slots=True)
class Quality:
    """Money in WAD USD at the oracle's mid prices of the decision; None where a price that is needed was missing.

    Attributes:
        out, back: value of what left the Safe and of what came to it, payments among them.
        sold: value of what was traded away, without payments; 0 where nothing was traded.
        expected, realised: cost of trading, fees and impact of pools included; negative is a gain. None also where
            positions of liquidity changed, whose contents a transaction does not tell.
        shortfall: what came less than promised, over all tokens; negative when it was more.
        gas: what the sender paid.
        gas_units, gas_cost: gas, and base units of the native coin.
    """

    out: int | None
    back: int | None
    sold: int | None
    expected: int | None
    realised: int | None
    shortfall: int | None
    gas: int | None
    gas_units: int
    gas_cost: int
    times: Times

    @property
    def shortfall_share(self) -> int | None:
        """Of what left; WAD."""
        return _share(self.shortfall, self.out)

    @property
    def expected_share(self) -> int | None:
        """Of what was traded away; WAD."""
        return _share(self.expected, self.sold)

    @property
    def realised_share(self) -> int | None:
        """Of what was traded away; WAD."""
        return _share(self.realised, self.sold)

    @property
    def to_execution(self) -> int | None:
        """Seconds from the first approval to the block of the execution."""
        return _between(self.times.approved_at, self.times.executed_at)

    @property
    def to_finality(self) -> int | None:
        """Seconds from the first approval until that block was final."""
        return _between(self.times.approved_at, self.times.final_at)


@dataclass(frozen=True, slots=True)
class CardModel:
    """Everything on the card, in the order in which a steward needs it.

    Attributes:
        now: chain time from which ages and the time left are told.
        valid_until: epoch seconds; the batch reverts later.
        target: what the Safe calls (`operation` says how); `data_size` bytes of calldata.
        hidden_empty: unchanged tokens without a balance, which have no row.
        nominal: the run's anchored time.
        quality: of the execution, once it succeeded.
    """

    title: str
    proposal_id: str
    status: Status
    state: State | None
    story: Story
    concerns: tuple[Concern, ...]
    strategy: str
    nominal: int
    attempt: int
    urgent: bool
    approval_rule: str
    valid_until: int
    now: int
    block: Block
    safe: Party
    safe_version: str | None
    route: str
    target: Party
    operation: CallType
    data_size: int
    batch_hash: str
    policy_hash: str
    observation_digest: str
    hashes: SafeTransactionHashes | None
    signatures: Signatures | None
    cost: Cost
    payments: tuple[Payment, ...]
    holdings: tuple[HoldingRow, ...]
    hidden_empty: int
    others: tuple[OtherAsset, ...]
    positions: tuple[PositionRow, ...]
    calls: tuple[CallRow, ...]
    rules: tuple[RuleRow, ...]
    prices: tuple[PriceRow, ...]
    words: StrategyWords
    simulated: bool
    revert_reason: str | None
    witnesses: tuple[WitnessRow, ...]
    outcome: OutcomeFacts | None
    quality: Quality | None

    @property
    def seconds_left(self) -> int:
        """Until the batch can no longer be executed; negative afterwards."""
        return self.valid_until - self.now

    @property
    def deadline(self) -> str:
        """`2026-11-21 09:07 UTC (12 h left)`; without the remark once the proposal is closed."""
        if self.state is not None and self.state not in OPEN_STATES:
            return utc(self.valid_until)
        left = self.seconds_left
        return f"{utc(self.valid_until)} ({f'{duration(left)} left' if left > 0 else 'over'})"

    @property
    def moves(self) -> bool:
        """Whether anything moves: as executed where that is known, else as simulated."""
        return self.outcome.success if self.outcome else self.simulated

    @property
    def total_before(self) -> int:
        """WAD USD of all holdings that have a price."""
        return sum(row.usd(row.before) or 0 for row in self.holdings)

    @property
    def total_expected(self) -> int:
        """The same after the batch, as simulated."""
        return sum(row.usd(row.expected) or 0 for row in self.holdings)

    @property
    def changed(self) -> tuple[HoldingRow, ...]:
        return tuple(row for row in self.holdings if row.changes)


def _share(part: int | None, whole: int | None) -> int | None:
    return None if part is None or not whole else part * WAD // whole


def _between(begin: int | None, end: int | None) -> int | None:
    return None if begin is None or end is None else end - begin
