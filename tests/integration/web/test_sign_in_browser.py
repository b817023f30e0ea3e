"""Owners sign in a real browser; what they signed is what the keeper executes."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from dao_bot.domain.addresses import Address
from dao_bot.domain.lifecycle import State
from dao_bot.engine.signing import hash_of, transaction_of
from governance.web.errands import Errand
from tests.integration.app.kit import command
from tests.integration.governance.town import EVE, Town, Wallet
from tests.integration.web.kit import Site, visiting
from tests.integration.web.wallets import BrowserWallet

if TYPE_CHECKING:
    from playwright.sync_api import Browser

OWNERS = {"use": "owners"}
USDC = 10**6


def owner(town: Town, number: int) -> Wallet:
    world = town.office.world
    return Wallet(world.owner_keys[number], Address(world.owners[number]))


def queued(town: Town, whole: int = 1000) -> str:
    """A payment that waits for owners."""
    proposal = town.office.propose(town.office.payment("USDC", whole))
    town.office.tick()
    assert town.office.state(proposal) is State.QUEUED
    return proposal


@pytest.fixture
def opened(site: Callable[..., Site]) -> Site:
    return site(OWNERS)


def browser_wallet(town: Town, wallet: Wallet, **options: Any) -> BrowserWallet:
    return BrowserWallet(wallet, town.office.world.chain_id, **options)


def test_owners_sign_in_the_browser_and_the_keeper_executes_just_that(opened: Site, browser: Browser) -> None:
    town = opened.town
    proposal = queued(town)
    safe_tx_hash = "0x" + hash_of(town.office.desk.services, transaction_of(town.office.stored(proposal))).hex()
    shown = ""
    for number in range(town.office.world.threshold):
        wallet = browser_wallet(town, owner(town, number))
        with visiting(browser, wallet) as visitor:
            visitor.choose_wallet(opened.link(Errand.SIGN, proposal=proposal))
            visitor.sees("-1,000.00 USDC")
            visitor.sees(f"dao-bot verify {safe_tx_hash}")
            shown = visitor.reads()
            visitor.press("Sign this transaction")
            visitor.sees("Your signature is in the queue")
            visitor.sees(f"{number + 1} of {town.office.world.threshold}")
            assert visitor.complaints == []
        method, (account, _) = wallet.asked[-1]
        assert (method, account) == ("eth_signTypedData_v4", wallet.wallet.address)
    elsewhere = command("verify", safe_tx_hash, "--json", "-c", town.office.desk.config.path).facts["hashes"]
    assert shown and all(each in shown for each in elsewhere.values())
    town.office.tick()
    assert (town.office.state(proposal), town.office.received()) == (State.EXECUTED, 1000 * USDC)
    assert town.office.executions() == 1


def test_the_wallet_is_asked_to_switch_to_the_chain_of_the_safe(opened: Site, browser: Browser) -> None:
    wallet = browser_wallet(opened.town, owner(opened.town, 0))
    wallet.chain_id = 1
    with visiting(browser, wallet) as visitor:
        visitor.choose_wallet(opened.link(Errand.SIGN, proposal=queued(opened.town)))
        visitor.press("Sign this transaction")
        visitor.sees("Your signature is in the queue")
    assert "wallet_switchEthereumChain" in wallet.methods()


def test_a_wallet_that_stays_on_another_chain_signs_nothing(opened: Site, browser: Browser) -> None:
    proposal = queued(opened.town)
    wallet = browser_wallet(opened.town, owner(opened.town, 0), refuses={"wallet_switchEthereumChain"})
    wallet.chain_id = 1
    with visiting(browser, wallet) as visitor:
        visitor.choose_wallet(opened.link(Errand.SIGN, proposal=proposal))
        visitor.press("Sign this transaction")
        visitor.sees("Your wallet is on another chain")
    assert "eth_signTypedData_v4" not in wallet.methods() and not opened.events("signed")


def test_whoever_is_no_owner_is_told_so_and_signs_nothing(opened: Site, browser: Browser) -> None:
    proposal = queued(opened.town)
    wallet = browser_wallet(opened.town, EVE)
    with visiting(browser, wallet) as visitor:
        visitor.choose_wallet(opened.link(Errand.SIGN, proposal=proposal))
        visitor.press("Sign this transaction")
        visitor.sees("This wallet is no owner of the Safe")
    assert "eth_signTypedData_v4" not in wallet.methods() and not opened.events("signed")


def test_an_owner_who_refuses_in_the_wallet_can_try_again(opened: Site, browser: Browser) -> None:
    wallet = browser_wallet(opened.town, owner(opened.town, 0), refuses={"eth_signTypedData_v4"})
    with visiting(browser, wallet) as visitor:
        visitor.choose_wallet(opened.link(Errand.SIGN, proposal=queued(opened.town)))
        visitor.press("Sign this transaction")
        visitor.sees("You refused in your wallet")
        wallet.refuses.clear()
        visitor.press("Sign this transaction")
        visitor.sees("Your signature is in the queue")


def to_another_safe(typed: Any) -> Any:
    typed["domain"]["verifyingContract"] = "0x" + "11" * 20
    return typed


def on_another_chain(typed: Any) -> Any:
    typed["domain"]["chainId"] = 1
    return typed


def at_another_nonce(typed: Any) -> Any:
    typed["message"]["nonce"] = str(int(typed["message"]["nonce"]) + 1)
    return typed


def by_delegatecall(typed: Any) -> Any:
    typed["message"]["operation"] = 1 - int(typed["message"]["operation"])
    return typed


@pytest.mark.parametrize("tampers", [to_another_safe, on_another_chain, at_another_nonce, by_delegatecall])
def test_a_signature_over_anything_else_is_refused(
    opened: Site, browser: Browser, tampers: Callable[[Any], Any]
) -> None:
    proposal = queued(opened.town)
    wallet = browser_wallet(opened.town, owner(opened.town, 0), tampers=tampers)
    with visiting(browser, wallet) as visitor:
        visitor.choose_wallet(opened.link(Errand.SIGN, proposal=proposal))
        visitor.press("Sign this transaction")
        visitor.sees("signed another hash")
    assert not opened.events("signed")


def test_a_canceled_proposal_is_signed_as_its_rejection(opened: Site, browser: Browser) -> None:
    town = opened.town
    proposal = queued(town)
    stored = town.office.stored(proposal)
    town.office.desk.store.transition(
        proposal, stored.state, State.CANCELED, town.office.anvil.timestamp(), "canceled", {"reason": "a test"}
    )
    for number in range(town.office.world.threshold):
        with visiting(browser, browser_wallet(town, owner(town, number))) as visitor:
            visitor.choose_wallet(opened.link(Errand.SIGN, proposal=proposal))
            visitor.sees("This is the rejection of a proposal")
            visitor.press("Sign the rejection")
            visitor.sees("Your signature is in the queue")
    town.office.tick()
    assert (town.office.received(), town.office.safe_nonce()) == (0, 1)


def test_what_would_fail_now_cannot_be_signed_here(opened: Site, browser: Browser) -> None:
    town = opened.town
    proposal = queued(town)
    town.later(13 * 3600)
    wallet = browser_wallet(town, owner(town, 0))
    with visiting(browser, wallet) as visitor:
        visitor.choose_wallet(opened.link(Errand.SIGN, proposal=proposal))
        visitor.sees("Do not sign this")
        assert visitor.page.get_by_role("button", name="Sign this transaction").count() == 0
    assert wallet.methods() == ["eth_requestAccounts"]
