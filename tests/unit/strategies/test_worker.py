"""The strategy in its own process: behind the fence, within its limits, found by its entry point."""

from __future__ import annotations

from pathlib import Path

from dao_bot.domain.needs import Need
from dao_bot.engine.decide import StrategyProcess
from dao_bot.strategy import Swap
from strategies.reserve_rebalance import ReserveRebalance
from tests.unit.strategies.kit import BASE, observe, params


def test_the_worker_decides_what_the_strategy_decides_here() -> None:
    settings = params()
    seen = observe(settings, {"USDC": 900e3, "USDT": 50e3, "DAI": 50e3})
    needs: dict[str, type[Need[object]]] = {need.kind: type(need) for need in ReserveRebalance(settings).needs()}
    process = StrategyProcess(
        name="reserve",
        use="reserve-rebalance",
        base=Path(__file__).parent,
        params=BASE,
        operations={"swap": Swap},
        needs=needs,
    )
    assert process.problems() == []
    assert process.decide(seen) == ReserveRebalance(settings).decide(seen)
