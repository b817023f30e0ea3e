"""What may be burned: named tokens, up to a value, and only what the batch itself buys."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from dao_bot.domain.prices import PriceQuote, TokenPrice
from dao_bot.domain.units import WAD
from dao_bot.domain.verdict import RuleReport
from dao_bot.policy.check import MANDATORY
from dao_bot.policy.facts import PolicyFacts
from dao_bot.policy.rules.allowed_recipients import AllowedRecipients, AllowedRecipientsParams
from dao_bot.policy.rules.burn import Burn, BurnParams
from dao_bot.policy.rules.value_loss import ValueLoss, ValueLossParams
from tests.property.policy.strategies import DAO, NOW, STRANGER, USDC, USDT, Pay, Swap, facts_of
from tests.property.policy.violations import CALM, burn_of, with_balances, with_call, with_extra_call, with_price

BOUGHT = 4_000 * 10**18
PRICE = 5 * WAD // 2
"""USD for one DAO, WAD."""


def bought_and_burned(burned: int, *more: Swap | Pay, received: int = BOUGHT) -> PolicyFacts:
    """10,000 USDC for at least 4,000 DAO, then a burn of `burned` units."""
    scene = replace(CALM, prices={**CALM.prices, "DAO": PRICE})
    traded = facts_of(scene, (Swap("USDC", "DAO", 10_000 * 10**6, BOUGHT, received), *more))
    priced = with_price(traded, TokenPrice(DAO, PRICE, (PriceQuote("chainlink", PRICE, NOW - 60, 3600),)))
    after = {USDC: -10_000 * 10**6, DAO: received - burned}
    return with_balances(with_extra_call(priced, burn_of(DAO, burned)), after)


def reports(facts: PolicyFacts, **tokens: str) -> list[RuleReport]:
    return list(Burn(BurnParams.model_validate({"tokens": tokens})).check(facts))


def is_kept(facts: PolicyFacts, **tokens: str) -> bool:
    return not any(report.violated for report in reports(facts, **tokens))


def test_what_the_batch_buys_at_least_may_be_burned_and_not_one_unit_more() -> None:
    assert is_kept(bought_and_burned(BOUGHT), DAO="10000 USD")
    assert not is_kept(bought_and_burned(BOUGHT + 1, received=2 * BOUGHT), DAO="20000 USD")


def test_the_value_that_is_burned_has_a_limit() -> None:
    assert is_kept(bought_and_burned(BOUGHT), DAO="10000 USD")
    assert not is_kept(bought_and_burned(BOUGHT), DAO="9999.99 USD")


def test_a_token_that_is_not_named_never_burns() -> None:
    assert not is_kept(bought_and_burned(1))
    assert not is_kept(bought_and_burned(1), USDC="10000 USD")


def test_the_rule_holds_also_where_no_configuration_names_it() -> None:
    assert Burn in MANDATORY
    assert not is_kept(bought_and_burned(1))


def test_what_is_bought_after_the_burn_does_not_count() -> None:
    facts = bought_and_burned(BOUGHT)
    first, approve, swap, burn = facts.decoded
    assert not is_kept(replace(facts, decoded=(first, burn, approve, swap)), DAO="10000 USD")


def test_what_is_bought_for_somebody_else_does_not_count() -> None:
    facts = bought_and_burned(BOUGHT)
    assert not is_kept(with_call(facts, 2, recipients=(STRANGER,)), DAO="10000 USD")


def test_what_is_bought_cannot_be_burned_and_given_away_too() -> None:
    facts = bought_and_burned(BOUGHT, Pay("DAO", 1, STRANGER))
    assert not is_kept(facts, DAO="10000 USD")


def test_several_burns_count_together() -> None:
    facts = with_extra_call(bought_and_burned(BOUGHT), burn_of(DAO, 1))
    assert not is_kept(facts, DAO="20000 USD")


def test_a_burn_needs_no_recipient_but_everything_else_does() -> None:
    rule = AllowedRecipients(AllowedRecipientsParams())
    facts = bought_and_burned(BOUGHT)
    assert not any(report.violated for report in rule.check(facts))
    more_than_burned = with_call(facts, 3, spends=((DAO.address, BOUGHT), (USDT.address, 1)))
    assert any(report.violated for report in rule.check(more_than_burned))
    with_coins = with_call(facts, 3, call=replace(facts.decoded[3].call, value=1))
    assert any(report.violated for report in rule.check(with_coins))


@pytest.mark.parametrize(("burns", "violated"), [(["DAO"], False), ([], True), (["USDT"], True)])
def test_a_burn_is_a_loss_unless_the_rule_names_the_token(burns: list[str], violated: bool) -> None:
    written: dict[str, Any] = {"max": "10bps", "burns": burns}
    rule = ValueLoss(ValueLossParams.model_validate(written))
    (report,) = rule.check(bought_and_burned(BOUGHT))
    assert report.violated is violated


def test_a_meant_burn_hides_no_other_loss() -> None:
    rule = ValueLoss(ValueLossParams.model_validate({"max": "10bps", "burns": ["DAO"]}))
    facts = bought_and_burned(BOUGHT)
    lost = with_balances(facts, {USDC: -20_000 * 10**6, DAO: 0})
    (report,) = rule.check(lost)
    assert report.violated
