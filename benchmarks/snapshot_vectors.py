"""Writes the test vectors of the ballots that Snapshot knows: small ballots and what snapshot.js makes of them.

Run as `python -m benchmarks.snapshot_vectors`; the same seed gives the same file.
"""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

from benchmarks import snapshot_js

TARGET = Path(__file__).resolve().parents[1] / "tests" / "unit" / "governance" / "snapshot_vectors.json"
BALLOTS_OF_EACH_TYPE = 12
MOST_VOTES = 14

INVALID: dict[str, list[Any]] = {
    "single-choice": [0, 9, -1, 1.5, True, None, [1], {"1": 1}, "1"],
    "approval": [[1, 1], [9], [0], 1, None, {"1": 1}],
    "weighted": [{}, {"9": 1}, {"1": 0}, {"1": -1, "2": 2}, {"1": True}, 1, None, []],
    "ranked-choice": [[], [1], [1, 1, 2], [1, 2, 9], 1, None, {"1": 1}],
    "copeland": [[], [1, 1], [9], [1.5], 1, None],
}
INVALID["basic"] = INVALID["single-choice"]
INVALID["quadratic"] = INVALID["weighted"]


def choice(kind: str, options: int, rng: random.Random) -> Any:
    """A choice that snapshot.js accepts."""
    numbers = list(range(1, options + 1))
    if kind in ("single-choice", "basic"):
        return rng.choice(numbers)
    if kind == "approval":
        return rng.sample(numbers, rng.randint(0, options))
    if kind == "ranked-choice":
        return rng.sample(numbers, options)
    if kind == "copeland":
        return rng.sample(numbers, rng.randint(1, options))
    given = rng.sample(numbers, rng.randint(1, options))
    return {str(number): rng.randint(1, 100) for number in given}


def power(rng: random.Random) -> int:
    """From nothing and dust to whales, in 10^-6 token; equal ones are frequent."""
    return rng.choice([0, 1, 10**6, 10**6, 3 * 10**6, rng.randint(1, 10**9), rng.randint(1, 5 * 10**13)])


def ballot(kind: str, number: int, rng: random.Random) -> dict[str, Any]:
    options = 3 if kind == "basic" else rng.randint(2, 6)
    votes = [[choice(kind, options, rng), power(rng)] for _ in range(number and rng.randint(1, MOST_VOTES))]
    if number % 3 == 2:
        votes += [[invalid, power(rng)] for invalid in rng.sample(INVALID[kind], 3)]
        rng.shuffle(votes)
    return {"type": kind, "options": [f"Option {i}" for i in range(1, options + 1)], "votes": votes}


def main() -> None:
    rng = random.Random(20)
    ballots = [ballot(kind, number, rng) for kind in INVALID for number in range(BALLOTS_OF_EACH_TYPE)]
    counted = json.loads(snapshot_js.run("vectors.js", standard_input=json.dumps(ballots)))
    lines = ",\n".join(json.dumps(one, separators=(",", ":")) for one in counted)
    source = f"snapshot.js {snapshot_js.version()}, written by benchmarks/snapshot_vectors.py; power in 10^-6 token"
    TARGET.parent.mkdir(parents=True, exist_ok=True)
    TARGET.write_text(f'{{"source": {json.dumps(source)},\n"ballots": [\n{lines}\n]}}\n')


if __name__ == "__main__":
    main()
