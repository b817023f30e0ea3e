"""Liquidity of the treasury's own on the local chain: through the policy and the Safe, and as the card said."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import pytest
import yaml

from dao_bot.app.wiring import open_desk
from dao_bot.config.source import read_source
from dao_bot.devnet.abi import encode_call
from dao_bot.devnet.artifacts import npm_artifact
from dao_bot.devnet.errors import DevnetError
from dao_bot.devnet.running import refresh_feeds
from dao_bot.devnet.scenarios import give, set_feed_price, swap_as_stranger
from dao_bot.devnet.transactions import send
from dao_bot.domain.concentrated import taken
from dao_bot.domain.decisions import Decision
from dao_bot.domain.lifecycle import State
from dao_bot.domain.positions import (
    CollectFees,
    DecreaseLiquidity,
    IncreaseLiquidity,
    MintPosition,
    PoolPositions,
    Positions,
    edges,
)
from dao_bot.domain.runs import RunId
from dao_bot.domain.ticks import price_at_sqrt
from dao_bot.domain.units import WAD
from dao_bot.engine.decide import StrategyProcess
from dao_bot.engine.look import look
from dao_bot.engine.runs import RunReport, run_once
from dao_bot.engine.signing import transaction_of
from dao_bot.strategy import Observation
from strategies.liquidity import Liquidity, Params
from tests.integration.engine.kit import KEEPER_VARIABLE, ROOT, Office, deciding

if TYPE_CHECKING:
    from dao_bot.devnet import Anvil, RunningWorld, World

NAME = "reserve"
HOUR = 3_600
MAKER = {
    "own": "DAO",
    "quote": "WETH",
    "fee": "3000",
    "depth": "20000 USD",
    "volatility": "60%",
    "quote_budget": "100000 USD",
    "own_budget": "50%",
    "smallest": "100 USD",
    "compound_at": "1 USD",
}


@dataclasses.dataclass(frozen=True)
class InProcess:
    """The strategy itself, asked here instead of in a process of its own."""

    strategy: Liquidity

    def describe(self) -> tuple[Any, ...]:
        return self.strategy.needs()

    def decide(self, seen: Observation) -> Decision:
        return self.strategy.decide(seen)


@pytest.fixture
def office(
    tmp_path: Path, running_world: RunningWorld, world: World, anvil: Anvil, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Office]:
    """The demo's treasury with WETH, a position manager, and limits that leave room for liquidity."""
    give(running_world, world.tokens["WETH"], world.safe, 100 * 10**18)
    monkeypatch.setenv(KEEPER_VARIABLE, world.keeper_key)
    path = tmp_path / "strategies.yaml"
    data = read_source(ROOT / "strategies.yaml").data
    data["treasury"]["chain"]["rpcs"] = [
        {"url": anvil.url, "operator": "one"},
        {"url": f"{anvil.url}/", "operator": "two"},
    ]
    data["protocols"]["uniswap_v3"]["position_manager"] = world.position_manager
    data["strategies"] = {NAME: data["strategies"][NAME] | {"approval": "two-owners"}}
    for rule in data["policy"]["rules"]:
        if rule["use"] == "move_size":
            rule.pop("tokens_per_run", None)
            rule.pop("tokens", None)
    data["policy"]["rules"] = [
        each for each in data["policy"]["rules"] if each["use"] not in ("token_cap", "issuer_cap")
    ]
    path.write_text(yaml.safe_dump(data, sort_keys=False))
    with open_desk(path) as desk:
        yield Office(desk, world, anvil)


def run(office: Office, *operations: Any, nominal: int = 0, **changes: str) -> RunReport:
    """One run of the strategy, or of these operations in its place."""
    plan = office.desk.services.strategies[NAME]
    refresh_feeds(office.anvil, office.world.feeds)
    if operations:
        plan = deciding(plan, Decision(operations, "A test wants it."))
    else:
        process = InProcess(Liquidity(Params.model_validate(MAKER | changes)))
        plan = dataclasses.replace(plan, process=cast("StrategyProcess", process))
    report = run_once(
        office.desk.services, office.desk.store, plan, RunId(NAME, nominal), "test", office.anvil.timestamp()
    )
    assert report is not None
    return report


def execute(office: Office, report: RunReport) -> str:
    """Signed and sent; what was realised is what the card promised."""
    assert report.proposal is not None, report.detail
    broken = [each for each in report.proposal.verdict.reports if each.violated]
    assert not broken, broken
    proposal = report.proposal.id
    office.tick()
    office.sign(proposal)
    told = office.tick()
    office.anvil.mine(2)
    office.tick()
    assert office.state(proposal) is State.EXECUTED, told
    outcome = office.desk.store.outcome(proposal)
    assert outcome is not None
    for (token, realised), (same, expected) in zip(outcome.outcome.realised, outcome.outcome.expected, strict=True):
        assert token == same
        assert abs(realised - expected) <= abs(expected) // 1000 + 10
    return proposal


def see(office: Office) -> PoolPositions:
    need = Positions(("DAO", "WETH"))
    (found,) = look(office.desk.services, RunId("test", 0), (need,)).seen[need]
    assert isinstance(found, PoolPositions)
    return found


def trade(running: RunningWorld, rounds: int = 3) -> None:
    """A stranger buys and sells."""
    for _ in range(rounds):
        swap_as_stranger(running, "WETH", "DAO", 3000, 3 * 10**18)
        swap_as_stranger(running, "DAO", "WETH", 3000, 3_834 * 10**18)


def test_it_starts_earns_and_compounds_through_the_safe(office: Office, running_world: RunningWorld) -> None:
    start = run(office)
    execute(office, start)
    (position,) = see(office).positions
    assert position.is_in_range(see(office).pool.tick)
    trade(running_world)
    office.anvil.advance(2 * HOUR)
    fees = see(office).positions[0].fees
    assert min(fees) > 0
    before = see(office).positions[0].liquidity
    again = run(office, nominal=1)
    assert again.proposal is not None, again.detail
    assert [each.kind for each in again.proposal.decision.operations] == ["collect_fees", "increase_liquidity"]
    execute(office, again)
    assert see(office).positions[0].liquidity > before
    assert see(office).positions[0].fees == (0, 0)


def test_without_quote_it_starts_beside_the_price_with_the_own_token(office: Office) -> None:
    report = run(office, quote_budget="0 USD")
    execute(office, report)
    (position,) = see(office).positions
    assert not position.is_in_range(see(office).pool.tick)


def test_the_value_in_the_position_is_no_loss_and_the_nft_is_read_back(office: Office) -> None:
    report = run(office)
    assert report.proposal is not None
    (read_back,) = report.proposal.simulation.positions
    assert read_back.liquidity > 0
    assert [change.delta for change in report.proposal.simulation.changes if change.token_id is not None] == [1]
    loss = next(each for each in report.proposal.verdict.reports if each.rule == "value_loss")
    assert not loss.violated


def test_a_range_is_moved_in_one_batch(office: Office) -> None:
    execute(office, run(office))
    (held,) = see(office).positions
    pool = see(office).pool
    principal = held.principal(pool.sqrt_price)
    back = [token.amount(units) for token, units in zip((pool.token0, pool.token1), principal, strict=True)]
    deposits = tuple(units * 9 // 10 for units in principal)
    place = (held.lower - 600, held.upper + 600)
    expected = taken((deposits[0], deposits[1]), pool.sqrt_price, edges(*place))
    new = (pool.token0.amount(deposits[0]), pool.token1.amount(deposits[1]))
    moved = run(
        office,
        DecreaseLiquidity("uniswap_v3", held.token_id, held.lower, held.upper, held.liquidity, back[0], back[1]),
        CollectFees("uniswap_v3", held.token_id, back[0], back[1]),
        MintPosition("uniswap_v3", 3000, *place, *new, expected),
        nominal=1,
    )
    proposal = execute(office, moved)
    (now,) = see(office).positions
    assert (now.lower, now.upper) == place
    assert now.token_id != held.token_id
    (action,) = [each for each in office.desk.store.actions(NAME, 0) if "mint_position" in each.kinds][1:]
    assert action.kinds == ("decrease_liquidity", "collect_fees", "mint_position")
    assert not action.open
    assert office.stored(proposal).state is State.EXECUTED


def test_the_strategy_itself_moves_a_range_that_the_price_left_once_fees_pay_for_it(
    office: Office, running_world: RunningWorld
) -> None:
    """A calm token in a busy pool: its price rises with its feed, out of the range; fees say that following pays."""
    calm: dict[str, Any] = {"volatility": "5%", "fee_history": "1h", "horizon": "60d", "depth": "40000 USD"}
    execute(office, run(office, **calm))
    (held,) = see(office).positions
    assert run(office, nominal=1, **calm).proposal is None, "the first sample of fees is taken"
    trade(running_world, 12)
    swap_as_stranger(running_world, "WETH", "DAO", 3000, 45 * 10**18)
    _let_the_feed_follow(office)
    assert not held.is_in_range(see(office).pool.tick)
    moved = run(office, nominal=2, **calm)
    assert moved.proposal is not None, moved.detail
    assert [each.kind for each in moved.proposal.decision.operations] == [
        "decrease_liquidity",
        "collect_fees",
        "mint_position",
    ]
    execute(office, moved)
    (now,) = see(office).positions
    assert now.token_id != held.token_id and now.is_in_range(see(office).pool.tick)
    assert "moves of the range in the window" in {each.name for each in moved.proposal.decision.evidence}


def _let_the_feed_follow(office: Office) -> None:
    """The feed says what the pool says, and so does the pool's average after two hours."""
    pool = see(office).pool
    price = price_at_sqrt(pool.sqrt_price, 18, 18)  # WAD of token1 for one token0
    dao_in_weth = price if pool.token0.symbol == "DAO" else WAD * WAD // price
    set_feed_price(office.anvil, office.world, "DAO", 3_200 * 10**8 * dao_in_weth // WAD)
    office.anvil.advance(2 * HOUR)


def test_nothing_is_minted_while_the_pool_is_pushed(office: Office, running_world: RunningWorld) -> None:
    swap_as_stranger(running_world, "WETH", "DAO", 3000, 100 * 10**18)
    report = run(office)
    assert report.proposal is None
    assert "differ by" in report.detail


def test_an_approved_mint_does_not_execute_once_the_pool_is_pushed_whoever_sends_it(
    office: Office, running_world: RunningWorld
) -> None:
    report = run(office)
    assert report.proposal is not None and report.proposal.verdict.passed
    proposal = report.proposal.id
    office.tick()
    office.sign(proposal)
    swap_as_stranger(running_world, "WETH", "DAO", 3000, 100 * 10**18)
    with pytest.raises(DevnetError, match="revert"):
        office.submit_as_stranger(transaction_of(office.stored(proposal)))
    told = office.tick()
    assert office.state(proposal) is not State.EXECUTED, told
    assert see(office).positions == ()


def test_a_position_that_a_stranger_sent_does_not_decide_where_money_goes(
    office: Office, running_world: RunningWorld
) -> None:
    """The pool's first provider gives the Safe its position over all prices: nothing is added to it."""
    world, anvil = office.world, office.anvil
    manager = npm_artifact(running_world.toolchain.packages, "NonfungiblePositionManager")
    pool = world.pool("DAO", "WETH", 3000)
    given = []
    for number in range(1, 18):
        data = encode_call(manager, "positions", number)
        word = anvil.rpc("eth_call", {"to": world.position_manager, "data": data}, "latest")[2:]
        lower = int(word[5 * 64 : 6 * 64], 16)
        if lower >= 2**255 and 2**256 - lower == 887_220 and int(word[4 * 64 : 5 * 64], 16) == 3000:
            given.append(number)
    (number,) = given
    send(anvil, world.deployer, world.position_manager, manager, "transferFrom", world.deployer, world.safe, number)
    (gift,) = see(office).positions
    assert (gift.token_id, gift.pool) == (number, pool)
    report = run(office, depth="10000000 USD")
    operations = report.decision.operations if report.decision else ()
    assert not any(isinstance(each, IncreaseLiquidity) for each in operations), operations


def test_the_policy_refuses_to_fill_a_position_of_somebody_else(office: Office) -> None:
    execute(office, run(office))
    (held,) = see(office).positions
    pool = see(office).pool
    deposits = (10**18, 10**18)
    amounts = (pool.token0.amount(deposits[0]), pool.token1.amount(deposits[1]))
    neighbour, place = held.token_id - 1, (-887_220, 887_220)  # the last position of the pool's first provider
    expected = taken(deposits, pool.sqrt_price, edges(*place))
    stranger = IncreaseLiquidity("uniswap_v3", neighbour, *place, *amounts, expected)
    report = run(office, stranger, nominal=1)
    assert report.proposal is not None, report.detail
    assert report.proposal.simulation.success, "only the policy stands in the way"
    broken = {each.rule for each in report.proposal.verdict.reports if each.violated}
    assert "allowed_recipients" in broken
