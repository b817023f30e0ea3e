"""A signed message counts only as the answer to the request that was made."""

from __future__ import annotations

from dataclasses import replace

import pytest

from governance.wallets.errors import InvalidMessage
from governance.wallets.person import Person
from governance.wallets.rfc3339 import format_time
from governance.wallets.sign_in import Purpose, SignIn
from governance.wallets.siwe import parse_siwe
from tests.unit.governance_wallets.kit import ANN, BOB, NOW, PAGE, WALLETS

ASKED = SignIn(PAGE, Purpose.LINK, ANN, "a1b2c3d4e5", NOW, NOW + 600)
MESSAGE = ASKED.message(WALLETS[0])


def test_the_message_that_was_offered_is_accepted_until_it_expires() -> None:
    for now in (NOW, NOW + 599):
        assert ASKED.check(MESSAGE.text(), now).address == WALLETS[0]
    with pytest.raises(InvalidMessage, match="has expired"):
        ASKED.check(MESSAGE.text(), NOW + 600)


def test_the_statement_names_user_and_guild_and_what_it_does() -> None:
    assert MESSAGE.statement == "Link this wallet to user 1001 of guild 77. This costs nothing and moves nothing."
    other = replace(ASKED, purpose=Purpose.UNLINK)
    assert other.statement != ASKED.statement and parse_siwe(other.message(WALLETS[0]).text()).statement


@pytest.mark.parametrize(
    ("named", "changes"),
    [
        ("domain", {"domain": "vote.example.org.evil.com"}),
        ("domain", {"domain": "user@vote.example.org"}),
        ("scheme", {"scheme": "http"}),
        ("URI", {"uri": "https://evil.com/"}),
        ("chain id", {"chain_id": 5}),
        ("nonce", {"nonce": "a1b2c3d4e6"}),
        ("statement", {"statement": replace(ASKED, person=BOB).statement}),
        ("statement", {"statement": replace(ASKED, person=Person("78", "1001")).statement}),
        ("statement", {"statement": replace(ASKED, purpose=Purpose.UNLINK).statement}),
        ("statement", {"statement": None}),
        ("more than was offered", {"resources": ("https://evil.com/",)}),
        ("more than was offered", {"request_id": ""}),
        ("never expires", {"expiration_time": None}),
        ("too long", {"expiration_time": format_time(NOW + 601)}),
        ("has expired", {"expiration_time": format_time(NOW)}),
        ("not valid yet", {"not_before": format_time(NOW + 1)}),
        ("another time", {"issued_at": format_time(NOW + 61)}),
        ("another time", {"issued_at": format_time(NOW - 61)}),
    ],
)
def test_anything_else_is_refused_and_named(named: str, changes: dict[str, object]) -> None:
    text = replace(MESSAGE, **changes).text()  # type: ignore[arg-type]  # any field
    with pytest.raises(InvalidMessage, match=named):
        ASKED.check(text, NOW)


@pytest.mark.parametrize("bad", ["", "a b", "a\nb", "@everyone", "<@1>", "x" * 65])
def test_ids_that_do_not_belong_into_a_statement_are_refused(bad: str) -> None:
    from dao_bot.domain.errors import BadInput

    with pytest.raises(BadInput):
        Person("77", bad)
