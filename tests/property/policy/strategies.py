"""Random treasuries, batches and limits for the policy, and what a batch breaks, computed a second way.

`actions` draws what a batch does as plain data, so that the same batches can also be encoded for a real chain;
`facts_of` is a model of that chain. `breaches` holds the actions against the limits by integer arithmetic alone, and
shares no code with the rules.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from hypothesis import strategies as st

from dao_bot.domain.addresses import ZERO_ADDRESS, Address, checksum
from dao_bot.domain.calls import Batch, Call, CallType, DecodedCall, WrappedTransaction
from dao_bot.domain.hashing import keccak
from dao_bot.domain.multisend import encode_multi_send
from dao_bot.domain.prices import PoolPrice, PriceQuote, TokenPrice
from dao_bot.domain.runs import Block
from dao_bot.domain.simulation import AssetChange, SafeState, Simulation, Witness
from dao_bot.domain.tokens import Token
from dao_bot.domain.units import WAD
from dao_bot.policy.facts import Move, PolicyFacts
from dao_bot.policy.rule import Rule
from dao_bot.policy.rules.hold_only import HoldOnly, HoldOnlyParams
from dao_bot.policy.rules.issuer_cap import IssuerCap, IssuerCapParams, IssuerLimit
from dao_bot.policy.rules.move_size import MoveSize, MoveSizeParams
from dao_bot.policy.rules.pool_against_oracle import PoolAgainstOracle, PoolAgainstOracleParams
from dao_bot.policy.rules.price_quality import PriceQuality, PriceQualityParams
from dao_bot.policy.rules.slippage import Slippage, SlippageParams
from dao_bot.policy.rules.token_cap import TokenCap, TokenCapParams
from dao_bot.policy.rules.token_floor import TokenFloor, TokenFloorParams
from dao_bot.policy.rules.value_loss import ValueLoss, ValueLossParams

CHAIN_ID = 31337
NOW = 1_750_000_000
VALID_FOR = 12 * 3600
WINDOW = 24 * 3600
POLICY_HASH = "0x" + "11" * 32
BPS = WAD // 10_000


def address(name: str) -> Address:
    """A distinct address for every name."""
    return checksum(keccak(name.encode())[12:])


SAFE, ROUTER, DEADLINE_ROUTER, MULTI_SEND = (address(name) for name in ("safe", "router", "deadline", "multisend"))
OPERATIONS, STRANGER = address("operations"), address("stranger")
NATIVE = Token(CHAIN_ID, ZERO_ADDRESS, "ETH", 18)
USDC = Token(CHAIN_ID, address("USDC"), "USDC", 6)
USDT = Token(CHAIN_ID, address("USDT"), "USDT", 6)
DAI = Token(CHAIN_ID, address("DAI"), "DAI", 18)
DAO = Token(CHAIN_ID, address("DAO"), "DAO", 18)
STABLE = (USDC, USDT, DAI)
TOKENS = (NATIVE, *STABLE, DAO)
BY_SYMBOL = {token.symbol: token for token in TOKENS}


@dataclass(frozen=True)
class Swap:
    """Sells exactly `units` for at least `minimum`; in the end `received` comes."""

    sell: str
    buy: str
    units: int
    minimum: int
    received: int


@dataclass(frozen=True)
class Pay:
    """Sends `units` to an address."""

    token: str
    units: int
    to: Address


Action = Swap | Pay


@dataclass(frozen=True)
class Scene:
    """A treasury before a batch: balances in base units, prices and pools as WAD, earlier moves."""

    balances: Mapping[str, int]
    prices: Mapping[str, int]
    pool_deviation: Mapping[frozenset[str], tuple[int, int]] = field(default_factory=dict)
    moves: tuple[Move, ...] = ()


@dataclass(frozen=True)
class Limits:
    """One number for each limit: ratios and USD as WAD."""

    slippage: int
    pool: int
    per_run: int
    per_window: int
    usdt_per_window: int
    usdt_per_run: int
    usdc_floor: int
    usdt_cap: int
    dai_cap: int
    circle_cap: int
    value_loss: int

    def rules(self) -> tuple[Rule, ...]:
        """The configured policy; the mandatory rules come by themselves."""
        move_size = MoveSizeParams.model_construct(
            per_run=self.per_run,
            window=WINDOW,
            per_window=self.per_window,
            tokens={"USDT": self.usdt_per_window},
            tokens_per_run={"USDT": self.usdt_per_run},
        )
        circle = IssuerLimit.model_construct(max=self.circle_cap, exposure={"USDC": WAD, "DAI": 4 * WAD // 10})
        return (
            PriceQuality(PriceQualityParams()),
            PoolAgainstOracle(PoolAgainstOracleParams.model_construct(max=self.pool)),
            Slippage(SlippageParams.model_construct(max=self.slippage)),
            MoveSize(move_size),
            TokenFloor(TokenFloorParams.model_construct(tokens={"USDC": self.usdc_floor})),
            TokenCap(TokenCapParams.model_construct(tokens={"USDT": self.usdt_cap, "DAI": self.dai_cap}, drift=DRIFT)),
            IssuerCap(IssuerCapParams.model_construct(issuers={"Circle": circle}, drift=DRIFT)),
            ValueLoss(ValueLossParams.model_construct(max=self.value_loss)),
            HoldOnly(HoldOnlyParams()),
        )


DRIFT = 10 * BPS


def worth(symbol: str, units: int, prices: Mapping[str, int]) -> int:
    """Exact value in USD scaled by 1e36."""
    scale: int = 10 ** (18 - BY_SYMBOL[symbol].decimals)
    return units * prices[symbol] * scale


@st.composite
def scenes(draw: st.DrawFn) -> Scene:
    """Three stablecoins near one dollar in a wild range of sizes, coins, and the DAO's own token without a price."""
    balances = {
        token.symbol: draw(st.integers(0, 10**7)) * 10**token.decimals + draw(st.integers(0, 10**token.decimals))
        for token in STABLE
    }
    balances["ETH"] = draw(st.sampled_from([0, 10**18, 37 * 10**17]))
    balances["DAO"] = draw(st.sampled_from([0, 10**24]))
    prices = {token.symbol: WAD + draw(st.integers(-300, 300)) * BPS // 10 for token in STABLE}
    prices["ETH"] = draw(st.integers(500, 9000)) * WAD
    deviation = {
        frozenset(pair): (draw(st.integers(-60, 60)) * BPS, draw(st.integers(-40, 40)) * BPS)
        for pair in (("USDC", "USDT"), ("USDC", "DAI"), ("USDT", "DAI"))
    }
    return Scene(balances, prices, deviation, draw(earlier_moves()))


@st.composite
def earlier_moves(draw: st.DrawFn) -> tuple[Move, ...]:
    """Open and executed, inside the window, at its edge and outside."""
    moves = []
    for number in range(draw(st.integers(0, 3))):
        token, usd = draw(st.sampled_from(STABLE)), draw(st.integers(1, 500_000)) * WAD
        age = draw(st.sampled_from([0, 3600, WINDOW - 1, WINDOW, WINDOW + 1, 10 * WINDOW]))
        units = usd * 10**token.decimals // WAD
        moves.append(Move(f"0x{number:064x}", "reserve", token, units, usd, NOW - age, draw(st.booleans())))
    return tuple(moves)


@st.composite
def actions(draw: st.DrawFn, scene: Scene, most: int = 4) -> tuple[Action, ...]:
    """What a batch does: swaps among the stablecoins, now and then a payment, rarely one to a stranger."""
    balances = dict(scene.balances)
    made: list[Action] = []
    for _ in range(draw(st.integers(1, most))):
        sell = draw(st.sampled_from([token.symbol for token in STABLE if balances[token.symbol] > 0] or ["none"]))
        if sell == "none":
            break
        part = draw(st.sampled_from([1, 5, 10, 20, 50, 300, 1000]))
        units = max(1, balances[sell] * part // 1000)
        balances[sell] -= units
        if draw(st.integers(0, 7)) == 0:
            made.append(Pay(sell, units, STRANGER if draw(st.integers(0, 3)) == 0 else OPERATIONS))
            continue
        buy = draw(st.sampled_from([token.symbol for token in STABLE if token.symbol != sell]))
        fair = worth(sell, units, scene.prices) // (scene.prices[buy] * 10 ** (18 - BY_SYMBOL[buy].decimals))
        minimum = fair * (10_000 - draw(st.sampled_from([0, 5, 20, 29, 30, 31, 60]))) // 10_000
        received = minimum + (fair - minimum) * draw(st.integers(0, 10)) // 10
        balances[buy] += received
        made.append(Swap(sell, buy, units, minimum, received))
    return tuple(made)


def wide_limits(dollars: int) -> Limits:
    """What a careless steward would write for a treasury of so many dollars (WAD)."""
    return Limits(
        slippage=100 * BPS,
        pool=100 * BPS,
        per_run=10 * dollars,
        per_window=10 * dollars + 10**8 * WAD,
        usdt_per_window=10 * dollars + 10**8 * WAD,
        usdt_per_run=10 * dollars,
        usdc_floor=0,
        usdt_cap=WAD,
        dai_cap=WAD,
        circle_cap=WAD,
        value_loss=100 * BPS,
    )


@st.composite
def limits(draw: st.DrawFn, scene: Scene) -> Limits:
    """Up to three limits where a batch may reach them, the others wide."""
    total = sum(worth(symbol, units, scene.prices) for symbol, units in scene.balances.items() if symbol != "DAO")
    dollars = total // WAD
    size = st.sampled_from([1000, 500, 200, 100, 50, 10, 1]).map(lambda part: dollars * part // 1000)
    ratio = st.sampled_from([95, 70, 50, 35, 20]).map(lambda percent: percent * WAD // 100)
    few_bps = st.sampled_from([60, 50, 30, 20, 10, 5, 2]).map(lambda bps: bps * BPS)
    narrow = {
        "slippage": few_bps,
        "pool": few_bps,
        "per_run": size,
        "per_window": size.map(lambda usd: 2 * usd),
        "usdt_per_window": size.map(lambda usd: 2 * usd),
        "usdt_per_run": size,
        "usdc_floor": size,
        "usdt_cap": ratio,
        "dai_cap": ratio,
        "circle_cap": ratio,
        "value_loss": few_bps,
    }
    chosen = draw(st.lists(st.sampled_from(sorted(narrow)), max_size=3, unique=True))
    return replace(wide_limits(dollars), **{name: draw(narrow[name]) for name in chosen})


@dataclass(frozen=True)
class Case:
    """One drawn batch under one drawn policy."""

    scene: Scene
    actions: tuple[Action, ...]
    limits: Limits

    @property
    def facts(self) -> PolicyFacts:
        return facts_of(self.scene, self.actions)


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """At least 30 % of these are accepted; a test counts."""
    scene = draw(scenes())
    return Case(scene, draw(actions(scene)), draw(limits(scene)))


def balances_after(scene: Scene, batch: tuple[Action, ...]) -> dict[str, int]:
    """Base units by symbol when the batch has run."""
    after = dict(scene.balances)
    for action in batch:
        if isinstance(action, Swap):
            after[action.sell] -= action.units
            after[action.buy] += action.received
        else:
            after[action.token] -= action.units
    return after


def pool_of(one: str, other: str) -> Address:
    """The pool of two tokens."""
    return address("pool " + " ".join(sorted((one, other))))


def decoded_calls(batch: tuple[Action, ...]) -> tuple[DecodedCall, ...]:
    """The calls as a decoder would give them back, the deadline first."""
    valid_until = NOW + VALID_FOR
    first = Call(DEADLINE_ROUTER, b"\x01" + valid_until.to_bytes(32, "big"))
    calls = [DecodedCall(first, "deadline", "multicall(uint256,bytes[])", (), "deadline", deadline=valid_until)]
    for number, action in enumerate(batch):
        data = bytes([2 + number]) + repr(action).encode()
        if isinstance(action, Pay):
            token = BY_SYMBOL[action.token].address
            call = Call(token, data)
            calls.append(
                DecodedCall(
                    call,
                    "erc20",
                    "transfer(address,uint256)",
                    (),
                    "pay",
                    recipients=(action.to,),
                    spends=((token, action.units),),
                )
            )
            continue
        sold, bought = BY_SYMBOL[action.sell].address, BY_SYMBOL[action.buy].address
        calls.append(
            DecodedCall(
                Call(sold, b"\x09" + data),
                "erc20",
                "approve(address,uint256)",
                (),
                "approve",
                approves=(sold, ROUTER, action.units),
            )
        )
        calls.append(
            DecodedCall(
                Call(ROUTER, data),
                "uniswap_v3",
                "exactInput((bytes,address,uint256,uint256))",
                (),
                "swap",
                recipients=(SAFE,),
                spends=((sold, action.units),),
                minimum=(sold, action.units, bought, action.minimum),
                venue="uniswap_v3",
                pools=(pool_of(action.sell, action.buy),),
            )
        )
    return tuple(calls)


def facts_of(scene: Scene, batch: tuple[Action, ...]) -> PolicyFacts:
    """The facts of a batch whose simulation went as the actions say."""
    return seal(_unsealed(scene, batch))


def seal(facts: PolicyFacts) -> PolicyFacts:
    """`facts` with the bytes of the batch made from its decoded calls again."""
    data = encode_multi_send(decoded.call for decoded in facts.decoded)
    transaction = WrappedTransaction("multisig", MULTI_SEND, 0, data, CallType.DELEGATECALL)
    return replace(facts, batch=replace(facts.batch, transaction=transaction))


SAFE_STATE = SafeState(
    address=SAFE,
    version="1.4.1",
    singleton=address("singleton"),
    owners=(address("owner 1"), address("owner 2"), address("owner 3")),
    threshold=2,
    nonce=7,
    modules=(),
    guard=ZERO_ADDRESS,
    fallback_handler=address("handler"),
)


def _unsealed(scene: Scene, batch: tuple[Action, ...]) -> PolicyFacts:
    block = Block(CHAIN_ID, 100, "0x" + "22" * 32, NOW)
    after = balances_after(scene, batch)
    changes = tuple(
        AssetChange(token.address, after[token.symbol] - scene.balances[token.symbol])
        for token in TOKENS
        if after[token.symbol] != scene.balances[token.symbol]
    )
    witnesses = tuple(
        Witness(method, "local", True, changes, 500_000, None) for method in ("eth_simulateV1", "execTransaction")
    )
    simulation = Simulation(
        block_number=100,
        block_hash=block.hash,
        timestamp=NOW,
        success=True,
        changes=changes,
        gas_used=500_000,
        revert_reason=None,
        residual_allowances=(),
        safe_after=replace(SAFE_STATE, nonce=SAFE_STATE.nonce + 1),
        witnesses=witnesses,
    )
    empty = WrappedTransaction("multisig", MULTI_SEND, 0, b"", CallType.DELEGATECALL)
    prices = {
        token: TokenPrice(
            token,
            scene.prices[token.symbol],
            (
                PriceQuote("chainlink", scene.prices[token.symbol], NOW - 60, 3600),
                PriceQuote("twap", scene.prices[token.symbol] + BPS, NOW, 3600),
            ),
        )
        for token in (NATIVE, *STABLE)
    }
    prices[DAO] = TokenPrice(DAO, None, (), ("no source is configured",))
    return PolicyFacts(
        block=block,
        batch=Batch(CHAIN_ID, SAFE, empty, POLICY_HASH, NOW + VALID_FOR),
        decoded=decoded_calls(batch),
        before={token: scene.balances[token.symbol] for token in TOKENS},
        after={token: after[token.symbol] for token in TOKENS},
        prices=prices,
        pool_prices=tuple(_pool_price(scene, pair) for pair in scene.pool_deviation),
        simulation=simulation,
        safe_before=SAFE_STATE,
        moves=scene.moves,
        contracts={ROUTER: "SwapRouter02", DEADLINE_ROUTER: "deadline router"},
        address_book={OPERATIONS: "Operations multisig"},
        hold_only=frozenset({DAO.address}),
        trusted_multisend=MULTI_SEND,
    )


def _pool_price(scene: Scene, pair: frozenset[str]) -> PoolPrice:
    base, quote = sorted(pair)
    spot, twap = pool_quotes(scene, pair)
    return PoolPrice("uniswap_v3", pool_of(base, quote), BY_SYMBOL[base], BY_SYMBOL[quote], BPS, spot, twap, 1800)


def pool_quotes(scene: Scene, pair: frozenset[str]) -> tuple[int, int]:
    """Spot and time-weighted price of a pool, WAD of the second symbol for one of the first."""
    base, quote = sorted(pair)
    fair = scene.prices[base] * WAD // scene.prices[quote]
    spot, twap = scene.pool_deviation[pair]
    return fair * (WAD + spot) // WAD, fair * (WAD + twap) // WAD


def breaches(scene: Scene, batch: tuple[Action, ...], limits: Limits) -> set[str]:
    """Names of the configured rules that the batch breaks, by integer arithmetic on the actions alone."""
    swaps = [action for action in batch if isinstance(action, Swap)]
    broken = set()
    for swap in swaps:
        given, least = worth(swap.sell, swap.units, scene.prices), worth(swap.buy, swap.minimum, scene.prices)
        if given == 0 or least * WAD < given * (WAD - limits.slippage):
            broken.add("slippage")
        base, quote = sorted((swap.sell, swap.buy))
        for price in pool_quotes(scene, frozenset((base, quote))):
            fair_side = scene.prices[base] * WAD
            if abs(price * scene.prices[quote] - fair_side) > limits.pool * scene.prices[base]:
                broken.add("pool_against_oracle")
    if any(isinstance(action, Pay) and action.to == STRANGER for action in batch):
        broken.add("allowed_recipients")
    if _moves_too_much(scene, batch, limits):
        broken.add("move_size")
    return broken | _broken_afterwards(scene, batch, limits)


def _moves_too_much(scene: Scene, batch: tuple[Action, ...], limits: Limits) -> bool:
    taken = {symbol: 0 for symbol in BY_SYMBOL}
    for action in batch:
        symbol = action.sell if isinstance(action, Swap) else action.token
        taken[symbol] += worth(symbol, action.units, scene.prices)
    counted = [move for move in scene.moves if move.open or NOW - move.at < WINDOW]
    earlier = WAD * sum(move.usd for move in counted)
    usdt_earlier = WAD * sum(move.usd for move in counted if move.token == USDT)
    total = sum(taken.values())
    return (
        total > limits.per_run * WAD
        or total + earlier > limits.per_window * WAD
        or taken["USDT"] > limits.usdt_per_run * WAD
        or taken["USDT"] + usdt_earlier > limits.usdt_per_window * WAD
    )


def _broken_afterwards(scene: Scene, batch: tuple[Action, ...], limits: Limits) -> set[str]:
    before, after = scene.balances, balances_after(scene, batch)
    value_before = {s: worth(s, units, scene.prices) for s, units in before.items() if s != "DAO"}
    value_after = {s: worth(s, units, scene.prices) for s, units in after.items() if s != "DAO"}
    total_before, total_after = sum(value_before.values()), sum(value_after.values())
    broken = set()
    if value_after["USDC"] < limits.usdc_floor * WAD and after["USDC"] < before["USDC"]:
        broken.add("token_floor")

    def over(part_before: int, part_after: int, bought: bool, cap: int, scale: int = 1) -> bool:
        """Parts are multiples of `scale` of what they stand for."""
        if part_after * WAD <= cap * total_after * scale:
            return False
        drift = DRIFT * total_before * total_after * scale
        return bought or part_after * total_before * WAD > part_before * total_after * WAD + drift

    for symbol, cap in (("USDT", limits.usdt_cap), ("DAI", limits.dai_cap)):
        if over(value_before[symbol], value_after[symbol], after[symbol] > before[symbol], cap):
            broken.add("token_cap")
    circle_before = value_before["USDC"] * 10 + value_before["DAI"] * 4
    circle_after = value_after["USDC"] * 10 + value_after["DAI"] * 4
    if over(circle_before, circle_after, circle_after > circle_before, limits.circle_cap, scale=10):
        broken.add("issuer_cap")
    paid = sum(
        worth(action.token, action.units, scene.prices)
        for action in batch
        if isinstance(action, Pay) and action.to == OPERATIONS
    )
    if (total_before - paid - total_after) * WAD > limits.value_loss * total_before:
        broken.add("value_loss")
    return broken
