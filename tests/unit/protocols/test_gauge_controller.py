"""Votes on gauges: only configured ones, only in the one encoding, and what the controller tells is checked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from dao_bot.chain.abi import encode, function
from dao_bot.chain.plan import Answer, Read
from dao_bot.chain.provider import ReadContext, Treasury
from dao_bot.domain.addresses import Address, checksum
from dao_bot.domain.calls import Call, DecodedCall
from dao_bot.domain.errors import BadInput, ChainError
from dao_bot.domain.gauges import GaugeVote, GaugeVotes, GaugeWeights, VoteForGauge
from dao_bot.policy.rules.allowed_targets import AllowedTargets, AllowedTargetsParams
from dao_bot.protocols.gauge_controller import VOTE, GaugeController, GaugeControllerSettings
from dao_bot.protocols.port import EncodeContext
from tests.property.policy.violations import tame_facts, with_extra_call

CONTROLLER, DUSK, TIDE, STRANGER = (checksum(bytes([0x70 + number]) * 20) for number in range(4))
DAY = 86_400
VOTED_AT = 1_699_000_000
POWER, SLOPES, LAST_VOTE = (
    function(signature).selector
    for signature in (
        "vote_user_power(address)",
        "vote_user_slopes(address,address)",
        "last_user_vote(address,address)",
    )
)


@pytest.fixture
def gauges(treasury: Treasury) -> GaugeController:
    settings = {"controller": CONTROLLER, "gauges": {"Dusk": DUSK, "Tide": TIDE}}
    return GaugeController(GaugeControllerSettings.model_validate(settings), treasury)


def vote(gauge: Address, weight: int, to: Address = CONTROLLER) -> Call:
    return Call(to, VOTE.encode(gauge, weight))


@pytest.mark.parametrize("weight", [0, 1, 10_000])
def test_a_vote_is_read_back_as_it_was_encoded(
    gauges: GaugeController, encode_context: EncodeContext, weight: int
) -> None:
    (call,) = gauges.encode(VoteForGauge(DUSK, weight), encode_context)
    decoded = gauges.decode(call)
    assert decoded is not None
    assert decoded.function == "vote_for_gauge_weights(address,uint256)"
    assert [argument.value for argument in decoded.arguments] == [DUSK, weight]
    assert decoded.summary == f"Vote {weight / 100:.2f}% of the voting power for the gauge Dusk"
    assert not (decoded.spends or decoded.recipients or decoded.approves)


@pytest.mark.parametrize(
    ("operation", "message"),
    [
        (VoteForGauge(STRANGER, 1), "not configured"),
        (VoteForGauge(DUSK, 10_001), "not a weight"),
        (VoteForGauge(DUSK, -1), "not a weight"),
    ],
)
def test_what_no_voter_can_mean_is_not_encoded(
    gauges: GaugeController, encode_context: EncodeContext, operation: VoteForGauge, message: str
) -> None:
    with pytest.raises(BadInput, match=message):
        gauges.encode(operation, encode_context)


FOREIGN = [
    vote(STRANGER, 100),
    vote(DUSK, 10_001),
    vote(DUSK, 100, STRANGER),
    replace(vote(DUSK, 100), value=1),
    replace(vote(DUSK, 100), data=vote(DUSK, 100).data + b"\0"),
    replace(vote(DUSK, 100), data=b"\x01\x02\x03\x04" + vote(DUSK, 100).data[4:]),
    Call(CONTROLLER, b""),
]


@pytest.mark.parametrize("call", FOREIGN)
def test_everything_but_a_vote_on_a_configured_gauge_is_unknown_and_the_policy_refuses_it(
    gauges: GaugeController, call: Call
) -> None:
    assert gauges.decode(call) is None
    assert _refused(gauges, DecodedCall(call, "unknown", None, (), "unknown call"))


def test_the_policy_lets_a_vote_on_a_configured_gauge_pass(gauges: GaugeController) -> None:
    decoded = gauges.decode(vote(TIDE, 2_500))
    assert decoded is not None and not _refused(gauges, decoded)


def _refused(gauges: GaugeController, decoded: DecodedCall) -> bool:
    facts = with_extra_call(tame_facts(), decoded)
    labels = {address: label for address, (label, _) in gauges.contracts.items()}
    facts = replace(facts, contracts={**facts.contracts, **labels})
    return any(report.violated for report in AllowedTargets(AllowedTargetsParams()).check(facts))


def telling(used: int, dusk: int, tide: int) -> Callable[[Read], Answer]:
    """A controller at which the Safe voted for Dusk alone, at `VOTED_AT`."""

    def answer(read: Read) -> Answer:
        is_dusk = bytes.fromhex(DUSK[2:]) in read.data
        told: dict[bytes, tuple[int, ...]] = {
            POWER: (used,),
            SLOPES: (7, dusk if is_dusk else tide, VOTED_AT + 700 * DAY),
            LAST_VOTE: (VOTED_AT if is_dusk else 0,),
        }
        values = told[read.data[:4]]
        return Answer(read.to == CONTROLLER, encode(("uint256",) * len(values), values))

    return answer


def test_votes_are_read_in_one_round_with_when_they_may_be_changed(
    gauges: GaugeController, context: ReadContext, answered: Any
) -> None:
    (provider,) = gauges.providers
    found = answered(provider.read(GaugeVotes(), context), telling(6_000, 4_000, 0))
    assert found == GaugeWeights(6_000, {DUSK: GaugeVote(4_000, VOTED_AT + 10 * DAY), TIDE: GaugeVote(0, 0)})


@pytest.mark.parametrize(("used", "dusk", "tide"), [(10_001, 0, 0), (5_000, 4_000, 2_000), (0, 1, 0)])
def test_a_controller_that_contradicts_itself_stops_the_run(
    gauges: GaugeController, context: ReadContext, answered: Any, used: int, dusk: int, tide: int
) -> None:
    (provider,) = gauges.providers
    with pytest.raises(ChainError, match="contradict"):
        answered(provider.read(GaugeVotes(), context), telling(used, dusk, tide))


def test_a_contract_that_is_no_controller_stops_the_run(
    gauges: GaugeController, context: ReadContext, answered: Any
) -> None:
    (provider,) = gauges.providers
    with pytest.raises(ChainError, match="cannot be read"):
        answered(provider.read(GaugeVotes(), context), lambda _read: Answer(False, b""))


@pytest.mark.parametrize("gauges_named", [{}, {"Dusk": DUSK, "Again": DUSK}])
def test_settings_that_mean_nothing_are_refused(gauges_named: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="gauge"):
        GaugeControllerSettings.model_validate({"controller": CONTROLLER, "gauges": gauges_named})
