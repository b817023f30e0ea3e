"""Sources that config combines: the larger over one thing, the sum over different ones, the smaller with an age."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, ClassVar

import pytest

from dao_bot.chain.plan import Answer, Plan
from dao_bot.domain.errors import BadInput
from dao_bot.domain.hashing import canonical_json
from dao_bot.domain.runs import Block
from dao_bot.plugins import find, names
from governance.ballots.errors import InvalidVote
from governance.power.balance import Balance, BalanceSettings
from governance.power.erc20_votes import Erc20Votes, Erc20VotesSettings
from governance.power.errors import InvalidPowerSource, PowerUnreadable
from governance.power.fixed_list import FixedList, FixedListSettings
from governance.power.nft import Nft, NftSettings
from governance.power.role import Role, RoleSettings
from governance.power.source import ENTRY_POINTS, Moment, PowerSource
from governance.power.staked import Staked, StakedSettings
from governance.power.tier import PowerSnapshot, Tier, power_snapshot_from_record, take_snapshot

DAY = 86_400
NOW = 1_800_000_000
BLOCK, EARLIER = Block(1, 100, "0x" + "11" * 32, NOW), Block(1, 50, "0x" + "22" * 32, NOW - 7 * DAY)
TOKEN = "0x9D85ca56217D2bb651b00f15e694EB7E713637D4"
ANN, BOB = "0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf", "0x2B5AD5c4795c026514f8317c7a215E218DcCD6cF"


class Told:
    """A source that answers what it was told, by block."""

    name: ClassVar[str] = "told"
    unit: Any = "token"

    def __init__(self, over: str, by_block: dict[int, tuple[int, ...]]) -> None:
        self.over = over
        self._powers = by_block

    def read(self, voters: Sequence[str], moment: Moment) -> Plan[tuple[int, ...]]:
        yield from ()
        return self._powers[moment.block.number]


def read(block: Block, plans: Sequence[Plan[Any]]) -> list[Any]:
    """Plans that read nothing."""
    results = []
    for plan in plans:
        with pytest.raises(StopIteration) as end:
            next(plan)
        results.append(end.value.value)
    return results


def snapshot(
    *sources: PowerSource, age: int = 0, earlier: Block | None = None, **roles: frozenset[str]
) -> PowerSnapshot:
    tier = Tier("members", sources, age)
    return take_snapshot(read, tier, (ANN, BOB), Moment(BLOCK, roles), before=NOW + 1, earlier=earlier)


def test_two_sources_over_one_token_give_the_larger_never_the_sum() -> None:
    taken = snapshot(Told("DAO", {100: (5, 7)}), Told("DAO", {100: (6, 2)}))
    assert (taken.of(ANN), taken.of(BOB)) == (6, 7)


def test_sources_over_different_tokens_add_up() -> None:
    taken = snapshot(Told("DAO", {100: (5, 7)}), Told("DAO", {100: (6, 2)}), Told("GOV", {100: (1, 1)}))
    assert (taken.of(ANN), taken.of(BOB)) == (7, 8)


def test_with_a_minimum_age_the_smaller_of_both_blocks_counts() -> None:
    source = Told("DAO", {100: (5, 7), 50: (9, 0)})
    taken = snapshot(source, age=7 * DAY, earlier=EARLIER)
    assert (taken.of(ANN), taken.of(BOB), taken.earlier) == (5, 0, 50)


def test_who_stakes_what_it_held_keeps_its_age() -> None:
    held, staked = Told("DAO", {50: (9, 0), 100: (0, 0)}), Told("DAO", {50: (0, 0), 100: (9, 0)})
    assert snapshot(held, staked, age=7 * DAY, earlier=EARLIER).of(ANN) == 9


@pytest.mark.parametrize("earlier", [None, Block(1, 60, "0x", NOW - 7 * DAY + 1), BLOCK])
def test_a_minimum_age_needs_a_block_that_is_old_enough(earlier: Block | None) -> None:
    with pytest.raises(InvalidPowerSource, match="held for"):
        snapshot(Told("DAO", {100: (1, 1)}), age=7 * DAY, earlier=earlier)


def test_power_is_read_at_a_block_before_the_proposal_existed() -> None:
    tier = Tier("members", (Told("DAO", {100: (1, 1)}),))
    with pytest.raises(InvalidPowerSource, match="before the proposal"):
        take_snapshot(read, tier, (ANN, BOB), Moment(BLOCK), before=NOW)


def test_units_are_not_mixed_in_one_tier() -> None:
    nft = Nft(NftSettings(collection=TOKEN))
    with pytest.raises(InvalidPowerSource, match="one thing"):
        Tier("mixed", (nft, Balance(BalanceSettings(token=TOKEN, decimals=18))))
    with pytest.raises(InvalidPowerSource, match="one thing"):
        Tier("none", ())
    assert Tier("nft", (nft,)).sources == (nft,)


def test_a_list_gives_what_is_written_down_and_nobody_else_anything() -> None:
    settings = FixedListSettings(list="founders", power={ANN.lower(): "1.5", "seat 7": "0.000001"})
    taken = snapshot(FixedList(settings))
    assert (taken.of(ANN), taken.of(ANN.upper()), taken.of(BOB)) == (1_500_000, 1_500_000, 0)


@pytest.mark.parametrize("text", ["-1", "1e3", "1.0000001", "", "01", "1,5", "nan"])
def test_power_in_a_list_is_a_plain_number(text: str) -> None:
    with pytest.raises(ValueError, match="power"):
        FixedListSettings(list="founders", power={ANN: text})


def test_a_role_gives_one_vote_to_each_holder_and_an_unset_role_to_nobody() -> None:
    role = Role(RoleSettings(role="stewards"))
    assert snapshot(role, stewards=frozenset({BOB})).power == {ANN.lower(): 0, BOB.lower(): 1_000_000}
    assert snapshot(role, others=frozenset({BOB})).power == {ANN.lower(): 0, BOB.lower(): 0}


def test_a_voter_named_twice_counts_once() -> None:
    role = Tier("stewards", (Role(RoleSettings(role="stewards")),))
    moment = Moment(BLOCK, {"stewards": frozenset({ANN})})
    assert take_snapshot(read, role, (ANN, ANN.lower(), ANN), moment, before=NOW + 1).power == {ANN.lower(): 1_000_000}


def test_the_record_gives_the_same_snapshot_again() -> None:
    taken = snapshot(Told("DAO", {100: (2**60, 7)}))
    assert power_snapshot_from_record(json.loads(canonical_json(taken.record()))) == taken
    with pytest.raises(InvalidPowerSource):
        power_snapshot_from_record({"tier": "x"})


def test_power_that_cannot_be_counted_is_refused() -> None:
    with pytest.raises(InvalidVote):
        snapshot(Told("DAO", {100: (2**62, 0)}), Told("GOV", {100: (2**62, 0)}))


def test_every_source_is_installed_and_has_settings() -> None:
    installed = names(ENTRY_POINTS)
    assert set(installed) >= {"balance", "erc20-votes", "fixed-list", "nft", "role", "staked"}
    for name in installed:
        assert find(ENTRY_POINTS, name).name == name


@pytest.mark.parametrize(
    ("function", "arguments"),
    [
        ("stake_of(address,uint256)", ["wallet"]),
        ("stake_of(address,uint256)", ["1", "wallet"]),
        ("stake_of(address,uint256)", ["wallet", "0x1"]),
        ("stake_of(address)", [ANN]),
        ("stake_of(bytes)", ["wallet"]),
        ("stake_of", ["wallet"]),
    ],
)
def test_a_view_function_that_does_not_fit_its_arguments_is_refused(function: str, arguments: list[str]) -> None:
    settings = {"contract": TOKEN, "token": TOKEN, "decimals": 18, "function": function, "arguments": arguments}
    with pytest.raises(ValueError, match="arguments|is no |not a function|takes a"):
        StakedSettings.model_validate(settings)


def word(number: int) -> Answer:
    return Answer(True, number.to_bytes(32, "big"))


def text(value: str) -> Answer:
    return Answer(True, (32).to_bytes(32, "big") + len(value).to_bytes(32, "big") + value.encode().ljust(64, b"\0"))


def votes(clock: Answer, mode: Answer, decimals: int = 18, answer: Answer | None = None) -> tuple[int, int]:
    """(time asked for, power) of Ann with such a token."""
    plan = Erc20Votes(Erc20VotesSettings(token=TOKEN, decimals=18)).read((ANN,), Moment(BLOCK))
    next(plan)
    (asked,) = plan.send([word(decimals), clock, mode])
    with pytest.raises(StopIteration) as end:
        plan.send([answer or word(3 * 10**18 + 10**12 - 1)])
    return int.from_bytes(asked.data[36:], "big"), end.value.value[0]


FAILED = Answer(False, b"")


@pytest.mark.parametrize(
    ("clock", "mode", "asked"),
    [
        (word(100), text("mode=blocknumber&from=default"), 99),
        (word(NOW), text("mode=timestamp"), NOW - 1),
        (word(40), text("mode=blocknumber&from=eip155:1"), 39),
        (FAILED, FAILED, 99),
        (word(100), FAILED, 99),
    ],
)
def test_votes_are_read_at_the_last_past_time_of_the_tokens_clock(clock: Answer, mode: Answer, asked: int) -> None:
    assert votes(clock, mode) == (asked, 3_000_000)


@pytest.mark.parametrize(
    ("clock", "mode"),
    [
        (word(101), text("mode=blocknumber&from=default")),
        (word(0), text("mode=blocknumber&from=default")),
        (word(NOW + 1), text("mode=timestamp")),
        (word(NOW - 1), text("mode=timestamp")),
        (word(NOW), FAILED),
        (word(100), text("mode=moon")),
    ],
)
def test_a_token_whose_clock_lies_is_refused(clock: Answer, mode: Answer) -> None:
    with pytest.raises(InvalidPowerSource, match="clock"):
        votes(clock, mode)


def test_a_token_with_other_decimals_and_a_failing_read_are_refused() -> None:
    with pytest.raises(InvalidPowerSource, match="decimals"):
        votes(word(100), FAILED, decimals=6)
    with pytest.raises(PowerUnreadable, match=ANN):
        votes(word(100), FAILED, answer=FAILED)


def test_a_seat_holds_no_tokens() -> None:
    plan = Balance(BalanceSettings(token=TOKEN, decimals=18)).read(("seat 7",), Moment(BLOCK))
    next(plan)
    with pytest.raises(BadInput, match="not an address"):
        plan.send([word(18)])


def test_sources_over_the_same_token_know_it() -> None:
    settings: dict[str, Any] = {"token": TOKEN, "decimals": 18}
    staked = StakedSettings.model_validate({**settings, "contract": ANN, "function": "stakedOf(address)"})
    sources = (Balance(BalanceSettings(**settings)), Erc20Votes(Erc20VotesSettings(**settings)), Staked(staked))
    assert {source.over for source in sources} == {TOKEN}
