"""How well it was executed: one computation, in money and in basis points, with the time it took."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dao_bot.cards.data import as_json
from dao_bot.cards.model import Quality, Times
from dao_bot.cards.page import as_page
from dao_bot.cards.quality import quality_lines, quality_words
from dao_bot.cards.story import tell
from dao_bot.cards.terminal import as_text
from dao_bot.domain.lifecycle import State
from dao_bot.domain.proposals import Outcome, Proposal
from dao_bot.domain.units import WAD
from tests.unit.cards import samples

TIMES = Times(samples.NOW, samples.NOW + 36, samples.NOW + 800)


def of(proposal: Proposal, outcome: Outcome, times: Times = TIMES) -> Quality:
    quality = tell(proposal, state=State.EXECUTED, outcome=outcome, times=times).quality
    assert quality is not None
    return quality


def test_cost_and_shortfall_are_told_in_money_and_in_basis_points_of_what_left() -> None:
    quality = of(samples.rebalance(), samples.executed())
    prices = {line.token: line.price.usd or 0 for line in samples.rebalance().holdings}
    value = {token: units * prices[token] // 10**token.decimals for token, units in samples.executed().realised}
    assert quality.out == quality.sold == -value[samples.USDT]
    assert quality.out is not None and quality.realised is not None and quality.expected is not None
    assert quality.realised == pytest.approx(-sum(value.values()), abs=10)
    assert quality.realised_share == pytest.approx(quality.realised * WAD // quality.out, abs=1)
    assert quality.shortfall == pytest.approx(quality.realised - quality.expected)
    assert (quality.to_execution, quality.to_finality) == (36, 800)


def test_what_is_paid_away_is_no_trade() -> None:
    payment = samples.payment()
    outcome = replace(samples.executed(), realised=((samples.USDC, -42_500_000_000),))
    quality = of(payment, outcome)
    assert quality.out is not None and quality.out > 42_000 * WAD
    assert (quality.sold, quality.realised_share, quality.shortfall) == (0, None, 0)
    assert quality_words(quality) == "traded nothing; final after 13 min 20 s"


def test_what_has_no_price_is_not_known() -> None:
    base = samples.rebalance()
    blind = tuple(
        replace(line, price=samples.price(line.token, None)) if line.token == samples.DAI else line
        for line in base.holdings
    )
    quality = of(replace(base, holdings=blind), samples.executed())
    assert (quality.back, quality.sold, quality.realised, quality.shortfall) == (None, None, None, None)
    assert quality_words(quality).startswith("its cost cannot be told")


def test_times_that_nobody_recorded_are_left_out() -> None:
    quality = of(samples.rebalance(), samples.executed(), Times(executed_at=samples.NOW))
    assert (quality.to_execution, quality.to_finality) == (None, None)
    assert [name for name, _ in quality_lines(quality)][-2:] == ["gas", "executed"]


def test_the_card_says_the_same_everywhere() -> None:
    card = tell(samples.rebalance(), state=State.EXECUTED, outcome=samples.executed(), times=TIMES)
    assert card.quality is not None
    facts = as_json(card)["quality"]
    assert facts["realised_cost_usd"] == {"units": str(card.quality.realised), "decimals": 18}
    assert facts["seconds_to_finality"] == 800
    page, text = as_page(card), as_text(card, 120)
    for name, words in quality_lines(card.quality):
        assert f"<dt>{name}</dt><dd>{words}</dd>" in page
        assert name in text and words in text
    assert "47.98 USD, 0.8 bps of what was sold" in text


def test_before_an_execution_and_after_one_that_failed_there_is_none() -> None:
    failed = replace(samples.executed(), success=False, realised=())
    assert tell(samples.rebalance()).quality is None
    assert tell(samples.rebalance(), state=State.FAILED, outcome=failed).quality is None
