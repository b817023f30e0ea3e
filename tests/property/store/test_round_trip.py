"""Whatever a proposal holds, it is read back equal: what people approved is what the keeper gets."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dao_bot.domain.addresses import checksum
from dao_bot.domain.calls import Argument, Batch, Call, DecodedCall, WrappedTransaction
from dao_bot.domain.decisions import BindingConstraint, Decision, Evidence, Memory
from dao_bot.domain.operations import Swap, Transfer
from dao_bot.domain.proposals import Approval, HoldingLine, Outcome, Proposal
from dao_bot.domain.runs import Block, RunId
from dao_bot.domain.simulation import Simulation
from dao_bot.domain.tokens import Amount, Token
from dao_bot.domain.verdict import Verdict
from dao_bot.store.codec import Codec
from tests.examples import examples

UINT256 = st.integers(0, 2**256 - 1)
ANY_INT = st.integers(-(2**300), 2**300)
FLOATS = st.floats(allow_nan=False, allow_infinity=False)
ADDRESSES = st.binary(min_size=20, max_size=20).map(checksum)
HASHES = st.binary(min_size=32, max_size=32).map(lambda raw: "0x" + raw.hex())
TEXT = st.text(st.characters(), max_size=20)
SCALARS = st.one_of(st.none(), st.booleans(), ANY_INT, FLOATS, TEXT, st.binary(max_size=8))
KEYS = st.one_of(TEXT, st.sampled_from(["$tuple", "$bytes", "$mapping"]))
FREE: st.SearchStrategy[Any] = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.lists(inner, max_size=3).map(tuple), st.dictionaries(KEYS, inner, max_size=3)
    ),
    max_leaves=8,
)
MAPPINGS: st.SearchStrategy[Mapping[str, object]] = st.dictionaries(KEYS, FREE, max_size=3)
TOKENS = st.builds(Token, st.integers(1, 2**60), ADDRESSES, TEXT, st.integers(0, 30))
AMOUNTS = st.builds(Amount, TOKENS, ANY_INT)
CALLS = st.builds(Call, ADDRESSES, st.binary(max_size=40), UINT256)
OPERATIONS = st.one_of(st.builds(Swap, AMOUNTS, TOKENS, UINT256, TEXT, TEXT), st.builds(Transfer, AMOUNTS, ADDRESSES))
DECISIONS = st.builds(
    Decision,
    operations=st.lists(OPERATIONS, max_size=2).map(tuple),
    reason=TEXT,
    summary=st.lists(TEXT, max_size=3).map(tuple),
    evidence=st.lists(st.builds(Evidence, TEXT, st.one_of(FLOATS, ANY_INT, TEXT), TEXT), max_size=2).map(tuple),
    binding=st.lists(st.builds(BindingConstraint, TEXT, FLOATS, TEXT), max_size=2).map(tuple),
    memory=st.none() | st.builds(Memory, st.integers(0, 9), MAPPINGS),
    wake_at=st.none() | st.integers(0, 2**40),
    urgent=st.booleans(),
)
DECODED = st.builds(
    DecodedCall,
    call=CALLS,
    arguments=st.lists(st.builds(Argument, TEXT, TEXT, FREE), max_size=2).map(tuple),
    recipients=st.lists(ADDRESSES, max_size=2).map(tuple),
    spends=st.lists(st.tuples(ADDRESSES, UINT256), max_size=2).map(tuple),
    approves=st.none() | st.tuples(ADDRESSES, ADDRESSES, UINT256),
    minimum=st.none() | st.tuples(ADDRESSES, UINT256, ADDRESSES, UINT256),
)
BATCHES = st.builds(
    Batch,
    chain_id=UINT256,
    safe=ADDRESSES,
    transaction=st.builds(WrappedTransaction, to=ADDRESSES, value=UINT256),
    policy_hash=HASHES,
    valid_until=UINT256,
)
PROPOSALS = st.builds(
    Proposal,
    run=st.builds(RunId, TEXT, st.integers(0, 2**40)),
    block=st.builds(Block, hash=HASHES),
    batch=BATCHES,
    calls=st.lists(CALLS, max_size=2).map(tuple),
    decoded=st.lists(DECODED, max_size=2).map(tuple),
    decision=DECISIONS,
    holdings=st.lists(st.from_type(HoldingLine), max_size=1).map(tuple),
    simulation=st.from_type(Simulation),
    verdict=st.from_type(Verdict),
    labels=st.dictionaries(ADDRESSES, TEXT, max_size=2),
)
CODEC = Codec()
SLOW = settings(
    max_examples=examples(30), deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)


def there_and_back(value: Any, type_: Any) -> None:
    text = CODEC.encode(value, type_)
    back = CODEC.decode(text, type_)
    assert back == value
    assert CODEC.encode(back, type_) == text


@SLOW
@given(PROPOSALS)
def test_a_proposal_is_read_back_equal_with_the_same_id(proposal: Proposal) -> None:
    there_and_back(proposal, Proposal)
    assert CODEC.decode(CODEC.encode(proposal, Proposal), Proposal).id == proposal.id


@SLOW
@given(DECISIONS)
def test_a_decision_is_read_back_equal(decision: Decision) -> None:
    there_and_back(decision, Decision)


@SLOW
@given(
    st.builds(
        Outcome,
        realised=st.lists(st.tuples(TOKENS, ANY_INT), max_size=2).map(tuple),
        expected=st.lists(st.tuples(TOKENS, ANY_INT), max_size=2).map(tuple),
    )
)
def test_an_outcome_is_read_back_equal(outcome: Outcome) -> None:
    there_and_back(outcome, Outcome)


@SLOW
@given(st.builds(Approval, HASHES, MAPPINGS, UINT256))
def test_an_approval_is_read_back_equal(approval: Approval) -> None:
    there_and_back(approval, Approval)


@SLOW
@given(FREE)
def test_a_value_without_a_type_is_read_back_equal_and_of_the_same_type(value: Any) -> None:
    back = CODEC.decode_free(CODEC.encode(value))
    assert back == value
    assert type(back) is type(value)
