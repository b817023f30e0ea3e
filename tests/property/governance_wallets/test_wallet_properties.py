"""No message, order of events or signature makes a wallet belong to two people, or a text mean two things."""

from __future__ import annotations

import json
from typing import Any

from eth_account.messages import _hash_eip191_message, encode_typed_data
from hypothesis import given, settings
from hypothesis import strategies as st

from dao_bot.domain.addresses import Address, checksum
from governance.wallets.errors import InvalidMessage, InvalidSignature
from governance.wallets.events import Linked, Unlinked, WalletEvent
from governance.wallets.links import LinkRules, Links, fold
from governance.wallets.nonces import NonceIssued
from governance.wallets.person import Person
from governance.wallets.rfc3339 import format_time
from governance.wallets.sign_in import Purpose
from governance.wallets.signatures import recover
from governance.wallets.siwe import SiweMessage, parse_siwe
from governance.wallets.typed_data import VOTE_TYPES, VoteMessage
from governance.wallets.vote_message import parse_vote
from tests.examples import examples

ADDRESSES = st.binary(min_size=20, max_size=20).map(checksum)
TIMES = st.integers(0, 2**33).map(format_time)
STATEMENTS = st.text(
    alphabet="abcXYZ019-._~:/?#[]@!$&'()*+,;= ",
    max_size=40,
)
URIS = st.sampled_from(["https://a.b/c?d=e#f", "ipfs://x", "a:", "urn:b:c", "https://[::1]:80/%41", "file:///x"])

MESSAGES = st.builds(
    SiweMessage,
    domain=st.sampled_from(["a.b", "localhost:80", "[::1]", "u:p@h", "1.2.3.4:"]),
    address=ADDRESSES,
    uri=URIS,
    chain_id=st.integers(1, 2**64),
    nonce=st.text(alphabet="abcXYZ019", min_size=8, max_size=20),
    issued_at=TIMES,
    statement=st.none() | STATEMENTS,
    scheme=st.none() | st.sampled_from(["https", "a+b"]),
    expiration_time=st.none() | TIMES,
    not_before=st.none() | TIMES,
    request_id=st.none() | st.sampled_from(["", "a@b:%20"]),
    resources=st.none() | st.lists(URIS, max_size=3).map(tuple),
)


@given(MESSAGES)
def test_a_written_message_is_read_back(message: SiweMessage) -> None:
    assert parse_siwe(message.text()) == message


@given(MESSAGES, st.data())
def test_a_changed_message_is_refused_or_is_another_one_with_exactly_that_text(
    message: SiweMessage, data: st.DataObject
) -> None:
    text = message.text()
    at = data.draw(st.integers(0, len(text) - 1))
    changed = text[:at] + data.draw(st.text(max_size=2)) + text[at + data.draw(st.integers(0, 2)) :]
    try:
        read = parse_siwe(changed)
    except InvalidMessage:
        return
    assert read.text() == changed
    assert (read == message) == (changed == text)


@given(st.text(max_size=300))
def test_any_text_is_refused_in_words(text: str) -> None:
    try:
        parse_siwe(text)
    except InvalidMessage as refused:
        assert str(refused)


TEXTS = st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=20)


@settings(max_examples=examples(30))
@given(
    kind=st.sampled_from(VOTE_TYPES),
    sender=ADDRESSES,
    texts=st.tuples(TEXTS, TEXTS, TEXTS, TEXTS),
    timestamp=st.integers(0, 2**64 - 1),
    proposal=st.binary(min_size=32, max_size=32),
    numbers=st.lists(st.integers(0, 2**32 - 1), max_size=5),
)
def test_every_vote_has_the_hash_that_eth_account_signs(
    kind: Any, sender: Address, texts: Any, timestamp: int, proposal: bytes, numbers: list[int]
) -> None:
    choices: dict[str, Any] = {"uint32": sum(numbers) % 2**32, "uint32[]": tuple(numbers), "string": texts[3]}
    message = VoteMessage(
        kind, sender, texts[0], timestamp, "0x" + proposal.hex(), choices[kind.choice], texts[1], texts[2], texts[3]
    )
    typed = json.loads(json.dumps(message.typed_data()))
    assert parse_vote(typed) == message
    assert message.digest == bytes(_hash_eip191_message(encode_typed_data(full_message=typed)))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=10,
)


@given(JSON, st.sampled_from(["domain", "types", "primaryType", "message", "from", "choice", "timestamp", "proposal"]))
def test_any_json_in_any_place_of_a_vote_is_refused_in_words_or_read(value: Any, place: str) -> None:
    message = VoteMessage(VOTE_TYPES[0], checksum(b"\1" * 20), "space", 1, "0x" + "ab" * 32, 1)
    typed: Any = message.typed_data()
    target = typed if place in typed else typed["message"]
    target[place] = value
    try:
        parse_vote(typed)
    except InvalidMessage as refused:
        assert str(refused).encode()


@given(st.binary(max_size=70), st.binary(min_size=32, max_size=32))
def test_any_bytes_are_a_signature_of_somebody_or_refused(signature: bytes, digest: bytes) -> None:
    try:
        recover(digest, signature)
    except InvalidSignature:
        return
    assert len(signature) == 65


PEOPLE = [Person("g", "1"), Person("g", "2"), Person("h", "1")]
WALLETS = [checksum(bytes([number]) * 20) for number in (1, 2)]
NONCES = [f"nonce{number:03d}" for number in range(12)]
RULES = LinkRules(relink_after=50, most_wallets=1)

TIMES_TOLD = st.integers(0, 200)
"""In any order: clocks lie."""


@st.composite
def attempts(draw: st.DrawFn) -> list[WalletEvent]:
    """Events that mostly go together: a nonce, then what it is for; sometimes repeated."""
    person, wallet, at = draw(st.sampled_from(PEOPLE)), draw(st.sampled_from(WALLETS)), draw(TIMES_TOLD)
    nonce, purpose = draw(st.sampled_from(NONCES)), draw(st.sampled_from(Purpose))
    issued = NonceIssued(nonce, person, purpose, draw(TIMES_TOLD), draw(st.integers(100, 400)))
    linked = Linked(wallet, person, at, nonce, "text", b"\1", draw(st.booleans()))
    unlinked = Unlinked(wallet, person, at, draw(st.none() | st.just(nonce)))
    more: list[WalletEvent] = draw(st.lists(st.sampled_from([issued, linked, unlinked]), max_size=3))
    return [issued, *more]


EVENTS = st.lists(attempts(), max_size=12).map(lambda groups: [event for group in groups for event in group])


@settings(max_examples=examples(150))
@given(EVENTS)
def test_no_order_of_events_gives_a_wallet_two_owners_spends_a_nonce_twice_or_skips_the_cool_down(
    events: list[WalletEvent],
) -> None:
    links = Links(RULES)
    spent: list[str] = []
    left: dict[tuple[str, str], tuple[Person, int]] = {}
    for event in events:
        before = None if isinstance(event, NonceIssued) else links.owner(event.person.guild, event.wallet)
        held = links.apply(event)
        clock = links.nonces.latest
        assert clock >= (event.at if held else 0)
        if not held or isinstance(event, NonceIssued):
            continue
        spent += [event.nonce] if event.nonce is not None else []
        key = (event.person.guild, event.wallet)
        if isinstance(event, Linked):
            assert before is None and links.owner(*key) == event.person
            last, since = left.get(key, (event.person, 0))
            assert last == event.person or clock >= since + RULES.relink_after
        else:
            assert before is not None and links.owner(*key) is None
            left[key] = (before, clock)
    assert len(spent) == len(set(spent))
    for guild in ("g", "h"):
        wallets = [link.wallet for link in links.linked(guild)]
        assert len(wallets) == len(set(wallets))
    assert all(len(links.wallets(person)) <= RULES.most_wallets for person in PEOPLE)
    assert [fold(events, RULES).linked(guild) for guild in ("g", "h")] == [links.linked(guild) for guild in ("g", "h")]
