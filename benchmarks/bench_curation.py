"""A million stake events to a ranking of 5,000 works, and attacks on it; prints JSON lines.

Run as `python -m benchmarks.bench_curation`. Speed is the least of several, because other processes only add. The
attack puts 30 % of all that is staked on the work in the middle of the ranking: from one fresh wallet, from 1,000, and
from wallets that have staked for long. Where the real sales of generative art are given, the rankings are judged on
them, whatever comes of it. Ends with 1 if a stated limit is missed.
"""

from __future__ import annotations

import json
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.shared_data import DIRECTORY
from dao_bot.domain.columns import FixedBytes
from strategies.curation.conviction import DAY, Clock, Running, batch
from strategies.curation.ranking import Ranking, rank
from strategies.curation.reading import coded
from strategies.curation.stakes import Kind, Log, Removed, cleaned
from strategies.curation.trust import Model, Trust, trust
from strategies.curation.voices import Rules, voices

EVENTS = 1_000_000
WALLETS = 100_000
WORKS = 5_000
REPEATS = 5
LEAST_EVENTS_A_SECOND = 500_000
LEAST_MOVE = 0.10
MOST_MOVE = 0.01
NOW = 1_700_000_000
ATTACK_AGE = 7 * DAY
OLD = 200
IN_ETH = ("0x" + "0" * 40, "0xc02aaa39b223fe8d0a0e5c4f27ead9083c756cc2")
"""Ether and wrapped ether: other prices cannot be added to these."""


def stakes(events: int = EVENTS) -> Log:
    """Heavy-tailed wallets, works and amounts over a year; a tenth is unstaked again."""
    rng = np.random.default_rng(0)
    staked = events * 10 // 11
    moment = np.sort(NOW - rng.integers(DAY, 365 * DAY, staked))
    wallet = (WALLETS * rng.random(staked) ** 2).astype(np.int64)
    work = np.minimum(rng.lognormal(0.0, 1.2, staked) * WORKS / 12, WORKS - 1).astype(np.int64)
    amount = rng.pareto(1.5, staked) * 10.0 + 1.0
    back = rng.choice(staked, events - staked, replace=False)
    columns: list[Any] = [np.concatenate([column, column[back]]) for column in (moment, wallet, work, amount)]
    columns[0][staked:] += rng.integers(0, DAY, len(back))
    order = np.argsort(columns[0], kind="stable")
    kind = np.where(np.arange(events) < staked, Kind.STAKE, Kind.UNSTAKE).astype(np.int8)[order]
    moment, wallet, work, amount = (column[order] for column in columns)
    return Log(moment, wallet, work, kind, amount, np.full(events, -1), np.arange(events))


def ranked(log: Log, wallets: int) -> Ranking:
    """Events to places, as the strategy does it."""
    kept, _ = cleaned(log, np.arange(wallets), np.full(WORKS, -1), NOW)
    spoken = voices(batch(kept, Clock(), NOW), np.full(wallets, -1), WORKS, Rules())
    return rank(spoken.total, np.zeros(WORKS), 100.0, 0.1)


def attacked(log: Log, wallets: int, attackers: np.ndarray[Any, Any], work: int) -> Log:
    """30 % of what is staked, in equal parts, a week ago."""
    count = len(attackers)
    extra = Log(
        time=np.full(count, NOW - ATTACK_AGE),
        wallet=attackers,
        work=np.full(count, work),
        kind=np.full(count, Kind.STAKE, np.int8),
        amount=np.full(count, 0.3 * log.signed.sum() / count),
        other=np.full(count, -1),
        event=np.zeros(count, np.int64),
    )
    both = [np.concatenate([getattr(log, name), getattr(extra, name)]) for name in Log.__slots__]
    order = np.argsort(both[0], kind="stable")
    joined = Log(*(column[order] for column in both))
    return Log(*(getattr(joined, name) for name in Log.__slots__[:-1]), np.arange(len(joined)))


def attacks(log: Log) -> list[dict[str, Any]]:
    """How far the middle work moves, as a share of all places."""
    honest = ranked(log, WALLETS)
    middle = int(honest.order[WORKS // 2])
    first = np.full(WALLETS, NOW, np.int64)
    np.minimum.at(first, log.wallet, log.time)
    long_standing = np.argsort(first, kind="stable")[:OLD]
    cases = {
        "fresh, whole": np.array([WALLETS]),
        "fresh, split over 1,000": WALLETS + np.arange(1_000),
        f"long-standing, {OLD} wallets": long_standing,
    }
    found = []
    for name, attackers in cases.items():
        places = ranked(attacked(log, WALLETS, attackers, middle), WALLETS + 1_000).place
        moved = abs(int(places[middle]) - int(honest.place[middle])) / WORKS
        fair = moved < MOST_MOVE if name.startswith("fresh") else moved > LEAST_MOVE
        found.append({"benchmark": "curation attack", "case": name, "moved": round(moved, 4), "passed": fair})
    return found


def speed(log: Log) -> list[dict[str, Any]]:
    """From codes, from 20-byte addresses, and one event at a time."""
    raw = np.random.default_rng(1).integers(0, 256, (WALLETS, 20), np.uint8)[log.wallet]
    found = []

    def timed(name: str, events: int, least: int | None, repeats: int, work: Any) -> None:
        seconds = []
        for _ in range(repeats):
            started = time.perf_counter()
            work()
            seconds.append(time.perf_counter() - started)
        rate = events / min(seconds)
        passed = least is None or rate >= least
        found.append({"benchmark": name, "events": events, "events_per_second": round(rate), "passed": passed})

    def from_addresses() -> None:
        _, codes = coded(FixedBytes(raw))
        ranked(Log(log.time, codes, log.work, log.kind, log.amount, log.other, log.event), WALLETS)

    def one_by_one() -> None:
        running = Running(Clock())
        few = 100_000
        for row in zip(*(c[:few].tolist() for c in (log.time, log.wallet, log.work, log.signed)), strict=True):
            running.add(*row)
        running.at(NOW)

    timed("curation batch from codes", len(log), LEAST_EVENTS_A_SECOND, REPEATS, lambda: ranked(log, WALLETS))
    timed("curation batch from addresses", len(log), LEAST_EVENTS_A_SECOND, REPEATS, from_addresses)
    timed("curation one event at a time", 100_000, None, 1, one_by_one)
    return found


ART_BLOCKS = DIRECTORY / "artblocks_sales.parquet"
"""Where the sales are, if they are given."""


def sales_as_stakes(path: Path) -> tuple[Log, Removed, int, int]:
    """The log, what was set aside, and how many wallets and projects there are.

    Who buys a token stakes its price on its project until the token is sold again.
    """
    import pandas

    sales = pandas.read_parquet(path).sort_values(["timestamp", "sale_id"], kind="stable")
    sales = sales[sales.payment_token.isin(IN_ETH)]
    people = np.concatenate([sales.buyer_id, sales.seller_id])
    names, wallet = np.unique(people.astype(str), return_inverse=True)
    projects, project = np.unique(sales.project_id.to_numpy(str), return_inverse=True)
    # one identity for each sale, so that what is listed twice counts once
    event = np.sort(np.unique(sales.sale_id.to_numpy(str), return_index=True)[1])
    kept = sales.iloc[event]
    log = Log(
        time=kept.timestamp.to_numpy(np.int64),
        wallet=wallet[: len(sales)][event],
        work=project[event],
        kind=np.full(len(event), Kind.SALE, np.int8),
        amount=kept.price.astype(float).to_numpy() / 1e18,
        other=wallet[len(sales) :][event],
        event=event.astype(np.int64),
    )
    cleaned_log, removed = cleaned(log, np.arange(len(names)), np.full(len(projects), -1), int(log.time.max()))
    token = kept.token_id.to_numpy(str)[np.searchsorted(event, cleaned_log.event)]
    removed = replace(removed, duplicates=len(sales) - len(event))
    return held(cleaned_log, token), removed, len(names), len(projects)


def held(sales: Log, token: np.ndarray[Any, Any]) -> Log:
    """Purchases as stakes, and sales of what was bought before as unstakes of what was paid for it."""
    paid: dict[tuple[str, int], float] = {}
    rows: list[tuple[int, int, int, int, float]] = []
    columns = (sales.time, sales.wallet, sales.work, sales.amount, sales.other)
    for what, when, buyer, work, price, seller in zip(token, *(column.tolist() for column in columns), strict=True):
        if (what, seller) in paid:
            before = paid.pop((what, seller))
            rows.append((when, seller, work, Kind.UNSTAKE, before))
        rows.append((when, buyer, work, Kind.STAKE, price))
        paid[what, buyer] = price
    times, wallets, works, kinds, amounts = (np.array(column) for column in zip(*rows, strict=True))
    count = len(rows)
    return Log(times, wallets, works, kinds.astype(np.int8), amounts, np.full(count, -1), np.arange(count))


def judged(path: Path) -> tuple[Trust, Removed, int]:
    """The rankings on the sales with the shipped settings, one unit of the root being one ETH."""
    log, removed, wallets, projects = sales_as_stakes(path)
    model = Model(np.full(wallets, -1), projects, Clock(), Rules(root_unit=1.0), 0.1)
    return trust(log, model, int(log.time.max()) + 1, seed=0), removed, len(log)


def real(path: Path) -> list[dict[str, Any]]:
    """One line for each ranking."""
    if not path.exists():
        return []
    found, _, _ = judged(path)
    measures = ("community", "lead", "ndcg", "ndcg_lead", "recall", "ndcg_known", "ndcg_new")
    return [
        {
            "benchmark": "curation on Art Blocks sales",
            "ranking": name,
            **{
                measure: [round(value, 3) for value in (each.mean, each.low, each.high)]
                for measure in measures
                if (each := getattr(score, measure)) is not None
            },
            "passed": True,
        }
        for name, score in found.scores.items()
    ]


def main() -> int:
    """Print every result; 1 if one missed its limit."""
    log = stakes()
    results = [*speed(log), *attacks(log), *real(ART_BLOCKS)]
    for result in results:
        print(json.dumps(result), flush=True)
    return 0 if all(result["passed"] for result in results) else 1


if __name__ == "__main__":
    sys.exit(main())
