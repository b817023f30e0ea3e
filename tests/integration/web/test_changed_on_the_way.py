"""The page looks for itself at what it is given, before it asks a wallet."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from governance.web.errands import Errand
from tests.integration.governance.town import ANN, Wallet
from tests.integration.web.conftest import SIGNED
from tests.integration.web.kit import Site, visiting
from tests.integration.web.test_sign_in_browser import OWNERS, owner, queued
from tests.integration.web.wallets import BrowserWallet

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Route

Changes = Callable[[dict[str, Any]], None]
SIGNING = {"personal_sign", "eth_signTypedData_v4"}


def other_recipient(answer: dict[str, Any]) -> None:
    answer["typed"]["message"]["to"] = "0x" + "11" * 20


def other_safe(answer: dict[str, Any]) -> None:
    answer["typed"]["domain"]["verifyingContract"] = "0x" + "11" * 20


def other_hash(answer: dict[str, Any]) -> None:
    answer["hashes"]["safe_tx"] = "0x" + "11" * 32


def other_choice(answer: dict[str, Any]) -> None:
    answer["typed"]["message"]["choice"] = 2


def other_wallet(answer: dict[str, Any]) -> None:
    answer["typed"]["message"]["from"] = "0x" + "11" * 20


def other_site(answer: dict[str, Any]) -> None:
    answer["text"] = answer["text"].replace("127.0.0.1", "evil.example.org")


def other_statement(answer: dict[str, Any]) -> None:
    answer["text"] = "I owe you everything."


@pytest.mark.parametrize(
    ("errand", "path", "change", "told"),
    [
        (Errand.SIGN, "look", other_recipient, "other hashes"),
        (Errand.SIGN, "offer", other_recipient, "other hashes"),
        (Errand.SIGN, "offer", other_safe, "other hashes"),
        (Errand.SIGN, "offer", other_hash, "other hashes"),
        (Errand.VOTE, "offer", other_choice, "not what you chose"),
        (Errand.VOTE, "offer", other_wallet, "not what you chose"),
        (Errand.LINK, "offer", other_site, "not for this page"),
        (Errand.LINK, "offer", other_statement, "not for this page"),
    ],
    ids=lambda each: each.__name__ if callable(each) else str(each),
)
def test_what_arrives_changed_is_shown_to_no_wallet(
    site: Callable[..., Site], browser: Browser, errand: Errand, path: str, change: Changes, told: str
) -> None:
    opened = site(OWNERS if errand is Errand.SIGN else SIGNED)
    signer, proposal = _scene(opened, errand)
    wallet = BrowserWallet(signer, opened.town.office.world.chain_id)

    def tamper(route: Route) -> None:
        answer = route.fetch()
        content = json.loads(answer.text())
        change(content)
        route.fulfill(response=answer, body=json.dumps(content))

    with visiting(browser, wallet) as visitor:
        visitor.page.route(f"**/api/{path}", tamper)
        visitor.choose_wallet(opened.link(errand, proposal=proposal))
        if path == "offer":
            if errand is Errand.VOTE:
                visitor.page.get_by_label("For", exact=True).check()
            visitor.press(
                {"sign": "Sign this transaction", "vote": "Sign this vote", "link": "Link this wallet"}[errand]
            )
        visitor.sees(told)
    assert not SIGNING & set(wallet.methods())


def _scene(opened: Site, errand: Errand) -> tuple[Wallet, str | None]:
    """Who comes, and what about."""
    if errand is Errand.SIGN:
        return owner(opened.town, 0), queued(opened.town)
    if errand is Errand.VOTE:
        opened.town.fund({ANN: 100})
        return ANN, opened.town.propose()
    return ANN, None
