"""Ballots signed as Snapshot's are: equal to eth_account's encoding, bound to one ballot, or refused in words."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from eth_account import Account
from eth_account.messages import _hash_eip191_message, encode_typed_data

from dao_bot.chain.plan import Answer
from dao_bot.domain.addresses import Address
from dao_bot.domain.hashing import canonical_json
from governance.ballots.approval import Approval
from governance.ballots.ballot import Ballot
from governance.ballots.errors import InvalidChoice
from governance.ballots.for_against import ForAgainst
from governance.ballots.method import Method
from governance.ballots.quadratic import Quadratic
from governance.ballots.ranked_choice import RankedChoice
from governance.ballots.single_choice import SingleChoice
from governance.ballots.tally import tally
from governance.ballots.weighted import Weighted
from governance.wallets.errors import InvalidMessage, InvalidSignature
from governance.wallets.signed_ballot import (
    BallotPaper,
    ballot_holds,
    sign_off,
    signed_ballot_from_record,
)
from governance.wallets.typed_data import VOTE_TYPES, VoteMessage
from governance.wallets.vote_message import parse_vote
from tests.unit.governance_wallets.kit import KEYS, NOW, WALLETS, no_chain, run

SAFE = Address("0x9D85ca56217D2bb651b00f15e694EB7E713637D4")
HASH = "0x" + "ab" * 32
OPTIONS = ("one", "two", "three")
MAGIC = bytes.fromhex("1626ba7e").ljust(32, b"\0")


def paper(method: Method | None = None, **changes: Any) -> BallotPaper:
    ballot = Ballot("proposal 1", method or ForAgainst(quorum=0), NOW - 3600, NOW + 3600)
    return replace(BallotPaper(1, SAFE, HASH, ballot), **changes)


def sign(typed: Any, wallet: int = 0) -> str:
    return "0x" + bytes(Account.sign_message(encode_typed_data(full_message=typed), KEYS[wallet]).signature).hex()


def snapshot_hash(typed: Any) -> bytes:
    """What eth_account would sign."""
    return bytes(_hash_eip191_message(encode_typed_data(full_message=typed)))


@pytest.mark.parametrize("kind", VOTE_TYPES, ids=str)
def test_the_hash_of_each_of_snapshots_forms_is_eth_accounts(kind: Any) -> None:
    choice: Any = {"uint32": 2, "uint32[]": (3, 1, 2**32 - 1), "string": '{"1":1,"2":3}'}[kind.choice]
    message = VoteMessage(kind, WALLETS[0], "eip155:1:x", 2**63, HASH, choice, "weil «es» gut ist 🙂", "app", "{}")
    typed: Any = message.typed_data()
    assert message.digest == snapshot_hash(typed)
    assert parse_vote(json.loads(json.dumps(typed))) == message
    without = copy.deepcopy(typed)
    del without["types"]["EIP712Domain"], without["primaryType"]
    assert parse_vote(without).digest == message.digest


@pytest.mark.parametrize(
    ("method", "choice", "canonical_choice"),
    [
        (ForAgainst(quorum=0), 1, 1),
        (SingleChoice(OPTIONS), 3, 3),
        (Approval(OPTIONS), [3, 1], (1, 3)),
        (Approval(OPTIONS), [], ()),
        (RankedChoice(OPTIONS), [3, 1, 2], (3, 1, 2)),
        (Weighted(OPTIONS), {"1": 3, "3": 1}, (3, 0, 1)),
        (Quadratic(OPTIONS), {"2": 1}, (0, 1, 0)),
    ],
)
def test_a_signed_ballot_becomes_a_vote_that_counts(method: Method, choice: Any, canonical_choice: Any) -> None:
    ballot = paper(method)
    typed = ballot.message(WALLETS[0], choice, NOW, "because").typed_data()
    signed = run(sign_off(ballot, typed, sign(typed), NOW), no_chain)
    vote = signed.vote(ballot, "1001", 5_000_000, NOW, 7)
    assert (vote.wallet, vote.choice, vote.power) == (WALLETS[0], canonical_choice, 5_000_000)
    assert tally(ballot.ballot, [vote]).votes == 1


def test_the_record_of_a_signed_ballot_can_be_verified_by_anybody() -> None:
    ballot = paper()
    typed = ballot.message(WALLETS[0], 1, NOW).typed_data()
    signed = run(sign_off(ballot, typed, sign(typed), NOW))
    again = signed_ballot_from_record(json.loads(canonical_json(signed.record())))
    assert again == signed
    assert run(ballot_holds(again), no_chain)
    assert not run(ballot_holds(replace(again, message=replace(again.message, choice=2))), no_chain)
    assert not run(ballot_holds(replace(again, proof=replace(again.proof, wallet=WALLETS[1]))), no_chain)


def test_a_contract_wallet_is_asked_when_it_votes_and_again_at_the_count() -> None:
    ballot = paper()
    typed = ballot.message(WALLETS[4], 1, NOW).typed_data()
    signed = run(sign_off(ballot, typed, "0x1234", NOW), lambda read: Answer(True, MAGIC))
    assert signed.proof.contract
    assert run(ballot_holds(signed), lambda read: Answer(True, MAGIC))
    assert not run(ballot_holds(signed))


@pytest.mark.parametrize(
    ("named", "other"),
    [
        ("the proposal", paper(proposal="0x" + "ac" * 32)),
        ("the space", paper(chain_id=10)),
        ("the space", paper(safe=WALLETS[7])),
    ],
)
def test_a_ballot_is_not_counted_for_another_proposal_chain_or_safe(named: str, other: BallotPaper) -> None:
    typed = paper().message(WALLETS[0], 1, NOW).typed_data()
    with pytest.raises(InvalidMessage, match=named):
        run(sign_off(other, typed, sign(typed), NOW))


def test_a_changed_choice_reason_or_sender_breaks_the_signature() -> None:
    typed = paper().message(WALLETS[0], 1, NOW, "yes").typed_data()
    signature = sign(typed)
    for name, value in (("choice", 2), ("reason", "no"), ("from", WALLETS[1]), ("timestamp", NOW - 1)):
        changed = copy.deepcopy(typed)
        changed["message"][name] = value  # type: ignore[index]
        with pytest.raises(InvalidSignature):
            run(sign_off(paper(), changed, signature, NOW))


def test_a_lying_clock_is_refused() -> None:
    for timestamp in (NOW + 301, NOW - 3600 - 301, 2**64 - 1, 0):
        typed = paper().message(WALLETS[0], 1, timestamp).typed_data()
        with pytest.raises(InvalidMessage, match="future"):
            run(sign_off(paper(), typed, sign(typed), NOW))


def test_an_older_message_sent_again_does_not_undo_a_changed_vote() -> None:
    old = paper().message(WALLETS[0], 1, NOW - 10).typed_data()
    new = paper().message(WALLETS[0], 2, NOW).typed_data()
    run(sign_off(paper(), new, sign(new), NOW, last_signed=NOW - 10))
    for last in (NOW, NOW - 10):
        with pytest.raises(InvalidMessage, match="later vote"):
            run(sign_off(paper(), old, sign(old), NOW, last_signed=last))


def test_a_choice_that_the_ballot_does_not_offer_is_neither_offered_for_signing_nor_counted() -> None:
    with pytest.raises(InvalidChoice):
        paper(SingleChoice(OPTIONS)).message(WALLETS[0], 4, NOW)
    typed = paper(SingleChoice(OPTIONS)).message(WALLETS[0], 3, NOW).typed_data()
    with pytest.raises(InvalidChoice):
        run(sign_off(paper(SingleChoice(OPTIONS[:2])), typed, sign(typed), NOW))
    with pytest.raises(InvalidChoice):
        run(sign_off(paper(Weighted(OPTIONS)), typed, sign(typed), NOW))


def _set(*path: Any, to: Any) -> Callable[[Any], None]:
    def change(typed: Any) -> None:
        for key in path[:-1]:
            typed = typed[key]
        typed[path[-1]] = to

    return change


def _drop(*path: Any) -> Callable[[Any], None]:
    def change(typed: Any) -> None:
        for key in path[:-1]:
            typed = typed[key]
        del typed[path[-1]]

    return change


MALFORMED: list[Callable[[Any], None]] = [
    _set("domain", to={"name": "snapshot", "version": "0.1.3"}),
    _set("domain", to={"name": "snapshot", "version": "0.1.4", "chainId": 1}),
    _set("domain", to=None),
    _set("primaryType", to="Proposal"),
    _set("types", to=[]),
    _set("types", "Vote", to="Vote"),
    _set("types", "Vote", 0, "type", to="bytes20"),
    _set("types", "Vote", 4, "type", to="uint256"),
    _set("types", "Vote", 0, "name", to="space"),
    _set("types", "Vote", 0, to={"name": "from"}),
    _set("types", "Vote", 0, to={"name": "from", "type": ["address"]}),
    _set("types", "Vote", 0, to={"name": "from", "type": "address", "extra": 1}),
    _set("types", "Extra", to=[]),
    _set("types", "EIP712Domain", to=[{"name": "name", "type": "string"}]),
    _drop("types", "Vote", 7),
    _drop("types", "Vote"),
    _drop("message", "reason"),
    _drop("message"),
    _set("message", "extra", to=1),
    _set("extra", to=1),
    _set("message", "from", to="0x12"),
    _set("message", "from", to=12),
    _set("message", "proposal", to=HASH[:-1]),
    _set("message", "proposal", to=7),
    _set("message", "choice", to="1"),
    _set("message", "choice", to=True),
    _set("message", "choice", to=-1),
    _set("message", "choice", to=2**32),
    _set("message", "choice", to=1.0),
    _set("message", "choice", to=[1]),
    _set("message", "timestamp", to=2**64),
    _set("message", "timestamp", to="1800000000"),
    _set("message", "timestamp", to=None),
    _set("message", "space", to=None),
    _set("message", "reason", to="x" * 10_001),
    _set("message", "reason", to="\ud800"),
    _set("message", to=[]),
]


@pytest.mark.parametrize("change", range(len(MALFORMED)))
def test_malformed_typed_data_is_refused_in_words(change: int) -> None:
    typed: Any = paper().message(WALLETS[0], 1, NOW).typed_data()
    typed = json.loads(json.dumps(typed))
    MALFORMED[change](typed)
    with pytest.raises(InvalidMessage) as refused:
        parse_vote(typed)
    assert refused.value.value is not None
    str(refused.value).encode()


@pytest.mark.parametrize("raw", [None, 3, "text", [], {}, {"domain": {}}])
def test_what_is_no_typed_data_at_all_is_refused(raw: object) -> None:
    with pytest.raises(InvalidMessage):
        parse_vote(raw)


@pytest.mark.parametrize(
    "choice", ["", "{", '{"1":1,"1":2}', "[" * 1000 + "]" * 1000, '{"1":' + "9" * 5000 + "}", "NaN"]
)
def test_a_choice_that_is_no_json_is_refused(choice: str) -> None:
    message = paper(Weighted(OPTIONS)).message(WALLETS[0], {"1": 1}, NOW)
    with pytest.raises((InvalidMessage, InvalidChoice)):
        paper(Weighted(OPTIONS)).choice(replace(message, choice=choice))


def test_string_senders_and_proposals_have_one_spelling() -> None:
    kind = next(
        kind for kind in VOTE_TYPES if (kind.sender, kind.proposal, kind.choice) == ("string", "string", "uint32")
    )
    good = replace(paper().message(WALLETS[0], 1, NOW), kind=kind)
    typed: Any = good.typed_data()
    assert run(sign_off(paper(), typed, sign(typed), NOW)).proof.wallet == WALLETS[0]
    for name, value in (("from", WALLETS[0].lower()), ("proposal", HASH.upper().replace("X", "x"))):
        with pytest.raises(InvalidMessage):
            parse_vote({**typed, "message": {**typed["message"], name: value}})
