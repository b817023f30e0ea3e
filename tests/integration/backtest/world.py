"""A made-up fortnight for all strategies of the shipped configuration: a market, its candles, and its events."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from pyarrow import parquet

from dao_bot.chain.streams.decode import decode_logs
from dao_bot.chain.streams.event import parse_event
from dao_bot.chain.streams.tables import to_table
from dao_bot.config.load import load_config

ROOT = Path(__file__).parents[3]
FIRST = int(np.datetime64("2023-11-01T00:00").astype("datetime64[s]").astype(int))
HOUR, DAY, DAYS = 3_600, 86_400, 14
FROM, TO = "2023-11-09", "2023-11-12"
FOUNDATION, POOL = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266", "0xfdb677a93B145f25cf4cB4eB866B65a0274B8a2D"
STAKING, PAYER = "0xb271749376be1D7c293600b461d8B4D99522B114", "0x6EBA56B0975885afE12b7cD6F83b672197233B58"
MARKET = f"""\
start: {{USDC: '500000', USDT: '1500000', DAI: '200000', LUSD: '50000', WETH: '60', DAO: '1500000'}}
prices: {{USDC: 1 USD, USDT: USDT/USD, DAI: 1 USD, LUSD: 1 USD, DAO: DAO/USD, WETH: WETH/USD, ETH: 2000 USD}}
files:
  - {{path: usdt.csv, pair: USDT/USD, columns: {{high: null, low: null, volume: null}}, interval: 1h, stamp: close}}
  - {{path: dao.csv, pair: DAO/USD, columns: {{high: null, low: null, volume: null}}, interval: 1h, stamp: close}}
  - {{path: weth.csv, pair: WETH/USD, columns: {{high: null, low: null, volume: null}}, interval: 1h, stamp: close}}
trading: {{DAO/WETH 3000: {{volume: 400000 USD}}}}
delay: 1h
supply:
  DAO:
    total: '10000000'
    holders: {{"{FOUNDATION}": '6500000', "{POOL}": '500000', "{STAKING}": '300000'}}
events:
  dao-transfers: dao-transfers.parquet
  usdc-transfers: usdc-transfers.parquet
  dao-weth-swaps: dao-weth-swaps.parquet
  works-registered: works-registered.parquet
  works-staked: works-staked.parquet
  works-unstaked: works-unstaked.parquet
runway: {{monthly_burn: 60000 USD, months: 12, haircuts: {{DAO: 100%, WETH: 100%}}}}
"""

Made = tuple[int, tuple[int | str, ...]]
"""Time of an event, and the values of its parameters: addresses as text."""


def write(directory: Path, dao: float = 1.2, after: int | None = None, factor: float = 1.0) -> Path:
    """The configuration, the market, its candles and its events in `directory`, which is returned.

    Args:
        dao: US dollars for one DAO token.
        after, factor: prices and amounts after this moment (epoch seconds) are multiplied by the factor.
    """
    (directory / "strategies.yaml").write_text((ROOT / "strategies.yaml").read_text())
    (directory / "market.yaml").write_text(MARKET)
    random = np.random.default_rng(7)
    rows: dict[str, list[str]] = {"usdt": [], "dao": [], "weth": []}
    for hour in range(DAYS * 24 + 1):
        at = FIRST + hour * HOUR
        more = factor if after is not None and at > after else 1.0
        usdt, own, weth = 1 + random.normal(0, 1e-4), dao * (1 + random.normal(0, 2e-3)), 2_000 + random.normal(0, 2)
        for name, close in (("usdt", usdt * more**0.02), ("dao", own * more), ("weth", weth / more)):
            rows[name].append(f"{np.datetime64(at, 's')}Z,{close}")
    for name, lines in rows.items():
        (directory / f"{name}.csv").write_text("\n".join(["time,close", *lines]) + "\n")
    streams = load_config(directory / "strategies.yaml").streams
    for name, made in events(after, factor).items():
        declared = streams[name].event
        logs = [_log(declared, len(name), event) for event in made]
        table = to_table(decode_logs(parse_event(declared), logs, "made up"), np.array([at for at, _ in made]))
        parquet.write_table(table, directory / f"{name}.parquet")
    return directory


def events(after: int | None, factor: float) -> Mapping[str, list[Made]]:
    """A community of 30 wallets; each amount is multiplied by `factor` where it comes after the moment."""
    random = np.random.default_rng(11)
    wallets = [f"0x{number + 1:040x}" for number in range(30)]
    safe, ether = str(load_config(ROOT / "strategies.yaml").treasury.safe), 10**18

    def units(at: int, whole: float, decimals: int = 18) -> int:
        more = factor if after is not None and at > after else 1.0
        return int(int(whole * more * 10**6) * 10 ** (decimals - 6))

    found: dict[str, list[Made]] = {
        "works-registered": [(FIRST + work, (work, wallets[-work])) for work in range(1, 9)],
        "dao-transfers": [],
        "usdc-transfers": [],
        "dao-weth-swaps": [],
        "works-staked": [],
        "works-unstaked": [],
    }
    for hour in range(1, DAYS * 24):
        at = FIRST + hour * HOUR - 7
        one, other = random.choice(len(wallets), 2, replace=False)
        found["dao-transfers"].append((at, (wallets[one], wallets[other], units(at, 400))))
        swap = (wallets[one], wallets[one], units(at, 15_000), -units(at, 9), 2**96, ether, 0)
        found["dao-weth-swaps"].append((at, swap))
        stake = (wallets[one], int(random.integers(1, 9)), units(at, float(random.integers(100, 2_000))))
        found["works-staked"].append((at, stake))
        if hour % 24 == 0:
            found["usdc-transfers"].append((at, (PAYER, safe, units(at, 12_000, 6))))
            found["works-unstaked"].append((at, (*stake[:2], stake[2] // 2)))
    return found


def _log(declared: str, index: int, made: Made) -> dict[str, Any]:
    """As `eth_getLogs` tells it; a second has one block."""
    block = made[0] - FIRST
    event, words = parse_event(declared), [_word(value) for value in made[1]]
    indexed = [each.indexed for each in event.parameters]
    topics = [word for word, is_indexed in zip(words, indexed, strict=True) if is_indexed]
    data = [word for word, is_indexed in zip(words, indexed, strict=True) if not is_indexed]
    return {
        "address": POOL.lower(),
        "topics": ["0x" + event.topic.hex(), *(f"0x{topic}" for topic in topics)],
        "data": "0x" + "".join(data),
        "blockNumber": hex(block),
        "blockHash": f"0x{block:064x}",
        "transactionHash": f"0x{block:064x}",
        "logIndex": hex(index),
    }


def _word(value: int | str) -> str:
    return f"{int(value, 16) if isinstance(value, str) else value % 2**256:064x}"
