"""What a batch really did, read from the chain without any code of the policy, and which limits that breaks."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from dao_bot.domain.units import WAD
from tests.property.cycle.batches import HOUR, POOLS, STABLE, Allow, Case, Pay, SelfCall, Swap, WrapCoins, whole
from tests.property.cycle.office import OPERATIONS, STRANGER, Executed, Office

HEARTBEAT = 25 * HOUR
MOST_DEVIATION = WAD // 100
"""Between two sources of one token, and between a pool and the feeds."""

DRIFT = WAD // 1_000
LONGEST = 24 * HOUR
AGAINST = {"USDC": "DAI", "USDT": "USDC", "DAI": "USDC", "LUSD": "USDC"}
"""The second source of each price: a pool with this token."""

_SLOTS = (
    "0x0",
    "0x4",
    "0x4a204f620c8c5ccdca3fd54d003badd85ba500436a431f0cbda4f558c93c34c8",
    "0x6c9a6c4a39284e37ed1cf53d337577d14212a4870fb976a4366c693b939918d5",
)
"""Singleton, threshold, guard, fallback handler."""

_TRANSFER = "0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef"
_BALANCE_OF, _ALLOWANCE, _OWNERS, _MODULES = "0x70a08231", "0xdd62ed3e", "0xa0e67e2b", "0xcc2f8452"
_LATEST_ROUND, _SLOT0 = "0xfeaf968c", "0x3850c7bd"


@dataclass(frozen=True)
class Feeds:
    """What can be known of prices without the policy.

    Attributes:
        usd, age: answers of the feeds (WAD) and their ages at `now`.
        spot: whole tokens of the second symbol that a pool gives for one of the first, now.
        settled: the same before anybody pushed it, which is what an average still says.
    """

    now: int
    usd: Mapping[str, int]
    age: Mapping[str, int]
    spot: Mapping[tuple[str, str], Fraction]
    settled: Mapping[tuple[str, str], Fraction]

    def usable(self) -> bool:
        """Whether every stablecoin and the native coin have fresh sources that agree."""
        return all(self._usable(symbol) for symbol in STABLE) and self.age["ETH"] <= HEARTBEAT

    def _usable(self, symbol: str) -> bool:
        other = AGAINST[symbol]
        if max(self.age[symbol], self.age[other]) > HEARTBEAT:
            return False
        by_pool = self.settled[symbol, other] * self.usd[other]
        low, high = sorted((by_pool, Fraction(self.usd[symbol])))
        return (high - low) * WAD <= MOST_DEVIATION * low

    def pool_deviates(self, one: str, other: str) -> bool:
        """Whether the spot price of a pool is further from the feeds than allowed."""
        fair = Fraction(self.usd[one], self.usd[other])
        return abs(self.spot[one, other] - fair) * WAD > MOST_DEVIATION * fair


def _word(address: str) -> str:
    return address[2:].lower().rjust(64, "0")


def _call(to: str, data: str) -> tuple[str, Sequence[Any]]:
    return "eth_call", ({"to": to, "data": data}, "latest")


def read_feeds(office: Office, earlier: Feeds | None = None) -> Feeds:
    """At the latest block; `earlier` was read when the pools had not been pushed."""
    world, now = office.world, office.anvil.timestamp()
    symbols = [*STABLE, "DAO", "ETH"]
    pairs = [tuple(sorted(pair)) for pair in POOLS]
    pools = [world.pool(one, other, POOLS[frozenset((one, other))]) for one, other in pairs]
    requests = [_call(world.feeds[symbol], _LATEST_ROUND) for symbol in symbols]
    answers = office.anvil.batch([*requests, *(_call(pool, _SLOT0) for pool in pools)])
    rounds = {
        symbol: [int(answer[at : at + 64], 16) for at in range(2, 322, 64)]
        for symbol, answer in zip(symbols, answers, strict=False)
    }
    spot = {}
    for (one, other), answer in zip(pairs, answers[len(symbols) :], strict=True):
        root = int(answer[2:66], 16)
        first, second = world.tokens[one], world.tokens[other]
        raw = Fraction(root * root, 2**192)
        if int(first.address, 16) > int(second.address, 16):
            raw = 1 / raw
        spot[one, other] = raw * Fraction(10**first.decimals, 10**second.decimals)
        spot[other, one] = 1 / spot[one, other]
    usd = {symbol: answer[1] * 10**10 for symbol, answer in rounds.items()}
    return Feeds(
        now,
        usd,
        {symbol: now - answer[3] for symbol, answer in rounds.items()},
        spot,
        earlier.spot if earlier else spot,
    )


@dataclass(frozen=True)
class State:
    """Who has what.

    Attributes:
        balances: base units by holder and symbol, None for coins.
        control: raw storage of the Safe, its owners and its modules.
        allowances: of the Safe, by symbol and spender.
    """

    balances: Mapping[tuple[str, str | None], int]
    control: tuple[str, ...]
    allowances: Mapping[tuple[str, str], int]


def read_state(office: Office) -> State:
    """At the latest block, with everybody who could gain from a batch."""
    world, safe = office.world, office.world.safe
    people = [safe, STRANGER, OPERATIONS, world.router, *world.pools.values()]
    held = [*STABLE, "DAO", "WETH"]
    spenders = [(symbol, spender) for symbol in [*STABLE, "DAO"] for spender in (world.router, STRANGER, OPERATIONS)]
    requests = [
        _call(world.tokens[symbol].address, _BALANCE_OF + _word(person)) for person in people for symbol in held
    ]
    requests += [("eth_getBalance", (person, "latest")) for person in people]
    requests += [("eth_getStorageAt", (safe, slot, "latest")) for slot in _SLOTS]
    requests += [_call(safe, _OWNERS), _call(safe, _MODULES + _word("0x1") + _word("0x32"))]
    requests += [
        _call(world.tokens[symbol].address, _ALLOWANCE + _word(safe) + _word(spender)) for symbol, spender in spenders
    ]
    answers = iter(office.anvil.batch(requests))
    balances: dict[tuple[str, str | None], int] = {
        (person, symbol): int(next(answers), 16) for person in people for symbol in held
    }
    balances.update({(person, None): int(next(answers), 16) for person in people})
    control = tuple(str(next(answers)) for _ in range(len(_SLOTS) + 2))
    return State(balances, control, {pair: int(next(answers), 16) for pair in spenders})


def total(state: State, symbol: str) -> int:
    """Base units of a token that all who are watched hold together."""
    return sum(units for (_, held), units in state.balances.items() if held == symbol)


def broken(office: Office, case: Case, feeds: Feeds, before: State, after: State, done: Executed) -> set[str]:
    """Names of the rules that a batch broke by what it did (by what it would accept, where the bytes decide that)."""
    limits, safe = case.limits, office.world.safe
    found = set()
    if after.balances[safe, "WETH"] != before.balances[safe, "WETH"]:
        found |= {"simulation", "price_quality"}
    if case.wrapping != "batch":
        found.add("no_delegatecall")
    if before.control != after.control or any(isinstance(action, SelfCall) for action in case.actions):
        found.add("safe_unchanged")
    if any(after.allowances.values()):
        found.add("residual_allowances")
    if any(_is_foreign(action) for action in case.actions):
        found.add("allowed_targets")
    if any(units > before.balances[key] for key, units in after.balances.items() if key[0] == STRANGER):
        found.add("allowed_recipients")
    touches_dao = any(getattr(action, "token", "") == "DAO" for action in case.actions)
    if touches_dao or after.balances[safe, "DAO"] < before.balances[safe, "DAO"]:
        found.add("hold_only")
    for swap in (action for action in case.actions if isinstance(action, Swap)):
        if _accepts_more_than(office, feeds, swap, limits.slippage):
            found.add("slippage")
        if feeds.pool_deviates(swap.sell, swap.buy):
            found.add("pool_against_oracle")
    return found | _moved_too_much(office, case, feeds, done) | _worth(office, case, feeds, before, after)


def _is_foreign(action: object) -> bool:
    """Goes to a contract, or allows somebody, that nobody configured."""
    if isinstance(action, Pay):
        return action.token is None and action.to == STRANGER
    return isinstance(action, Allow | WrapCoins)


def _accepts_more_than(office: Office, feeds: Feeds, swap: Swap, limit: int) -> bool:
    sold = Fraction(swap.units) * feeds.usd[swap.sell]
    decimals = office.world.tokens[swap.buy].decimals
    scale = 10**decimals
    fair = (
        whole(office, swap.sell, swap.units)
        * feeds.usd[swap.sell]
        * scale
        // (feeds.usd[swap.buy] * 10 ** office.world.tokens[swap.sell].decimals)
    )
    least = Fraction(fair * (10_000 - swap.accepted) // 10_000, scale) * feeds.usd[swap.buy]
    return (sold - least) * WAD > limit * sold


def _moved_too_much(office: Office, case: Case, feeds: Feeds, done: Executed) -> set[str]:
    """By the tokens' own logs: what left the Safe, gross."""
    safe = _word(office.world.safe)
    symbols = {office.world.tokens[symbol].address.lower(): symbol for symbol in [*STABLE, "DAO"]}
    left: dict[str, Fraction] = defaultdict(Fraction)
    for log in done.logs:
        if log["topics"][0] == _TRANSFER and log["topics"][1][2:] == safe and log["address"].lower() in symbols:
            symbol = symbols[log["address"].lower()]
            left[symbol] += _value(office, feeds, symbol, int(log["data"], 16))
    coins = sum(action.units for action in case.actions if isinstance(action, Pay) and action.token is None)
    left["ETH"] = Fraction(coins, 10) * feeds.usd["ETH"] if coins else Fraction(0)
    gone = sum(left.values(), Fraction(0))
    too_much = gone > case.limits.per_run or gone + case.moved_before > case.limits.per_window
    return {"move_size"} if too_much or left["USDT"] > 1_500_000 * WAD else set()


def _value(office: Office, feeds: Feeds, symbol: str | None, units: int) -> Fraction:
    decimals = 18 if symbol in (None, "ETH") else office.world.tokens[symbol].decimals
    return Fraction(units * feeds.usd[symbol or "ETH"], 10**decimals)


def _worth(office: Office, case: Case, feeds: Feeds, before: State, after: State) -> set[str]:
    """Floors, caps and loss, by the balances of the Safe."""
    safe, limits, found = office.world.safe, case.limits, set()
    symbols = [*STABLE, "DAO", None]
    was = {symbol: _value(office, feeds, symbol, before.balances[safe, symbol]) for symbol in symbols}
    now = {symbol: _value(office, feeds, symbol, after.balances[safe, symbol]) for symbol in symbols}
    whole_before, whole_after = sum(was.values(), Fraction(0)), sum(now.values(), Fraction(0))
    paid = sum(
        (
            _value(office, feeds, symbol, after.balances[OPERATIONS, symbol] - before.balances[OPERATIONS, symbol])
            for symbol in symbols
        ),
        Fraction(0),
    )
    if (whole_before - paid - whole_after) * WAD > limits.value_loss * whole_before:
        found.add("value_loss")
    if now["USDC"] < limits.usdc_floor and now["USDC"] < was["USDC"]:
        found.add("token_floor")
    caps = {"USDC": limits.usdc_cap, "USDT": 60 * WAD // 100, "DAI": 40 * WAD // 100, "LUSD": 15 * WAD // 100}
    for symbol, cap in caps.items():
        if _over({symbol: WAD}, cap, was, now):
            found.add("token_cap")
    if _over({"USDC": WAD, "DAI": 35 * WAD // 100}, limits.circle_cap, was, now):
        found.add("issuer_cap")
    if _over({"USDT": WAD}, 60 * WAD // 100, was, now):
        found.add("issuer_cap")
    return found


def _over(
    parts: Mapping[str | None, int], cap: int, was: Mapping[str | None, Fraction], now: Mapping[str | None, Fraction]
) -> bool:
    """A share above its cap, unless it was above before, was not added to, and hardly rose."""

    def share(values: Mapping[str | None, Fraction]) -> tuple[Fraction, Fraction]:
        part = sum((values[symbol] * weight / WAD for symbol, weight in parts.items()), Fraction(0))
        return part, part * WAD / sum(values.values(), Fraction(0))

    (part_before, before), (part_after, after) = share(was), share(now)
    return after > cap and (part_after > part_before or after > before + DRIFT)
