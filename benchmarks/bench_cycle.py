"""A whole cycle, observe to proposal, on the local chain: round trips to the node, and time besides the decision."""

from __future__ import annotations

import json
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import yaml

from dao_bot.app.demo import demo_config
from dao_bot.app.wiring import Desk, open_desk
from dao_bot.devnet.running import RunningWorld, start_world
from dao_bot.devnet.toolchain import ensure_toolchain
from dao_bot.domain.decisions import Decision
from dao_bot.domain.runs import RunId
from dao_bot.engine.draft import draft
from dao_bot.strategy import Observation

LIMITS = {10: 8, 100: 40}
MILLISECONDS = 250
REPEATS = 7


def config_for(running: RunningWorld, tokens: int) -> dict[str, Any]:
    """The demo's configuration with as many stablecoins more as it takes to have `tokens`."""
    config: dict[str, Any] = yaml.load(demo_config(), Loader=yaml.BaseLoader)  # noqa: S506 - strings only
    world = running.world
    config["treasury"]["chain"]["rpcs"] = [{"url": running.anvil.url, "operator": "local"}]
    params = config["strategies"]["reserve"]["params"]
    config["treasury"]["tokens"]["DAO"]["hold_only"] = True
    params["assets"]["DAO"]["own"] = True
    extra = [symbol for symbol in world.tokens if symbol.startswith("T") and symbol[1:].isdigit()]
    extra = extra[: tokens - len(config["treasury"]["tokens"])]
    for symbol in extra:
        token = world.tokens[symbol]
        fee = next(key[2] for key in world.pools if set(key[:2]) == {symbol, "USDC"})
        config["treasury"]["tokens"][symbol] = {"address": token.address, "decimals": str(token.decimals)}
        config["protocols"]["uniswap_v3"]["pools"].append({"tokens": [symbol, "USDC"], "fee": str(fee)})
        feed = {"use": "chainlink", "feed": world.feeds[symbol], "heartbeat": "25h", "min": "0.5 USD", "max": "1.5 USD"}
        config["prices"]["sources"][symbol] = [feed]
        params["assets"][symbol] = {"backing": {f"Issuer {symbol}": "100%"}}
        params["issuers"][f"Issuer {symbol}"] = {"hazard": "1%", "loss": "20%", "cap": "30%"}
    return config


class Stopwatch:
    """Times the strategy's process apart from everything else."""

    def __init__(self, inner: Any) -> None:
        self.inner, self.seconds = inner, 0.0

    def decide(self, observation: Observation) -> Decision:
        began = time.perf_counter()
        decision: Decision = self.inner.decide(observation)
        self.seconds += time.perf_counter() - began
        return decision


def measure(desk: Desk, tokens: int) -> dict[str, Any]:
    services = desk.services
    plan = services.strategies["reserve"]
    needs = plan.process.describe()
    besides, deciding, trips, operations = [], [], [], 0
    for repeat in range(REPEATS + 1):
        watch = Stopwatch(plan.process)
        timed = type(plan)(**{name: getattr(plan, name) for name in plan.__slots__} | {"process": watch})
        trips_before, began = services.endpoints.round_trips, time.perf_counter()
        drafted = draft(services, timed, RunId("reserve", 0), needs, committed={}, moves=[])
        elapsed = time.perf_counter() - began
        if drafted.proposal is None or not drafted.proposal.verdict.passed:
            raise SystemExit(f"the cycle came to no proposal: {drafted.decision.reason}")
        operations = len(drafted.decision.operations)
        if repeat:
            trips.append(services.endpoints.round_trips - trips_before)
            besides.append((elapsed - watch.seconds) * 1e3)
            deciding.append(watch.seconds * 1e3)
    return {
        "benchmark": "cycle",
        "tokens": tokens,
        "operations": operations,
        "round_trips": max(trips),
        "round_trips_limit": LIMITS[tokens],
        "besides_deciding_ms": round(statistics.median(besides), 1),
        "besides_deciding_limit_ms": MILLISECONDS,
        "deciding_ms": round(statistics.median(deciding), 1),
        "ok": max(trips) <= LIMITS[tokens] and statistics.median(besides) <= MILLISECONDS,
    }


def main() -> int:
    toolchain, failed = ensure_toolchain(), False
    for tokens in LIMITS:
        with start_world(toolchain, extra_tokens=tokens) as running, tempfile.TemporaryDirectory() as home:
            os.environ["DAO_BOT_KEEPER_KEY"] = running.world.keeper_key
            path = Path(home) / "strategies.yaml"
            path.write_text(yaml.safe_dump(config_for(running, tokens), sort_keys=False))
            with open_desk(path) as desk:
                result = measure(desk, tokens)
        print(json.dumps(result), flush=True)  # noqa: T201 - the result is the output
        failed |= not result["ok"]
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
