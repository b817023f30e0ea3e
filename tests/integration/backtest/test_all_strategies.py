"""All strategies of the shipped configuration on one simulated treasury, and what none of them may see."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from dao_bot.app.backtesting import parse_moment, parts_of
from dao_bot.backtest.assembly import assemble, players_of
from dao_bot.backtest.buyers import buyers
from dao_bot.backtest.market_file import load_market
from dao_bot.backtest.measures import mark, measure
from dao_bot.backtest.purchases import Verdict
from dao_bot.backtest.result import Ending, Result
from dao_bot.backtest.run import run
from tests.integration.backtest.world import FROM, TO, write

ALTERED = parse_moment("2023-11-10 12:00")
NAMES = ("reserve", "buyback", "market", "curator")


@cache
def played(*, altered: bool = False) -> Result:
    with TemporaryDirectory(prefix="dao-bot-world-") as made:
        directory = write(Path(made), after=ALTERED if altered else None, factor=0.97)
        parts = parts_of(directory / "strategies.yaml")
        settings = load_market(directory / "market.yaml", (*parts.facts.tokens, parts.facts.native.symbol))
        players = players_of(parts.config, list(parts.config.strategies))
        span = parse_moment(FROM), parse_moment(TO)
        return run(assemble(parts, settings, directory, players=players, begin=span[0], end=span[1]))


def test_every_strategy_acts_on_the_one_treasury_and_none_fails() -> None:
    result = played()
    assert tuple(player.name for player in result.backtest.players) == NAMES
    assert {visit.run.strategy for visit in result.visits if visit.ending is Ending.PROPOSAL} == set(NAMES)
    assert {deed.batch.strategy for deed in result.deeds if deed.failure is None} == set(NAMES)
    assert not [visit.words for visit in result.visits if visit.ending in (Ending.FAILED, Ending.PAUSED)]


def test_strategies_that_are_due_together_run_in_the_order_of_the_configuration() -> None:
    together = [visit.run.strategy for visit in played().visits if visit.run.nominal == parse_moment(FROM)]
    assert together and sorted(together, key=NAMES.index) == [name for name in NAMES if name in together]
    by_moment: dict[int, list[str]] = {}
    for visit in played().visits:
        by_moment.setdefault(visit.at, []).append(visit.run.strategy)
    assert any(len(names) > 1 for names in by_moment.values())
    assert all(names == sorted(names, key=NAMES.index) for names in by_moment.values())


def test_the_treasury_is_its_start_and_what_every_operation_moved_to_the_unit() -> None:
    result = played()
    units = dict(zip(result.tokens, result.steps[0].units, strict=True))
    done = [deed for deed in result.deeds if deed.failure is None]
    for deed, step in zip(done, result.steps[1:], strict=True):
        for fill in deed.fills:
            units[fill.sold.token] -= fill.sold.units
            if fill.bought is not None:
                units[fill.bought.token] += fill.bought.units
        for change in deed.changes:
            for amount in change.paid:
                units[amount.token] -= amount.units
            for amount in change.received:
                units[amount.token] += amount.units
        assert tuple(units.values()) == step.units


def test_burns_grants_and_liquidity_are_in_the_measures() -> None:
    result = played()
    marks = mark(result)
    found = measure(result, marks)
    gone = sum(fill.sold_usd for deed in result.deeds for fill in deed.fills if fill.bought is None)
    kinds = {fill.kind for deed in result.deeds for fill in deed.fills}
    assert kinds == {"swap", "burn", "transfer"} and gone > 5_000
    assert found.final_hold == pytest.approx(float(marks.usd[-1] @ marks.whole[0]) - gone)
    assert found.provided > 10_000 and found.earned > 0
    assert found.final_value == pytest.approx(float(marks.values[-1].sum()) - found.gas)
    assert found.days_outside == 0.0


def test_the_buyback_is_judged_by_what_it_executed() -> None:
    result = played()
    (found,) = (each for each in buyers(result) if each.strategy == "buyback")
    fills = [fill for deed in result.deeds if deed.batch.strategy == "buyback" for fill in deed.fills if fill.bought]
    tokens = sum(fill.bought.units for fill in fills if fill.bought) / 10**18
    assert (found.token.symbol, found.purchases, found.stretch) == ("DAO", len(fills), 86_400)
    assert found.judgement.average == pytest.approx(sum(fill.sold_usd for fill in fills) / tokens)
    assert found.judgement.twap == pytest.approx(1.2, rel=5e-3)
    assert found.judgement.above_twap_bps == pytest.approx((found.judgement.average / found.judgement.twap - 1) * 1e4)
    assert found.judgement.interval_bps is None, "three days are too few"
    assert found.judgement.verdict is (Verdict.UNDECIDED if found.judgement.near_twap else Verdict.BAD)


@pytest.mark.parametrize("name", NAMES)
def test_what_happens_after_a_moment_changes_no_earlier_decision_and_a_later_one(name: str) -> None:
    """Candles, events and trades after it are others; decisions carry their evidence, so equal ones saw the same."""
    before, after = (
        [visit for visit in played(altered=altered).visits if visit.run.strategy == name] for altered in (False, True)
    )
    assert [visit for visit in before if visit.at <= ALTERED] == [visit for visit in after if visit.at <= ALTERED]
    assert [visit for visit in before if visit.at > ALTERED] != [visit for visit in after if visit.at > ALTERED]


def test_nothing_of_the_treasury_before_a_moment_depends_on_what_comes_after() -> None:
    before, after = played(), played(altered=True)
    assert [step for step in before.steps if step.at <= ALTERED] == [step for step in after.steps if step.at <= ALTERED]
    assert [deed for deed in before.deeds if deed.at <= ALTERED] == [deed for deed in after.deeds if deed.at <= ALTERED]
    inside = [
        [note for each in result.provided for note in each.inside if note.at <= ALTERED] for result in (before, after)
    ]
    assert inside[0] == inside[1] and len(inside[0]) > 10
