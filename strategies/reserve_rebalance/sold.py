"""What may still be sold: in one run, and within a sliding window that earlier sales have used."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dao_bot.strategy import Spend
from strategies.reserve_rebalance.params import Params


@dataclass(frozen=True, slots=True)
class Sellable:
    """What is left to sell.

    Attributes:
        usd: WAD USD; None without a limit.
        more_at: epoch seconds at which the oldest sale leaves the window; None when nothing executed is in it.
    """

    usd: int | None
    more_at: int | None = None


def left_to_sell(params: Params, spent: Sequence[Spend], now: int) -> Sellable:
    """Counted as the policy's `move_size` does: open proposals always, executed ones for the length of the window."""
    rules = params.sold_window
    if rules is None:
        return Sellable(params.most_sold)
    counted = [spend for spend in spent if spend.open or now - spend.at < rules.window]
    left = max(rules.most - sum(spend.usd for spend in counted), 0)
    executed = [spend.at for spend in counted if not spend.open]
    return Sellable(
        left if params.most_sold is None else min(left, params.most_sold),
        min(executed) + rules.window if executed else None,
    )
