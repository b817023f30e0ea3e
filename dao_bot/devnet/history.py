"""The week before the present: trades in the token's pool, payments, stakes; played on a chain that stands far back."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dao_bot.devnet.abi import encode_call
from dao_bot.devnet.accounts import COMMUNITY, DEPLOYER, MARKET_MAKER, REVENUE
from dao_bot.devnet.anvil import Anvil
from dao_bot.devnet.artifacts import own_artifact
from dao_bot.devnet.build import TOKENS, price_side
from dao_bot.devnet.community import REVENUE_PAID
from dao_bot.devnet.transactions import Transaction, transact_at
from dao_bot.devnet.uniswap import Side, swap_to_price
from dao_bot.devnet.world import World

DAYS = 7
STEP_SECONDS = 6 * 3600
STEPS = DAYS * 86_400 // STEP_SECONDS
POOL = ("DAO", "WETH", 3000)

_HIGHEST_BPS = 800
"""How far the token stood above its present price when the days began; it came down since."""

_SWING_BPS = 250
_WORKS = 8


@dataclass(frozen=True, slots=True)
class _Step:
    """What happens in one block."""

    time: int
    transactions: list[Transaction]


def play_history(anvil: Anvil, packages: Path, world: World, now: int) -> None:
    """One block every six hours in the week before `now`; it ends with the pool at the price of its feeds."""
    anvil.rpc("anvil_autoImpersonateAccount", True)
    # A started anvil believes that its last block was mined just now, whatever state it has loaded.
    anvil.rpc("evm_setTime", _time(0, now) - 1)
    transact_at(anvil, [(step.time, step.transactions) for step in _steps(packages, world, now)])
    anvil.rpc("anvil_autoImpersonateAccount", False)


def premium_bps(step: int) -> int:
    """By how much the token's price after a step stands above the present one: a fall with swings, zero at the end."""
    left = STEPS - 1 - step
    return left * _HIGHEST_BPS // (STEPS - 1) + (_SWING_BPS if step % 2 == 0 and left else 0)


def _steps(packages: Path, world: World, now: int) -> Iterator[_Step]:
    for step in range(STEPS):
        transactions = [_trade(packages, world, step), _feed(world, step, now)]
        if step % (STEPS // DAYS) == 1:
            transactions.append(_revenue(world))
        yield _Step(_time(step, now), [*transactions, *_stakes(world, step), *_transfers(world, step)])


def _time(step: int, now: int) -> int:
    return now - (STEPS - step) * STEP_SECONDS


def _trade(packages: Path, world: World, step: int) -> Transaction:
    """The market maker moves the pool to the price of this step."""
    before, after = premium_bps(step - 1) if step else 0, premium_bps(step)
    fair = price_side("DAO", world.tokens["DAO"])
    dao = Side(fair.token, fair.per_million * 10_000 // (10_000 + after))
    weth = price_side("WETH", world.tokens["WETH"])
    sell, buy = (weth, dao) if after > before else (dao, weth)
    return swap_to_price(packages, world.router, MARKET_MAKER, sell, buy, POOL[2])


def _feed(world: World, step: int, now: int) -> Transaction:
    price = TOKENS["DAO"].price * (10_000 + premium_bps(step)) // 10_000
    data = encode_call(own_artifact("PriceFeed"), "set", price, _time(step, now))
    return Transaction(DEPLOYER.address, world.feeds["DAO"], data)


def _revenue(world: World) -> Transaction:
    token = world.tokens["USDC"]
    amount = REVENUE_PAID["USDC"] * 10**token.decimals // DAYS
    return _call(REVENUE, token.address, "Token", "transfer", world.safe, amount)


def _stakes(world: World, step: int) -> list[Transaction]:
    """Works are registered in the first steps; then members stake, on some works more than on others, and unstake."""
    members = len(COMMUNITY)
    if step < _WORKS:
        return [_call(COMMUNITY[step % members], world.staking, "Staking", "register", step + 1)]
    member = COMMUNITY[step % members]
    work = 1 + step * step % _WORKS
    amount = (1_000 + 700 * (step % 5)) * 10**18
    found = [_call(member, world.staking, "Staking", "stake", work, amount)]
    if step % 7 == 0:
        found.append(_call(member, world.staking, "Staking", "unstake", work, amount // 2))
    return found


def _transfers(world: World, step: int) -> list[Transaction]:
    """Members pay each other; every fourth payment comes back in the next step."""
    giver, taker = COMMUNITY[step % 3], COMMUNITY[3 + step % 3]
    token, whole = world.tokens["DAO"].address, 10**18
    found = [_call(giver, token, "Token", "transfer", taker, (200 + 50 * (step % 4)) * whole)]
    if step % 4 == 1:
        back_from, back_to = COMMUNITY[3 + (step - 1) % 3], COMMUNITY[(step - 1) % 3]
        found.append(_call(back_from, token, "Token", "transfer", back_to, 200 * whole))
    return found


def _call(sender: str, contract: str, artifact: str, function: str, *arguments: Any) -> Transaction:
    return Transaction(sender, contract, encode_call(own_artifact(artifact), function, *arguments))
