"""What holds for any events: one by one equals the batch, splitting gains nothing, no look-ahead, budgets hold."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dao_bot.domain.columns import FixedBytes
from dao_bot.domain.errors import BadInput
from strategies.curation.allocation import split
from strategies.curation.conviction import DAY, Clock, Conviction, Running, batch
from strategies.curation.protocol import Choices, expected_places, judge
from strategies.curation.reading import coded
from strategies.curation.stakes import Kind, Log
from strategies.curation.tastes import forecast
from strategies.curation.trust import Model, trust
from strategies.curation.voices import Rules, Voices, voices
from tests.examples import examples

NOW = 400 * DAY
WALLETS, WORKS = 6, 8

changes = st.lists(
    st.tuples(
        st.integers(0, NOW),
        st.integers(0, WALLETS - 1),
        st.integers(0, WORKS - 1),
        st.floats(0.001, 1e6),
        st.booleans(),
    ),
    max_size=60,
)


def made(rows: list[tuple[int, int, int, float, bool]]) -> Log:
    """In the order of time; what would be unstaked takes at most half of what is there."""
    locked: dict[tuple[int, int], float] = {}
    kept = []
    for time, wallet, work, amount, back in sorted(rows):
        there = locked.get((wallet, work), 0.0)
        taken = min(amount, there / 2) if back else 0.0
        locked[wallet, work] = there - taken if back else there + amount
        kept.append((time, wallet, work, Kind.UNSTAKE if back else Kind.STAKE, taken if back else amount))
    count = len(kept)
    return Log(
        np.array([row[0] for row in kept], np.int64),
        np.array([row[1] for row in kept], np.int64),
        np.array([row[2] for row in kept], np.int64),
        np.array([row[3] for row in kept], np.int8),
        np.array([row[4] for row in kept], np.float64),
        np.full(count, -1),
        np.arange(count),
    )


def one_by_one(log: Log, now: int) -> Conviction:
    running = Running(Clock())
    rows = zip(log.time.tolist(), log.wallet.tolist(), log.work.tolist(), log.signed.tolist(), strict=True)
    for number, row in enumerate(rows):
        running.add(*row)
        if number % 1_000 == 17:
            running.at(row[0])  # asking in between changes nothing
    return running.at(now)


@given(changes)
def test_one_event_at_a_time_equals_the_batch(rows: list[tuple[int, int, int, float, bool]]) -> None:
    log = made(rows)
    found, wanted = one_by_one(log, NOW), batch(log, Clock(), NOW)
    scale = max(float(log.amount.max()) if len(log) else 0.0, 1.0)
    assert found.wallet.tolist() == wanted.wallet.tolist() and found.work.tolist() == wanted.work.tolist()
    assert found.holder.tolist() == wanted.holder.tolist()
    for one, other in ((found.value, wanted.value), (found.locked, wanted.locked), (found.standing, wanted.standing)):
        np.testing.assert_allclose(one, other, rtol=1e-9, atol=1e-9 * scale)


def test_ten_thousand_events_one_at_a_time_equal_the_batch() -> None:
    rng = np.random.default_rng(0)
    rows = [
        (int(t), int(w), int(k), float(a), bool(b))
        for t, w, k, a, b in zip(
            rng.integers(0, NOW, 10_000),
            rng.integers(0, 500, 10_000),
            rng.integers(0, 200, 10_000),
            rng.pareto(1.2, 10_000) + 0.1,
            rng.random(10_000) < 0.2,
            strict=True,
        )
    ]
    log = made(rows)
    found, wanted = one_by_one(log, NOW), batch(log, Clock(), NOW)
    assert np.abs(found.value - wanted.value).max() / wanted.value.max() < 1e-9
    assert np.abs(found.standing - wanted.standing).max() / wanted.standing.max() < 1e-9


def test_an_older_event_and_an_older_question_are_errors() -> None:
    running = Running(Clock())
    running.add(100, 0, 0, 1.0)
    with pytest.raises(BadInput, match="older"):
        running.add(99, 0, 0, 1.0)
    with pytest.raises(BadInput, match="newer"):
        running.at(50)
    with pytest.raises(BadInput, match="more was unstaked"):
        running.add(101, 0, 0, -2.0)


def spoken(log: Log, wallets: int) -> Voices:
    return voices(batch(log, Clock(), NOW), np.full(wallets, -1), WORKS, Rules())


@given(changes, st.integers(2, 40), st.integers(0, WALLETS - 1))
def test_a_wallet_that_splits_gains_nothing(
    rows: list[tuple[int, int, int, float, bool]], parts: int, wallet: int
) -> None:
    log = made(rows)
    copies = np.where(log.wallet == wallet, parts, 1)
    row = np.repeat(np.arange(len(log)), copies)
    part = np.concatenate([np.arange(count) for count in copies]) if len(log) else np.zeros(0, np.int64)
    divided = replace(
        log.where(row),
        wallet=np.where(part > 0, WALLETS + part, log.wallet[row]).astype(np.int64),
        amount=log.amount[row] / copies[row],
        event=np.arange(len(row)),
    )
    whole, split_up = spoken(log, WALLETS), spoken(divided, WALLETS + parts)
    scale = max(float(log.amount.sum()), 1.0)
    np.testing.assert_allclose(split_up.total, whole.total, rtol=1e-7, atol=1e-9 * scale)


@given(changes)
def test_no_work_has_more_than_its_cap_and_voices_add_up(rows: list[tuple[int, int, int, float, bool]]) -> None:
    identity = np.array([0, 0, 1, 2, -1, -1])
    found = voices(batch(made(rows), Clock(), NOW), identity, WORKS, Rules())
    whole = float(found.total.sum())
    backed = int((found.total > 0).sum())
    assert float(found.total.max()) <= max(0.1, 2 / max(backed, 1)) * whole * (1 + 1e-9) + 1e-300
    np.testing.assert_allclose(np.bincount(found.work, found.value, WORKS), found.total, rtol=1e-9, atol=1e-12)


def test_the_root_is_taken_of_a_proven_identity_and_not_of_each_of_its_wallets() -> None:
    rows = [(0, wallet, 0, 400.0, False) for wallet in range(4)] + [(0, 5, work, 400.0, False) for work in range(1, 8)]
    log = made(rows)
    four = voices(batch(log, Clock(), NOW), np.array([0, 0, 0, 0, -1, -1]), WORKS, Rules(work_cap=1.0))
    alone = voices(batch(log, Clock(), NOW), np.array([0, 1, 2, 3, -1, -1]), WORKS, Rules(work_cap=1.0))
    assert four.total[0] == pytest.approx(400.0, rel=1e-3)  # sqrt(1600 x 100)
    assert alone.total[0] == pytest.approx(800.0, rel=1e-3)  # four people: 4 sqrt(400 x 100)


@given(
    st.integers(0, 10**30),
    st.lists(st.tuples(st.floats(0, 1e12), st.integers(0, 4), st.integers(0, 10**30)), max_size=12),
)
def test_a_split_never_passes_the_budget_or_a_cap(budget: int, rows: list[tuple[float, int, int]]) -> None:
    recipients = [str(recipient) for _, recipient, _ in rows]
    caps = {str(recipient): cap for _, recipient, cap in rows}
    units = split(budget, [weight for weight, _, _ in rows], recipients, caps)
    assert sum(units) <= budget and all(type(each) is int and each >= 0 for each in units)
    for recipient, cap in caps.items():
        assert sum(each for each, who in zip(units, recipients, strict=True) if who == recipient) <= cap


@settings(max_examples=examples(20))
@given(st.lists(st.integers(0, 20), min_size=1, max_size=200))
def test_codes_of_addresses_stand_for_the_same_addresses(numbers: list[int]) -> None:
    raw = np.frombuffer(b"".join(number.to_bytes(20, "big") for number in numbers), np.uint8).reshape(-1, 20)
    values, rows = coded(FixedBytes(raw))
    assert [values[row] for row in rows.tolist()] == [number.to_bytes(20, "big") for number in numbers]
    assert len(values) == len(set(numbers))


def test_what_happens_after_a_cutoff_changes_no_ranking_made_at_it_and_changes_later_ones() -> None:
    rng = np.random.default_rng(0)
    time = np.sort(rng.integers(0, NOW, 600))
    choices = Choices(time, rng.integers(0, 40, 600), rng.integers(0, WORKS, 600), WORKS)
    moment = 200 * DAY
    changed = replace(choices, work=np.where(time < moment, choices.work, (choices.work + 1) % WORKS))
    everyone = np.arange(40)

    def ranked(given: Choices, cutoff: int) -> bytes:
        return forecast(given.between(0, cutoff), cutoff, everyone).tobytes()

    assert ranked(choices, moment) == ranked(changed, moment)
    assert ranked(choices, moment + 60 * DAY) != ranked(changed, moment + 60 * DAY)


def test_the_ranking_that_moves_money_does_not_look_ahead() -> None:
    rng = np.random.default_rng(1)
    rows = [(int(t), int(rng.integers(6)), int(rng.integers(8)), 5.0, False) for t in rng.integers(0, NOW, 300)]
    log = made(rows)
    moment = 200 * DAY
    changed = replace(log, work=np.where(log.time < moment, log.work, (log.work + 1) % WORKS))
    model = Model(np.full(WALLETS, -1), WORKS, Clock(), Rules(), 0.1)
    assert model.appeal(log, moment).tobytes() == model.appeal(changed, moment).tobytes()
    assert model.appeal(log, moment + 60 * DAY).tobytes() != model.appeal(changed, moment + 60 * DAY).tobytes()


def test_equal_scores_are_judged_as_a_random_order_is_on_average() -> None:
    discounts, hits = expected_places(np.zeros((1, 20)))
    assert hits[0].tolist() == pytest.approx([0.5] * 20)
    assert discounts[0].sum() == pytest.approx(sum(1 / np.log2(place + 1) for place in range(1, 11)))


def test_a_ranking_that_knows_the_future_is_judged_perfect() -> None:
    time = np.arange(0, 200) * DAY
    choices = Choices(time, np.arange(200) % 5, np.where(np.arange(200) % 2, 3, 4), 5)
    judged = judge(choices, {"seer": lambda past, cutoff, wallets: np.array([0.0, 0.0, 0.0, 1.0, 1.0])})
    assert len(judged.wallet) and judged.recall["seer"].min() == 1.0 and judged.ndcg["seer"].min() > 0.8


def test_a_policy_that_follows_what_is_kept_is_worth_more_off_policy() -> None:
    rng = np.random.default_rng(2)
    rows = [(int(t), int(rng.integers(200)), int(rng.integers(8)), 5.0) for t in np.sort(rng.integers(0, NOW, 3_000))]
    staked = made([(*row, False) for row in rows])
    # whoever stakes on an odd work takes it back within a week
    gone = staked.where(staked.work % 2 == 1)
    back = replace(gone, time=gone.time + 5 * DAY, kind=np.full(len(gone), Kind.UNSTAKE, np.int8))
    both = [np.concatenate([getattr(staked, name), getattr(back, name)]) for name in Log.__slots__]
    order = np.argsort(both[0], kind="stable")
    log = replace(Log(*(column[order] for column in both)), event=np.arange(len(order)))
    kept = trust(log, Model(np.full(200, -1), WORKS, Clock(), Rules(), 0.1), NOW + 40 * DAY, 0).kept
    assert kept["equal weight"].reward.mean == pytest.approx(0.5, abs=0.05)
    assert kept["curation"].reward.low > kept["equal weight"].reward.high
