"""A strategy decides the same in the backtest and in its live process, for the same observation."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from benchmarks.shared_data import DIRECTORY
from dao_bot.app.backtesting import parts_of
from dao_bot.backtest.assembly import players_of
from dao_bot.backtest.backtest import Player
from dao_bot.backtest.crises import CRISES
from dao_bot.backtest.crisis import Replay
from dao_bot.backtest.settings import MarketSettings
from dao_bot.domain.hashing import canonical_json
from dao_bot.domain.needs import Need
from dao_bot.engine.decide import StrategyProcess, kinds
from dao_bot.strategy import Decision, Observation, Strategy, Swap
from tests.shared_data import needs_shared_data

ROOT = Path(__file__).parents[3]
CELSIUS = next(crisis for crisis in CRISES if crisis.name == "celsius-2022")

pytestmark = needs_shared_data(CELSIUS.file)


class Listening:
    """Passes everything to the strategy, and keeps what it saw and decided."""

    def __init__(self, strategy: Strategy) -> None:
        self.strategy, self.name, self.Params = strategy, strategy.name, strategy.Params
        self.heard: list[tuple[Observation, Decision]] = []

    def needs(self) -> tuple[Need[Any], ...]:
        return self.strategy.needs()

    def decide(self, seen: Observation) -> Decision:
        decision = self.strategy.decide(seen)
        self.heard.append((seen, decision))
        return decision


def test_the_reserve_decides_the_same_in_the_backtest_and_in_its_live_process() -> None:
    parts = parts_of(ROOT / "strategies.yaml")
    (player,) = players_of(parts.config, ["reserve"])
    listening: Any = Listening(player.strategy)
    settings = MarketSettings.model_validate({"start": {"ETH": "0"}, "prices": {"ETH": "1 USD"}})
    players = (Player(player.name, listening, player.schedule, player.jitter),)
    short = {"end": "2022-06-13 06:00"}
    Replay(parts, players, None, settings).case(_with(CELSIUS, short), DIRECTORY)
    chosen = parts.config.strategies["reserve"]
    needs: dict[str, type[Need[Any]]] = kinds(type(need) for need in listening.needs())
    process = StrategyProcess(
        "reserve",
        chosen.use,
        parts.config.directory,
        chosen.params,
        kinds([Swap]),
        needs,
        tokens=tuple(parts.facts.tokens),
    )
    assert process.describe() == listening.needs()
    trades = [pair for pair in listening.heard if pair[1].operations]
    rests = [pair for pair in listening.heard if not pair[1].operations]
    for seen, decided in (trades[0], trades[-1], rests[0]):
        live = process.decide(seen)
        assert live.operations == decided.operations
        assert canonical_json(live) == canonical_json(decided)


def _with(crisis: Any, changes: dict[str, Any]) -> Any:
    from dataclasses import replace

    return replace(crisis, **changes)
