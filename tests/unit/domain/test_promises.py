"""What the bytes of a batch promise of each balance, and when it was not kept."""

from __future__ import annotations

from dataclasses import replace

from dao_bot.domain.promises import Promise, promises
from dao_bot.domain.proposals import Outcome, Proposal
from dao_bot.domain.tokens import Token
from tests.unit.cards import liquidity_samples as liquidity
from tests.unit.cards import samples
from tests.unit.cards.samples import DAI, USDC, USDT
from tests.unit.cards.test_buyback_story import BOUGHT, BURNED, SPENT, buyback


def of(proposal: Proposal, **realised: int) -> dict[str, Promise]:
    """By symbol, of an outcome as simulated but for what is named."""
    tokens: dict[str, Token] = {line.token.symbol: line.token for line in proposal.holdings}
    moved = {line.token.symbol: line.expected - line.before for line in proposal.holdings}
    outcome = replace(samples.executed(), realised=tuple((tokens[name], at) for name, at in (moved | realised).items()))
    return {each.token.symbol: each for each in promises(proposal, outcome)}


def test_what_is_sold_is_exact_and_what_is_bought_is_at_least_the_minimum() -> None:
    told = of(samples.rebalance())
    assert (told["USDT"].least, told["USDT"].most) == (-620_000_000_000, -620_000_000_000)
    assert (told["USDC"].least, told["USDC"].most) == (417_900_000_000, None)
    assert set(told) == {"USDT", "USDC", "DAI"} and all(each.kept for each in told.values())
    assert {USDC, USDT, DAI} == {each.token for each in told.values()}


def test_less_than_the_minimum_or_more_than_was_to_be_sold_is_not_kept() -> None:
    assert not of(samples.rebalance(), USDC=417_899_999_999)["USDC"].kept
    assert not of(samples.rebalance(), USDT=-620_000_000_001)["USDT"].kept
    assert not of(samples.payment(), USDC=-42_500_000_001)["USDC"].kept


def test_a_token_that_nothing_in_the_bytes_moves_must_not_move() -> None:
    told = of(samples.payment(), DAI=-1)
    assert (told["DAI"].least, told["DAI"].most) == (0, 0)
    assert not told["DAI"].kept


def test_what_is_bought_and_burned_keeps_at_least_nothing() -> None:
    told = of(buyback())
    assert (told["DAO"].least, told["DAO"].expected, told["DAO"].most) == (0, BOUGHT - BURNED, None)
    assert told["USDC"].least == told["USDC"].most == -SPENT


def test_a_deposit_takes_between_its_minimum_and_what_it_offers() -> None:
    proposal = liquidity.start()
    for side, token in enumerate(liquidity.TOKENS):
        told = of(proposal)[token.symbol]
        assert (told.least, told.most) == (-liquidity.DEPOSITS[side], -liquidity.LEAST[side])
        assert told.kept
        assert not of(proposal, **{token.symbol: told.least - 1})[token.symbol].kept


def test_what_is_taken_out_returns_at_least_its_minimum_once_it_is_collected() -> None:
    proposal = liquidity.end()
    for token in liquidity.TOKENS:
        told = of(proposal)[token.symbol]
        assert 0 < told.least < told.expected and told.most is None
        assert not of(proposal, **{token.symbol: told.least - 1})[token.symbol].kept
    left = replace(proposal, decoded=proposal.decoded[:-1])  # without the collection nothing arrives
    assert all(each.least == 0 and not each.kept for each in of(left).values() if each.most is not None)


def test_a_batch_that_failed_promises_nothing_that_came() -> None:
    outcome: Outcome = replace(samples.executed(), success=False, realised=())
    assert not any(each.kept for each in promises(samples.payment(), outcome))
