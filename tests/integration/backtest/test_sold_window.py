"""A policy whose sliding window is soon used up: the reserve runs into it, or knows it and sells less."""

from __future__ import annotations

from pathlib import Path

from dao_bot.app.backtesting import parse_moment, parts_of
from dao_bot.backtest.assembly import assemble, players_of
from dao_bot.backtest.market_file import load_market
from dao_bot.backtest.result import Ending, Result
from dao_bot.backtest.run import run
from tests.integration.backtest.world import write

BEGIN, END = parse_moment("2023-11-09"), parse_moment("2023-11-10 12:00")
WINDOW, POLICY, OWN = 86_400, 800_000, 790_000


def played(directory: Path, *, known: bool) -> Result:
    """The shipped reserve, begun far above its caps, under a policy that lets little through in a day."""
    config = write(directory) / "strategies.yaml"
    text = config.read_text()
    shipped = "      sold_window: {most: 1.9M USD, window: 24h}"
    told = f"      sold_window: {{most: {OWN} USD, window: 24h}}" if known else ""
    for old, new in (("per_window: 2M USD", f"per_window: {POLICY} USD"), (shipped, told)):
        assert text.count(old) == 1
        text = text.replace(old, new)
    config.write_text(text)
    parts = parts_of(config)
    settings = load_market(directory / "market.yaml", (*parts.facts.tokens, parts.facts.native.symbol))
    players = players_of(parts.config, ["reserve"])
    return run(assemble(parts, settings, directory, players=players, begin=BEGIN, end=END))


def sales(result: Result) -> list[tuple[int, float]]:
    """When something was executed, and the dollars that left."""
    return [(deed.at, sum(fill.sold_usd for fill in deed.fills)) for deed in result.deeds if deed.failure is None]


def refused(result: Result) -> list[str]:
    visits = [visit.words for visit in result.visits if visit.ending is Ending.REFUSED]
    return visits + [deed.failure for deed in result.deeds if deed.failure is not None]


def test_a_reserve_that_does_not_know_the_window_is_refused(tmp_path: Path) -> None:
    assert any("window" in words for words in refused(played(tmp_path, known=False)))


def test_one_that_knows_it_sells_less_is_never_refused_and_goes_on_when_the_window_has_moved(tmp_path: Path) -> None:
    result = played(tmp_path, known=True)
    assert refused(result) == []
    done = sales(result)
    for at, _ in done:
        assert sum(usd for earlier, usd in done if at - WINDOW < earlier <= at) <= POLICY
    used = sum(usd for at, usd in done if at < BEGIN + WINDOW)
    assert used > OWN * 0.99, "all of the window is used"
    assert any("left of what may be sold" in visit.words for visit in result.visits)
    assert any(at > BEGIN + WINDOW for at, _ in done), "and it goes on"
