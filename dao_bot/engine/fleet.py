"""Several keepers on one record: who works now, and that all of them work by one policy. The database arbitrates.

Leases are counted in the chain's time, so the clocks of their machines may differ. They keep keepers out of each
other's way; what must never happen twice is stopped by the chain.
"""

from __future__ import annotations

from dao_bot.domain.errors import Conflict
from dao_bot.engine.seat import Seat
from dao_bot.engine.services import Services
from dao_bot.store.store import Store

LEASE_SECONDS = 120
"""Within this time of the chain, what a dead keeper held is taken over. A tick follows a transaction for half of it."""


def hold(services: Services, store: Store, seat: Seat, lock: str, now: int, seconds: int = LEASE_SECONDS) -> None:
    """Take, or keep, a lock of the Safe.

    Where keepers are several they must also agree on the policy hash, which covers configuration, plugins and the
    versions of all programs: two that do not would refuse each other's proposals.

    Raises:
        Conflict: another keeper has the lock; or keepers of another policy or version were here a moment ago.
    """
    safe = services.treasury.safe
    if seat.is_one_of_several:
        policy = f"policy:{safe}"
        if not store.lease(policy, services.policy_hash, now, LEASE_SECONDS):
            raise Conflict(
                "keepers of another version or policy are at work on this record",
                value=f"policy {store.lease_holder(policy, now)}",
                limit=f"policy {services.policy_hash}",
                next_step=f"Stop them, or give this one their version and configuration; it goes on by itself "
                f"{LEASE_SECONDS} s after their last tick",
            )
    if not store.lease(lock, seat.name, now, seconds):
        holder = store.lease_holder(lock, now)
        raise Conflict("another keeper is at work on this Safe", value=holder, next_step="Wait until it is done")
