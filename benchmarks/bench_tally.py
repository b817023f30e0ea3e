"""A million votes on eight options, counted here and by snapshot.js in the same run: results equal, times compared.

Run as `python -m benchmarks.bench_tally`; prints JSON lines. A time runs from votes loaded as columns to the outcome
(which votes count, delegated power, the exact count) and is the least of several, because other processes only add.
snapshot.js gets votes loaded as its own objects, with delegated power already added one by one (it has no delegation),
so its time contains less. Ends with 1 if a result differs.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import snapshot_js
from governance.ballots import Ballot, Method
from governance.ballots.columns import Columns, require_countable
from governance.ballots.counting import count
from governance.ballots.quadratic import Quadratic
from governance.ballots.ranked_choice import RankedChoice
from governance.ballots.single_choice import SingleChoice
from governance.ballots.weighted import Weighted

VOTES = 1_000_000
OPTIONS = 8
DELEGATING = 0.2
REPEATS = 15
MOST_MILLISECONDS = 250
LEAST_RATIO = 100
NAMES = tuple(f"Option {number}" for number in range(1, OPTIONS + 1))


@dataclass(frozen=True, slots=True)
class Case:
    """`rows` holds the choices as snapshot.js reads them, one byte each: option numbers, rankings or weights."""

    name: str
    method: Method
    columns: Columns
    rows: np.ndarray[Any, Any]


def power() -> np.ndarray[Any, Any]:
    """Heavy-tailed, as in real DAOs: from one token to some millions, in 10^-6 token."""
    return np.floor((np.random.default_rng(0).pareto(1.3, VOTES) * 100 + 1) * 1e6).astype(np.int64)


def columns(choices: np.ndarray[Any, Any], **delegation: Any) -> Columns:
    votes = power()
    nobody = np.zeros(0, np.int64)
    fields = {"wallets": VOTES, "wallet": np.arange(VOTES), "power": votes}
    fields |= {"at": np.arange(VOTES) // 10, "sequence": np.arange(VOTES), "choices": choices, "repeated": False}
    fields |= {"delegators": nobody, "delegates": nobody, "delegated": nobody} | delegation
    loaded = Columns(**fields)
    require_countable(loaded.power, loaded.delegated)
    return loaded


def weighted_case(method: Method, name: str) -> Case:
    weights = np.random.default_rng(2).integers(0, 11, (VOTES, OPTIONS))
    weights[:, 0] += weights.sum(axis=1) == 0
    return Case(name, method, columns(np.asfortranarray(weights.astype(np.uint16))), weights)


def runoff_case() -> Case:
    """Rankings in random order, the first options somewhat more popular; the count takes six eliminations."""
    popularity = 0.15 * np.linspace(1, 0, OPTIONS)
    rankings = np.argsort(np.random.default_rng(3).random((VOTES, OPTIONS)) - popularity, axis=1).astype(np.uint8)
    return Case("ranked-choice", RankedChoice(NAMES), columns(rankings), rankings + 1)


def delegated_case() -> Case:
    """A fifth of the wallets delegates, in chains, and half of those vote themselves."""
    rng = np.random.default_rng(4)
    wallets = VOTES + int(VOTES * DELEGATING / 2)
    delegators = np.sort(rng.choice(np.arange(1, wallets), int(VOTES * DELEGATING), replace=False))
    delegates = (rng.random(delegators.size) * delegators).astype(np.int64)
    silent = rng.permutation(delegators)[: wallets - VOTES]
    # Loading numbers the wallets in the order in which they come up: first those that vote, then the others.
    number = np.empty(wallets, np.int64)
    number[np.concatenate([rng.permutation(np.setdiff1d(np.arange(wallets), silent)), silent])] = np.arange(wallets)
    delegated = np.floor((rng.pareto(1.3, delegators.size) * 100 + 1) * 1e6).astype(np.int64)
    choices = rng.integers(0, OPTIONS, VOTES).astype(np.uint8)
    orders = {"delegators": number[delegators], "delegates": number[delegates], "delegated": delegated}
    loaded = columns(choices, wallets=wallets, **orders)
    return Case("delegated", SingleChoice(NAMES), loaded, choices[:, None] + 1)


def measured(case: Case) -> tuple[list[float], float]:
    """Scores in tokens, and the least milliseconds."""
    ballot = Ballot(case.name, case.method, opens=0, ends=VOTES, transitive_delegation=True)
    times = []
    for _ in range(REPEATS):
        start = time.perf_counter()
        result = count(ballot, case.columns)
        times.append((time.perf_counter() - start) * 1e3)
    return [float(score / 10**6) for score in result.count.scores], min(times)


def delegated_by_hand(loaded: Columns) -> list[int]:
    """Power of each vote with what is delegated to it, one delegator after another."""
    vote = {wallet: position for position, wallet in enumerate(loaded.wallet.tolist())}
    delegate = dict(zip(loaded.delegators.tolist(), loaded.delegates.tolist(), strict=True))
    powers = loaded.power.tolist()
    for wallet, amount in zip(delegate, loaded.delegated.tolist(), strict=True):
        while wallet not in vote and wallet in delegate:
            wallet = delegate[wallet]
            if wallet in vote:
                powers[vote[wallet]] += amount
    return powers


def by_snapshot(cases: list[Case]) -> dict[str, tuple[list[float], float]]:
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        ballots = []
        for case in cases:
            loaded = case.columns
            balances = np.array(delegated_by_hand(loaded), np.float64) / 1e6
            files = {part: str(directory / f"{case.name}.{part}") for part in ("power", "choices")}
            balances.tofile(files["power"])
            np.ascontiguousarray(case.rows.astype(np.uint8)).tofile(files["choices"])
            ballots.append({"name": case.name, "type": case.method.kind, "options": OPTIONS, **files})
        return snapshot_js.tallies(directory, ballots)


def main() -> int:
    cases = [
        weighted_case(Weighted(NAMES), "weighted"),
        weighted_case(Quadratic(NAMES), "quadratic"),
        delegated_case(),
        runoff_case(),
    ]
    ours = {case.name: measured(case) for case in cases}
    theirs = by_snapshot(cases)
    equal = True
    for name, (scores, milliseconds) in ours.items():
        pairs = zip(scores, theirs[name][0], strict=True)
        difference = max(abs(one - other) / max(one, other, 1e-300) for one, other in pairs)
        equal &= difference <= 1e-9
        line = {"votes": VOTES, "options": OPTIONS, "milliseconds": round(milliseconds, 1)}
        line |= {"snapshot_js_milliseconds": round(theirs[name][1] * 1e3), "relative_difference": difference}
        print(
            json.dumps(
                {"benchmark": "tally", "case": name, **line, "ratio": round(theirs[name][1] * 1e3 / milliseconds)}
            )
        )
    together = sum(milliseconds for _, milliseconds in ours.values())
    ratio = sum(seconds for _, seconds in theirs.values()) * 1e3 / together
    line = {"milliseconds": round(together, 1), "limit": MOST_MILLISECONDS, "ratio": round(ratio)}
    line |= {"least_ratio": LEAST_RATIO, "equal": equal, "snapshot_js": snapshot_js.version()}
    within = together <= MOST_MILLISECONDS and ratio >= LEAST_RATIO
    print(json.dumps({"benchmark": "tally", "case": "together", **line, "within": within}))
    return 0 if equal else 1


if __name__ == "__main__":
    sys.exit(main())
