"""The policy against the chain: what it accepts keeps every limit when it is executed, what it refuses breaks one."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from dao_bot.devnet.scenarios import set_feed_price
from dao_bot.domain.calls import Batch, WrappedTransaction
from dao_bot.domain.errors import Refused
from dao_bot.engine.examine import Examined, examine
from dao_bot.policy.facts import Move
from dao_bot.policy.rule import Rule
from tests.integration.app.crisis import trade_to
from tests.property.cycle.batches import HOUR, Case, Limits, cases, wrapped
from tests.property.cycle.measured import LONGEST, Feeds, State, broken, read_feeds, read_state, total
from tests.property.cycle.office import THIEF, Executed, Office

_MAKE_ONE_SIGNATURE_ENOUGH = "0x600160045500"


def rules_of(office: Office, limits: Limits) -> tuple[Rule, ...]:
    """The configured rules with these limits."""
    changed: dict[str, dict[str, Any]] = {
        "slippage": {"max": limits.slippage},
        "value_loss": {"max": limits.value_loss},
        "move_size": {"per_run": limits.per_run, "per_window": limits.per_window},
        "token_floor": {"tokens": {"USDC": limits.usdc_floor}},
    }
    made: list[Rule] = []
    for plugin in office.desk.config.rules:
        values: Any = plugin.settings.model_copy(update=changed.get(plugin.name, {}))
        if plugin.name == "token_cap":
            values = values.model_copy(update={"tokens": {**values.tokens, "USDC": limits.usdc_cap}})
        if plugin.name == "issuer_cap":
            circle = values.issuers["Circle"].model_copy(update={"max": limits.circle_cap})
            values = values.model_copy(update={"issuers": {**values.issuers, "Circle": circle}})
        made.append(plugin.kind(values))
    return tuple(made)


def change_the_weather(office: Office, weather: str) -> None:
    """Something happens in the world before the batch is looked at."""
    anvil, world = office.anvil, office.world
    if weather == "stale":
        set_feed_price(anvil, world, "DAI", 99990000, anvil.timestamp() - 26 * HOUR)
    if weather == "off":
        set_feed_price(anvil, world, "USDT", 98000000)
    if weather == "pushed":
        trade_to(office.running, "USDT", "USDC", 100, 0.985)


def judged(office: Office, case: Case, transaction: WrappedTransaction, now: int) -> tuple[set[str], Examined | None]:
    """Names of the rules that refuse it."""
    seen = office.look()
    services = replace(office.services, rules=rules_of(office, case.limits))
    batch = Batch(office.world.chain_id, office.world.safe, transaction, services.policy_hash, now + case.valid_for)
    dollars = office.services.treasury.tokens["DAI"]
    moves = [Move("0x1", "other", dollars, 1, case.moved_before, seen.block.timestamp - HOUR, False)]
    try:
        examined = examine(services, seen, batch, moves if case.moved_before else ())
    except Refused as error:
        assert "delegatecall" in str(error)
        return {"no_delegatecall"}, None
    return {report.rule for report in examined.verdict.violations}, examined


def try_later(office: Office, case: Case, transaction: WrappedTransaction, now: int) -> bool:
    """Whether the batch still works when it must not any more."""
    with office.undone():
        office.anvil.set_time(now + min(case.valid_for, LONGEST) + 1)
        return office.execute(transaction).success


def simulated_is_realised(office: Office, examined: Examined, before: State, after: State) -> None:
    """Every line of the card came true to the unit, and nothing appeared or vanished."""
    safe = office.world.safe
    for line in examined.holdings:
        symbol = None if line.token.is_native else line.token.symbol
        assert before.balances[safe, symbol] == line.before
        assert after.balances[safe, symbol] == line.expected
    for symbol in ("USDC", "USDT", "DAI", "LUSD", "DAO"):
        assert total(before, symbol) == total(after, symbol), symbol


def hold(office: Office, case: Case) -> set[str]:
    """The property for one case; names of the rules that refused it."""
    calm = read_feeds(office)
    change_the_weather(office, case.weather)
    office.anvil.rpc("anvil_setCode", THIEF, _MAKE_ONE_SIGNATURE_ENOUGH)
    feeds, now = read_feeds(office, calm), office.anvil.timestamp()
    transaction = wrapped(office, feeds.usd, case, now)
    named, examined = judged(office, case, transaction, now)
    lives_on = try_later(office, case, transaction, now)
    before = read_state(office)
    done = office.execute(transaction)
    after = read_state(office)
    if not named:
        assert done.success, "what is accepted can be executed"
    if not done.success:
        assert "simulation" in named or examined is None
        assert before == after, "all or nothing"
        return named
    if examined is not None and examined.simulation.success:
        simulated_is_realised(office, examined, before, after)
    _agree(office, case, feeds, named, (before, after, done), lives_on)
    return named


def _agree(
    office: Office, case: Case, feeds: Feeds, named: set[str], seen: tuple[State, State, Executed], lives_on: bool
) -> None:
    found = broken(office, case, feeds, *seen)
    if lives_on:
        found.add("deadline")
    if not feeds.usable():
        assert "price_quality" in named, "without prices nothing is allowed"
        return
    if case.wrapping == "delegatecall":
        assert named == {"no_delegatecall"} <= found
        assert "safe_unchanged" in found, "the contract took the Safe over"
        return
    assert named == found


def fuzz(office: Office, examples: int) -> tuple[Counter[str], list[bool]]:
    """How often each rule was named, and which cases were accepted."""
    counted: Counter[str] = Counter()
    accepted: list[bool] = []

    @settings(max_examples=examples, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(cases())
    def each(case: Case) -> None:
        with office.undone():
            named = hold(office, case)
        counted.update(named)
        accepted.append(not named)

    each()
    return counted, accepted


def test_accepted_batches_keep_every_limit_and_refused_ones_break_the_named_one(office: Office) -> None:
    _, accepted = fuzz(office, 60)
    assert sum(accepted) >= 0.3 * len(accepted), f"{sum(accepted)} of {len(accepted)} accepted"


@pytest.mark.chaos
def test_thousands_of_batches_and_every_rule(office: Office) -> None:
    counted, accepted = fuzz(office, 3_000)
    assert sum(accepted) >= 0.3 * len(accepted)
    assert set(counted) == {rule.name for rule in rules_of(office, Limits())}
