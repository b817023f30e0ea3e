"""What the DAO earned in the period before, which is over and does not change any more."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from dao_bot.strategy import EventColumns, Token, TokenPrice, usd_value
from strategies.buyback_burn.budget import Period
from strategies.buyback_burn.logs import transfers
from strategies.buyback_burn.params import Revenue


def earned(
    rules: Revenue,
    safe: str,
    paid: Mapping[str, tuple[Token, EventColumns]],
    prices: Mapping[Token, TokenPrice],
    period: Period,
) -> int:
    """USD (WAD) at today's prices of what the payers sent to `safe` in the period before `period`.

    What has no usable price counts nothing.

    Args:
        paid: by stream, its token and its transfers.
    """
    total = 0
    for token, events in paid.values():
        price = prices.get(token)
        if price is None or price.usd is None:
            continue
        found = transfers(events)
        counts = (found.time >= period.start - period.length) & (found.time < period.start)
        counts &= found.receiver.equals(safe)
        paying = np.zeros_like(counts)
        for payer in rules.payers:
            paying |= found.sender.equals(payer)
        units = sum(found.exact[int(row)] for row in np.flatnonzero(counts & paying))
        total += usd_value(token.amount(units), price.usd)
    return total
