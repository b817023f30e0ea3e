"""Stewards approve and veto in a real browser."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from dao_bot.domain.lifecycle import State
from governance.web.errands import Errand
from tests.integration.governance.test_mandates import mandate, propose
from tests.integration.governance.town import ANN, EVE, STEWARDS, Town, Wallet
from tests.integration.web.kit import PHONE, Site, visiting
from tests.integration.web.wallets import BrowserWallet

if TYPE_CHECKING:
    from playwright.sync_api import Browser

STEWARDS_RULE = {"use": "stewards", "approvals": "2", "signed_above": "0 USD"}


@pytest.fixture
def opened(site: Callable[..., Site]) -> Site:
    return site(STEWARDS_RULE)


def browser_wallet(town: Town, wallet: Wallet) -> BrowserWallet:
    return BrowserWallet(wallet, town.office.world.chain_id)


def test_stewards_approve_with_their_wallets_and_the_batch_goes_on(opened: Site, browser: Browser) -> None:
    proposal = opened.town.propose()
    for name in ("steward-1", "steward-2"):
        assert opened.town.office.state(proposal) is State.ACTIVE
        with visiting(browser, browser_wallet(opened.town, STEWARDS[name])) as visitor:
            visitor.choose_wallet(opened.link(Errand.APPROVE, name, proposal))
            visitor.page.get_by_label("Why (public, if you want)").fill("As planned.")
            visitor.press("Approve")
            visitor.sees(f"It is approved, by {name}")
            assert visitor.complaints == []
    assert [said.reason for said in opened.town.assembly.stands(proposal)] == ["As planned."] * 2
    assert opened.town.finish(proposal) is State.EXECUTED


def test_a_veto_defeats_it(opened: Site, browser: Browser) -> None:
    proposal = opened.town.propose()
    with visiting(browser, browser_wallet(opened.town, STEWARDS["steward-3"])) as visitor:
        visitor.choose_wallet(opened.link(Errand.VETO, "steward-3", proposal))
        visitor.press("Veto")
        visitor.sees("It is vetoed, by steward-3")
    assert opened.town.finish(proposal) is State.DEFEATED


def test_nobody_else_is_asked_for_a_stewards_word(opened: Site, browser: Browser) -> None:
    proposal = opened.town.propose()
    wallet = browser_wallet(opened.town, EVE)
    with visiting(browser, wallet) as visitor:
        visitor.choose_wallet(opened.link(Errand.APPROVE, "eve", proposal))
        visitor.press("Approve")
        visitor.sees("This is no steward's wallet")
    assert wallet.methods() == ["eth_requestAccounts"] and opened.town.assembly.stands(proposal) == ()


def test_stewards_end_a_freeze_with_as_many_wallets_as_it_takes(opened: Site, browser: Browser) -> None:
    opened.town.assembly.freeze_by_alarm("discord", "<b>the stewards' role changed</b>")
    for name, seen in (("steward-1", "Your signature counts"), ("steward-2", "The freeze has ended")):
        assert opened.town.assembly.frozen() is not None
        with visiting(browser, browser_wallet(opened.town, STEWARDS[name])) as visitor:
            visitor.choose_wallet(opened.link(Errand.UNFREEZE, name))
            visitor.sees("<b>the stewards' role changed</b>")
            visitor.press("End the freeze")
            visitor.sees(seen)
            assert visitor.complaints == []
    assert opened.town.assembly.frozen() is None
    with visiting(browser, browser_wallet(opened.town, STEWARDS["steward-1"])) as visitor:
        visitor.choose_wallet(opened.link(Errand.UNFREEZE, "steward-1"))
        visitor.sees("Nothing is frozen")


def test_a_wallet_delegates_and_takes_it_back_and_a_steward_freezes(opened: Site, browser: Browser) -> None:
    assembly = opened.town.assembly
    opened.town.link("ann", ANN)
    for press, seen, delegates in (
        ("Delegate", "Your power is handed on", {ANN.address.lower(): EVE.address.lower()}),
        ("Take it back", "Your wallet speaks for itself", {}),
    ):
        with visiting(browser, browser_wallet(opened.town, ANN), viewport=PHONE) as visitor:
            visitor.choose_wallet(opened.link(Errand.DELEGATE, "ann"))
            visitor.page.get_by_label("The delegate's address").fill(EVE.address.lower())
            visitor.press(press)
            visitor.sees(seen)
            assert visitor.complaints == [] and assembly.delegates() == delegates
    with visiting(browser, browser_wallet(opened.town, STEWARDS["steward-1"])) as visitor:
        visitor.choose_wallet(opened.link(Errand.FREEZE, "steward-1"))
        visitor.page.get_by_label("Why (everybody reads it)").fill("<i>a stranger</i>")
        visitor.press("Freeze approvals")
        visitor.sees("Approvals are frozen")
        visitor.sees("<i>a stranger</i>")
        assert visitor.complaints == []
    held = assembly.frozen()
    assert held is not None and (held.by, held.reason) == ("steward steward-1", "<i>a stranger</i>")


def test_a_mandate_is_approved_by_its_bounds(opened: Site, browser: Browser) -> None:
    made = mandate(opened.town)
    propose(opened.town, made)
    with visiting(browser, browser_wallet(opened.town, STEWARDS["steward-1"])) as visitor:
        visitor.choose_wallet(opened.link(Errand.APPROVE, "steward-1", made.hash))
        visitor.sees("5,000")
        visitor.sees("USDC token")
        visitor.press("Approve")
        visitor.sees("It is approved, by steward-1")
    (said,) = opened.town.assembly.stands(made.hash)
    assert (said.steward, said.signed) == ("steward-1", True)
