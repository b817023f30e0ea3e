"""What buying back would have been worth on real tokens, day by day through the strategy's own decisions; JSON lines.

Run as `python -m benchmarks.bench_buyback`. The parameters were fixed before any result was seen, and are the same for
every token. Each day is one decision at that day's price, in a pool with 5 million USD on each side and a fee of 0.3 %;
purchases are judged as docs/strategies/buyback-burn.md says, against the same dollars spent evenly within each week at
the same fee. Where the data is not given, nothing is printed.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.shared_data import DIRECTORY
from dao_bot.backtest.purchases import Buy, Judgement, judge
from dao_bot.domain.units import WAD
from dao_bot.strategy import Spend, Swap
from strategies.buyback_burn import BuybackBurn, Params
from tests.unit.strategies import buyback_kit as kit

DAY = 86_400
WEEK = 7 * DAY
TOKENS = ("bal", "comp", "nxm", "ren", "snx", "sushi", "uni")
"""All of the given ones but the two stablecoins."""
WARM_UP = 90
DEPTH = 5e6
FEE = 0.003
RULES = Params.model_validate(
    {
        "token": "GOV",
        "pay_with": "USDC",
        "budget": {"period": "7d", "amount": "10000 USD"},
        "slices": "7",
        "cool_down": "12h",
        "smallest": "100 USD",
        "max_price": "100000 USD",
        "max_cost": "100bps",
        "velocity": {"pair": "VELOCITY/USD", "window": "90d", "at_most": "1000%"},
        "reference": {"pair": "REFERENCE/USD", "window": "30d", "interval": "1d", "below": "10%"},
        "volume": {"pairs": ["VOLUME/USD"]},
        "runway": {"monthly_burn": "1 USD", "months": "1", "assets": {"USDC": "0%"}},
    }
)


TOKEN_DAILY = DIRECTORY / "token_daily.parquet"
"""The given days of tokens."""


def days_of(path: Path, asset: str) -> Any:
    """Days with a price, in order; (times at which each closed, price, native volume, supply)."""
    import pandas as pd

    rows = pd.read_parquet(path)
    rows = rows[(rows.asset == asset) & (rows.PriceUSD > 0) & (rows.SplyCur > 0)].sort_values("time")
    closed = pd.to_datetime(rows.time, utc=True).to_numpy("datetime64[s]").astype(np.int64) // DAY * DAY + DAY
    price = rows.PriceUSD.to_numpy(np.float64)
    volume = np.nan_to_num((rows.TxTfrCnt * rows.TxTfrValMeanUSD / rows.PriceUSD).to_numpy(np.float64))
    return closed, price, volume, rows.SplyCur.to_numpy(np.float64)


def purchases(closed: Any, price: Any, volume: Any, supply: Any) -> Iterator[Buy]:
    """What the strategy buys, each decision seeing the days until then and its own purchases."""
    strategy, spent = BuybackBurn(RULES), list[Spend]()
    for row in range(WARM_UP, len(closed)):
        now = int(closed[row])

        def until(days: int, row: int = row, now: int = now) -> Any:
            begin = row + 1 - days
            return kit.series(price[begin : row + 1], DAY, volume[begin : row + 1], end=now)

        seen = kit.observe(
            RULES,
            now=now,
            price=float(price[row]),
            total=int(supply[row]),
            held={holder: 0 for holder in (kit.SAFE, kit.FOUNDATION, kit.STAKING)},
            ladders=(kit.ladder(float(price[row]), depth=DEPTH, fee=FEE),),
            spent=tuple(each for each in spent if each.at > now - 30 * DAY),
            history={"VELOCITY/USD": until(90), "REFERENCE/USD": until(30), "VOLUME/USD": until(7)},
        )
        decision = strategy.decide(seen)
        if decision.operations:
            swap = decision.operations[0]
            assert isinstance(swap, Swap)
            usd = swap.sell.units / 10**6
            spent.append(Spend(kit.USDC, swap.sell.units, swap.sell.units * WAD // 10**6, now, False))
            yield Buy(now, usd, swap.expected / 10**18)


def judged(path: Path, asset: str) -> tuple[Judgement | None, int]:
    """How good the purchases of one token were, and how many there were; None without any."""
    closed, price, volume, supply = days_of(path, asset)
    buys = list(purchases(closed, price, volume, supply))
    if not buys:
        return None, 0
    return judge(buys, closed, price, stretch=WEEK, even_cost=FEE), len(buys)


def main() -> int:
    if not TOKEN_DAILY.exists():
        return 0
    for asset in TOKENS:
        started = time.perf_counter()
        found, count = judged(TOKEN_DAILY, asset)
        line: dict[str, Any] = {"benchmark": "buyback on real tokens", "token": asset, "purchases": count}
        if found is not None:
            line |= {
                "stretches": found.stretches,
                "average": round(found.average, 4),
                "above_twap_bps": round(found.above_twap_bps, 1),
                "near_twap": found.near_twap,
                "saving_bps": round(found.saving_bps, 1),
                "interval_bps": None if found.interval_bps is None else [round(each, 1) for each in found.interval_bps],
                "cheaper": found.cheaper,
                "later_bps": None if found.later_bps is None else round(found.later_bps, 1),
                "later_interval_bps": None
                if found.later_interval_bps is None
                else [round(each, 1) for each in found.later_interval_bps],
                "well_timed": found.well_timed,
                "says": list(found.sentences()),
            }
        print(json.dumps(line | {"seconds": round(time.perf_counter() - started, 2)}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
