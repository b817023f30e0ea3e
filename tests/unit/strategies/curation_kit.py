"""Observations for the curator: stakes, unstakes and sales as the chain tells them, and parameters beside them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from dao_bot.domain.addresses import checksum
from dao_bot.domain.columns import FixedBytes, Integers
from dao_bot.domain.needs import EventColumns, Spend
from dao_bot.domain.units import WAD
from dao_bot.strategy import (
    Block,
    Events,
    Holding,
    Holdings,
    Observation,
    Prices,
    RunId,
    SpendHistory,
    Token,
    TokenPrice,
)
from strategies.curation import Curation, Params

DAY = 86_400
NOW = 1_700_000_000
USDC = Token(1, checksum("0x" + "aa" * 20), "USDC", 6)
WORKS = 12

Event = tuple[float, int, int, float]
"""(days ago, wallet, work, whole tokens)"""


def address(number: int) -> str:
    return checksum(number.to_bytes(20, "big"))


def columns(
    events: Sequence[Event], first_log: int, names: Sequence[str] = ("staker", "work", "amount")
) -> EventColumns:
    """Blocks of 12 seconds; each stream has its own log numbers."""
    ordered = sorted(events, key=lambda event: -event[0])
    time = np.array([NOW - int(days * DAY) for days, *_ in ordered], np.int64)
    units = [int(amount * 10**6) * 10**12 for *_, amount in ordered]
    return EventColumns(
        source="test",
        block=time // 12,
        log_index=first_log + np.arange(len(ordered)),
        time=time,
        transaction=FixedBytes(np.zeros((len(ordered), 32), np.uint8)),
        fields={
            names[0]: wallets([wallet for _, wallet, _, _ in ordered]),
            names[1]: integers([work for _, _, work, _ in ordered]),
            names[2]: integers(units),
        },
    )


def wallets(numbers: Sequence[int]) -> FixedBytes:
    raw = b"".join(number.to_bytes(20, "big") for number in numbers)
    return FixedBytes(np.frombuffer(raw, np.uint8).reshape(len(numbers), 20))


def integers(values: Sequence[int]) -> Integers:
    raw = b"".join(value.to_bytes(32, "big") for value in values)
    return Integers(np.frombuffer(raw, ">u8").astype(np.uint64).reshape(len(values), 4))


def params(**changed: Any) -> Params:
    """Twelve works: the even ones warm, the odd ones cold; work n is made by wallet 1000 + n and paid at 2000 + n."""
    works: Mapping[str, Any] = {
        f"Work {number}": {
            "id": str(number),
            "creator": address(1_000 + number),
            "pay": address(2_000 + number),
            "traits": ["warm" if number % 2 == 0 else "cold"],
        }
        for number in range(WORKS)
    }
    given: dict[str, Any] = {
        "stakes": {"stream": "staked"},
        "unstakes": {"stream": "unstaked"},
        "works": works,
        "token": "USDC",
        "budget": "10000 USD",
    }
    return Params.model_validate(given | changed)


def seen(
    settings: Params,
    stakes: Sequence[Event],
    unstakes: Sequence[Event] = (),
    *,
    held: int = 100_000 * 10**6,
    spent: tuple[Spend, ...] = (),
    extra: Mapping[Any, Any] | None = None,
    tokens: Sequence[Token] = (),
    nominal: int = NOW,
) -> Observation:
    data: dict[Any, Any] = {
        Holdings(): {USDC: Holding(held)},
        Prices(("USDC",)): {USDC: TokenPrice(USDC, WAD)},
        SpendHistory(settings.period): spent,
        Events("staked"): columns(stakes, 0),
        Events("unstaked"): columns(unstakes, 2**20),
    }
    run = RunId("curation", nominal)
    known = {token.symbol: token for token in (USDC, *tokens)}
    return Observation(run, Block(1, NOW // 12, "0x" + "00" * 32, NOW), known, data | dict(extra or {}))


def community(seed: int = 0, people: int = 40, stakes: int = 400) -> list[Event]:
    """A year of stakes: warm works are liked three times as much."""
    rng = np.random.default_rng(seed)
    chance = np.where(np.arange(WORKS) % 2 == 0, 3.0, 1.0) * np.linspace(1.5, 0.5, WORKS)
    work = rng.choice(WORKS, stakes, p=chance / chance.sum())
    days, wallet = rng.uniform(1, 365, stakes), rng.integers(1, people + 1, stakes)
    amount = rng.integers(1, 100, stakes)
    return [(float(d), int(w), int(k), float(a)) for d, w, k, a in zip(days, wallet, work, amount, strict=True)]


def curation(**changed: Any) -> Curation:
    return Curation(params(**changed))
