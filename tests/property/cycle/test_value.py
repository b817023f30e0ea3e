"""Value is neither lost nor made: what was simulated comes, and a moving market costs no more than was allowed."""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dao_bot.devnet.scenarios import swap_as_stranger
from dao_bot.domain.calls import Batch
from dao_bot.engine.examine import Examined, examine
from tests.examples import examples
from tests.property.cycle.batches import POOLS, STABLE, Case, Swap, fair, swaps, whole, wrapped
from tests.property.cycle.measured import State, read_feeds, read_state, total
from tests.property.cycle.office import Office

FUZZ = settings(max_examples=examples(15), deadline=None, database=None, suppress_health_check=list(HealthCheck))
batches = st.lists(swaps(), min_size=1, max_size=3, unique_by=lambda swap: swap.sell).map(tuple)


def accepted(office: Office, case: Case) -> tuple[Examined, Batch]:
    """The batch as the policy sees it, which it must allow."""
    seen = office.look()
    now = seen.block.timestamp
    transaction = wrapped(office, read_feeds(office).usd, case, now)
    batch = Batch(
        office.world.chain_id, office.world.safe, transaction, office.services.policy_hash, now + case.valid_for
    )
    examined = examine(office.services, seen, batch, ())
    assert examined.verdict.passed, examined.verdict.violations
    return examined, batch


def conserved(before: State, after: State) -> None:
    """Whoever gained, others lost as much."""
    assert {symbol: total(after, symbol) for symbol in STABLE} == {symbol: total(before, symbol) for symbol in STABLE}


@FUZZ
@given(batches)
def test_before_plus_changes_is_after_and_the_execution_brings_exactly_that(
    office: Office, made: tuple[Swap, ...]
) -> None:
    with office.undone():
        examined, batch = accepted(office, Case(made))
        before = read_state(office)
        assert office.execute(batch.transaction).success
        after = read_state(office)
        conserved(before, after)
        changes = {change.token: change.delta for change in examined.simulation.changes}
        for line in examined.holdings:
            symbol = None if line.token.is_native else line.token.symbol
            assert line.before == before.balances[office.world.safe, symbol]
            assert line.expected == line.before + changes.get(line.token.address, 0)
            assert line.expected == after.balances[office.world.safe, symbol]


@st.composite
def disturbances(draw: st.DrawFn) -> tuple[str, str, int]:
    """Somebody trades first: what they sell, buy, and how many whole tokens."""
    pair = sorted(draw(st.sampled_from(sorted(POOLS, key=sorted))))
    sell, buy = pair if draw(st.booleans()) else pair[::-1]
    return sell, buy, draw(st.sampled_from([1_000, 100_000, 2_000_000, 12_000_000, 30_000_000]))


@FUZZ
@given(batches, disturbances())
def test_whatever_others_trade_first_the_realised_loss_stays_within_what_was_allowed_or_nothing_moves(
    office: Office, made: tuple[Swap, ...], disturbance: tuple[str, str, int]
) -> None:
    sell, buy, amount = disturbance
    with office.undone():
        _, batch = accepted(office, Case(made))
        prices = read_feeds(office).usd
        swap_as_stranger(office.running, sell, buy, POOLS[frozenset((sell, buy))], whole(office, sell, amount))
        before = read_state(office)
        done = office.execute(batch.transaction)
        after = read_state(office)
        conserved(before, after)
        if not done.success:
            assert after == before, "all or nothing"
            return
        safe = office.world.safe
        least = {symbol: 0 for symbol in STABLE}
        for swap in made:
            least[swap.buy] += fair(office, prices, swap) * (10_000 - swap.accepted) // 10_000
            least[swap.sell] -= whole(office, swap.sell, swap.units)
        for symbol, units in least.items():
            assert after.balances[safe, symbol] - before.balances[safe, symbol] >= units
