from __future__ import annotations

from dataclasses import replace
from xml.etree.ElementTree import Element

import pytest

from dao_bot.cards.measure import measured
from dao_bot.cards.model import RuleRow
from dao_bot.cards.plots import WIDTH, cost_plot, differences_plot, holdings_plot, limits_plot, pegs_plot
from dao_bot.cards.story import tell
from tests.unit.cards import samples


def bars(plot: Element | None, style: str) -> list[float]:
    assert plot is not None
    return [float(part.get("width", "0")) for part in plot if part.tag == "rect" and part.get("class") == style]


def row(before: str, after: str, limit: str, *, binds: bool = False, violated: bool = False) -> RuleRow:
    return RuleRow("rule", "subject", before, after, limit, binds, violated, "")


def test_bars_are_as_long_as_the_holdings_are_worth() -> None:
    card = tell(samples.rebalance())
    plot = holdings_plot(card)
    lengths = bars(plot, "after")[:3]
    worths = [row.usd(row.expected) or 0 for row in card.holdings if row.changes]
    for length, worth in zip(lengths, worths, strict=True):
        assert length / lengths[0] == pytest.approx(worth / worths[0], rel=1e-3)


def test_a_bar_passes_its_limit_mark_exactly_when_the_rule_is_broken() -> None:
    made = samples.refused()
    plot = limits_plot(tell(made))
    assert plot is not None
    broken = bars(plot, "broken")
    limits = [float(part.get("x1", "0")) for part in plot if part.get("class") == "limit"]
    assert len(broken) == 1
    assert broken[0] > limits[0]
    (tight, *_) = bars(plot, "after")
    assert tight == pytest.approx(limits[1], abs=0.1)


def test_everything_stays_on_the_paper() -> None:
    for made in (samples.rebalance(), samples.refused(), samples.many()):
        card = tell(made, outcome=samples.executed())
        for plot in (holdings_plot(card), limits_plot(card), pegs_plot(card), cost_plot(card), differences_plot(card)):
            if plot is None:
                continue
            for part in plot.iter():
                for name in ("x", "x1", "x2", "cx"):
                    assert 0 <= float(part.get(name, "0")) <= WIDTH + 0.01
                assert float(part.get("x", "0")) + float(part.get("width", "0")) <= WIDTH + 0.01


def test_each_source_has_its_own_form() -> None:
    plot = pegs_plot(tell(samples.rebalance()))
    assert plot is not None
    marks = [part.tag for part in plot if "source" in (part.get("class") or "")]
    assert marks.count("circle") == 4  # three tokens and the legend
    assert marks.count("polygon") == 4


def test_sources_of_one_kind_share_a_form_whatever_their_address() -> None:
    made = samples.rebalance()
    lines = tuple(
        replace(
            line,
            price=replace(
                line.price,
                quotes=tuple(
                    replace(q, source=f"{q.source.split()[0]} {line.token.address}") for q in line.price.quotes
                ),
            ),
        )
        for line in made.holdings
    )
    plot = pegs_plot(tell(replace(made, holdings=lines)))
    assert plot is not None
    legend = [part.text for part in plot if part.tag == "text" and part.text in {"chainlink", "uniswap_v3_twap"}]
    assert legend == ["chainlink", "uniswap_v3_twap"]


def test_the_allowed_band_comes_from_the_rule_on_price_quality() -> None:
    assert len(bars(pegs_plot(tell(samples.rebalance())), "band")) == 3
    assert not bars(pegs_plot(tell(samples.refused())), "band")


def test_costs_and_differences_are_drawn_only_when_there_is_something_to_compare() -> None:
    planned, done = tell(samples.rebalance()), tell(samples.rebalance(), outcome=samples.executed())
    assert len(bars(cost_plot(planned), "worst")) == 1
    assert len(bars(cost_plot(done), "realised")) == 1
    assert differences_plot(planned) is None
    assert len(bars(differences_plot(done), "worst")) == 1
    assert cost_plot(tell(samples.payment())) is None
    exact = replace(samples.executed(), realised=samples.REBALANCE_CHANGES)
    assert differences_plot(tell(samples.rebalance(), outcome=exact)) is None


@pytest.mark.parametrize(
    ("made", "after", "limit", "floor"),
    [
        (row("12.0 %", "34.99 %", "at most 35.00 %"), 34.99, 35.0, False),
        (row("", "830,042.59 USD", "at least 100,000.00 USD"), 830_042.59, 100_000.0, True),
        (row("0", "-5 bps", "at most 50 bps"), -5.0, 50.0, False),
    ],
)
def test_rules_with_a_number_are_measured(made: RuleRow, after: float, limit: float, floor: bool) -> None:
    (measure,) = measured((made,))
    assert (measure.after, measure.limit, measure.floor) == (after, limit, floor)


@pytest.mark.parametrize(
    "made",
    [
        row("", "unchanged", "unchanged"),
        row("", "12 h 5 min", "at most 1 d"),
        row("", "5 %", "at most 50 bps"),
        row("", "5 %", "5 %"),
        row("", "1e9 %", "at most 5 %"),
        row("", "", "at most 5 %"),
    ],
)
def test_what_cannot_be_compared_in_one_unit_is_not_drawn(made: RuleRow) -> None:
    assert measured((made,)) == ()


def test_broken_rules_come_first_then_those_nearest_to_their_limit() -> None:
    rows = (
        row("", "1 %", "at most 10 %"),
        row("", "9 %", "at most 10 %"),
        row("", "10 %", "at most 10 %", binds=True),
        row("", "12 %", "at most 10 %", violated=True),
        row("", "0 %", "at least 0 %"),
    )
    assert [measure.after for measure in measured(rows)] == [12.0, 10.0, 9.0, 1.0, 0.0]
