"""A month of 20 Safes at the transaction service, on one free account, counted by simulation: requests and latency.

Run by `make bench`; prints one JSON line for each load. The clock is simulated; the intervals come from the keeper's
own `Polling`, every request passes its own `Budget`, and rounds come once a minute. As the keeper does: one request for
the nonce of a proposal, one to propose it, and then one for each look at the queue; none while no proposal waits.
`latency` is from an owner's signature in the service until the keeper has it. Fails when a month needs more than the
free plan's 50,000 requests.
"""

from __future__ import annotations

import json
import random
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from dao_bot.config.settings import ServiceSettings
from dao_bot.domain.errors import ServiceUnavailable
from dao_bot.engine.polling import Polling
from dao_bot.engine.rhythm import QUIET_SECONDS
from dao_bot.safe.transaction_service.budget import Budget, Limits, month_of

SAFES = 20
FREE_PLAN = 50_000
POLL: int = ServiceSettings.model_fields["poll"].default
DAYS = 31
OWNERS_ASKED = 2
VALID_FOR = 12 * 3600.0
BEGIN = datetime(2026, 1, 1, tzinfo=UTC).timestamp()


@dataclass(frozen=True)
class Load:
    """What happens in a month of one Safe.

    Attributes:
        gap: seconds between the end of one proposal and the next.
        median: seconds until half of the owners have signed, if they do; log-normal, with the shape `spread`.
    """

    name: str
    gap: float
    median: float
    spread: float
    signed: bool = True


LOADS = (
    Load("a proposal a day, owners sign within hours", 20 * 3600.0, 2 * 3600.0, 1.0),
    Load("six proposals a day, owners sign within an hour", 3 * 3600.0, 1800.0, 1.0),
    Load("always a proposal open, owners sign within minutes", 0.0, 300.0, 1.0),
    Load("always a proposal open, nobody signs", 0.0, 0.0, 0.0, signed=False),
)


class Ledger:
    """Requests of one Safe by period."""

    def __init__(self) -> None:
        self.made: dict[str, int] = {}

    def take_request(self, account: str, period: str, most: int) -> bool:
        del account
        made = self.made.get(period, 0)
        if made < most:
            self.made[period] = made + 1
        return made < most

    def requests_made(self, account: str, period: str) -> int:
        del account
        return self.made.get(period, 0)


class Safe:
    """One Safe, its owners, and the keeper that asks for their signatures."""

    def __init__(self, load: Load, seed: int) -> None:
        self.now = BEGIN + seed * 977.0
        self.latencies: list[float] = []
        self.unnoticed = self.refused = 0
        self.proposals = 0
        self._load = load
        self._chance = random.Random(seed)
        self._ledger = Ledger()
        limits = Limits(2, FREE_PLAN // SAFES)
        self._budget = Budget("bench", limits, self._ledger, lambda: self.now, lambda _: None)
        self._polling = Polling(POLL, limits.per_month)

    def play(self) -> int:
        """A month; the number of requests."""
        ends = BEGIN + DAYS * 86_400
        while self.now < ends:
            self._propose(ends)
            self.now += max(self._load.gap, QUIET_SECONDS)
        return sum(self._ledger.made.values())

    def _propose(self, ends: float) -> None:
        self.proposals += 1
        if not self._asked(reading=True) or not self._asked(reading=False):
            self.now += 3600
            return
        expires = min(self.now + VALID_FOR, ends)
        waiting = sorted(self._signing_times()) if self._load.signed else []
        changed = self.now
        while self.now < expires:
            self._wait(changed)
            if not self._asked(reading=True):
                self.refused += 1
                continue
            signed = [at for at in waiting if at <= self.now]
            waiting = waiting[len(signed) :]
            self.latencies += [self.now - at for at in signed]
            changed = self.now if signed else changed
            if self._load.signed and not waiting:
                return
        self.unnoticed += len([at for at in waiting if at < expires])

    def _signing_times(self) -> Iterator[float]:
        for _ in range(OWNERS_ASKED):
            yield self.now + min(self._chance.lognormvariate(0, self._load.spread) * self._load.median, VALID_FOR * 0.8)

    def _wait(self, changed: float) -> None:
        month = month_of(self.now)
        wait = self._polling.wait(
            self.now - changed, self._budget.spent(), self.now - month.begins, month.ends - month.begins
        )
        # The keeper looks whether it is time once in a round.
        self.now += -(-wait // QUIET_SECONDS) * QUIET_SECONDS

    def _asked(self, *, reading: bool) -> bool:
        try:
            self._budget.take(reading=reading)
        except ServiceUnavailable:
            return False
        return True


def main() -> int:
    """Every load; 1 when one of them does not fit."""
    fits = True
    for load in LOADS:
        safes = [Safe(load, seed) for seed in range(SAFES)]
        requests = sum(safe.play() for safe in safes)
        latencies = sorted(latency for safe in safes for latency in safe.latencies)
        fits &= requests <= FREE_PLAN

        def at(share: float, found: list[float] = latencies) -> float | None:
            return round(found[min(int(len(found) * share), len(found) - 1)], 1) if found else None

        result = {
            "bench": "transaction service, a month of 20 Safes",
            "load": load.name,
            "proposals": sum(safe.proposals for safe in safes),
            "requests": requests,
            "limit": FREE_PLAN,
            "signatures": len(latencies),
            "signatures_after_the_deadline": sum(safe.unnoticed for safe in safes),
            "looks_refused_by_the_budget": sum(safe.refused for safe in safes),
            "latency_median_s": at(0.5),
            "latency_95_percent_s": at(0.95),
            "latency_worst_s": at(1.0),
            "ok": requests <= FREE_PLAN,
        }
        sys.stdout.write(json.dumps(result) + "\n")
    return 0 if fits else 1


if __name__ == "__main__":
    sys.exit(main())
