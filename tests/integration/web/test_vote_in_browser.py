"""Members sign votes in a real browser, and the tally has them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from dao_bot.domain.lifecycle import State
from governance.web.errands import Errand
from tests.integration.governance.town import ANN, BOB, EVE, TOKEN, Town, Wallet
from tests.integration.web.kit import Site, visiting
from tests.integration.web.wallets import BrowserWallet

if TYPE_CHECKING:
    from playwright.sync_api import Browser


@pytest.fixture
def opened(site: Callable[..., Site]) -> Site:
    return site()


@pytest.fixture
def proposal(opened: Site) -> str:
    """Open for votes of ANN, with 2,000 tokens, and BOB, with 500."""
    opened.town.fund({ANN: 2000, BOB: 500})
    proposal = opened.town.propose()
    opened.town.office.tick()
    return proposal


def browser_wallet(town: Town, wallet: Wallet, **options: Any) -> BrowserWallet:
    return BrowserWallet(wallet, town.office.world.chain_id, **options)


def scores(opened: Site, proposal: str) -> list[int]:
    return [int(score) // TOKEN for score in opened.town.assembly.tally(proposal).tally.scores]


def test_a_vote_is_signed_counted_and_followed_by_the_execution(opened: Site, proposal: str, browser: Browser) -> None:
    wallet = browser_wallet(opened.town, ANN)
    with visiting(browser, wallet) as visitor:
        visitor.choose_wallet(opened.link(Errand.VOTE, "ann", proposal))
        visitor.sees("-1,000.00 USDC")
        visitor.page.get_by_label("For", exact=True).check()
        visitor.page.get_by_label("Why (public, if you want)").fill("It pays the grant.")
        assert scores(opened, proposal) == [0, 0, 0]
        visitor.press("Sign this vote")
        visitor.sees("Your vote is recorded")
        visitor.sees("2,000.00")
        visitor.sees(opened.town.assembly.receipt(proposal, ANN.address).receipt)
        assert visitor.complaints == []
    assert wallet.methods() == ["eth_requestAccounts", "eth_signTypedData_v4"]
    assert scores(opened, proposal) == [2000, 0, 0]
    opened.town.later()
    assert opened.town.finish(proposal) is State.EXECUTED


def test_a_vote_is_changed_with_another_link(opened: Site, proposal: str, browser: Browser) -> None:
    with visiting(browser, browser_wallet(opened.town, ANN)) as visitor:
        for option in ("For", "Against"):
            visitor.choose_wallet(opened.link(Errand.VOTE, "ann", proposal))
            visitor.page.get_by_label(option, exact=True).check()
            visitor.press("Sign this vote")
            visitor.sees("Your vote is recorded")
        visitor.sees("It replaces the vote")
    assert scores(opened, proposal) == [0, 2000, 0]


def test_nothing_is_asked_of_the_wallet_before_something_is_chosen(
    opened: Site, proposal: str, browser: Browser
) -> None:
    wallet = browser_wallet(opened.town, ANN)
    with visiting(browser, wallet) as visitor:
        visitor.choose_wallet(opened.link(Errand.VOTE, "ann", proposal))
        visitor.press("Sign this vote")
        visitor.sees("Nothing is chosen")
    assert wallet.methods() == ["eth_requestAccounts"]


def test_a_wallet_without_power_is_told_so(opened: Site, proposal: str, browser: Browser) -> None:
    with visiting(browser, browser_wallet(opened.town, EVE)) as visitor:
        visitor.choose_wallet(opened.link(Errand.VOTE, "eve", proposal))
        visitor.page.get_by_label("For", exact=True).check()
        visitor.press("Sign this vote")
        visitor.sees("This wallet has no voting power in this vote")
    assert scores(opened, proposal) == [0, 0, 0]


def changed(**values: Any) -> Callable[[Any], Any]:
    def tamper(typed: Any) -> Any:
        typed["message"].update(values)
        return typed

    return tamper


def under_another_domain(typed: Any) -> Any:
    typed["domain"]["version"] = "0.1.3"
    return typed


def on_a_chain_of_its_own(typed: Any) -> Any:
    typed["types"]["EIP712Domain"].append({"name": "chainId", "type": "uint256"})
    typed["domain"]["chainId"] = 31337
    return typed


@pytest.mark.parametrize(
    "tampers",
    [
        changed(choice=2),
        changed(proposal="0x" + "ab" * 32),
        changed(space="eip155:1:0x399c61b017A871181d8B6C418c93a8bB361E3Db8"),
        changed(timestamp=1),
        under_another_domain,
        on_a_chain_of_its_own,
    ],
    ids=["choice", "proposal", "space", "time", "domain", "chain"],
)
def test_a_signature_over_anything_else_counts_for_nothing(
    opened: Site, proposal: str, browser: Browser, tampers: Callable[[Any], Any]
) -> None:
    with visiting(browser, browser_wallet(opened.town, ANN, tampers=tampers)) as visitor:
        visitor.choose_wallet(opened.link(Errand.VOTE, "ann", proposal))
        visitor.page.get_by_label("For", exact=True).check()
        visitor.press("Sign this vote")
        visitor.sees("This is not a signature of")
    assert scores(opened, proposal) == [0, 0, 0]
