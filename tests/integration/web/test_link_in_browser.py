"""A wallet is linked in a real browser, by a wallet that really signs."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from governance.web.errands import Errand
from tests.integration.governance.town import ANN, person
from tests.integration.web.kit import Site, visiting
from tests.integration.web.wallets import BrowserWallet

if TYPE_CHECKING:
    from playwright.sync_api import Browser


@pytest.mark.parametrize("standard", ["EIP-6963", "EIP-1193"])
def test_a_wallet_is_linked_from_the_link_to_the_record(
    site: Callable[..., Site], browser: Browser, standard: str
) -> None:
    opened = site()
    name = "Test wallet" if standard == "EIP-6963" else "your wallet"
    wallet = BrowserWallet(ANN, opened.town.office.world.chain_id, name=name, standard=standard)
    with visiting(browser, wallet) as visitor:
        visitor.choose_wallet(opened.link(Errand.LINK, "ann", name="Ann"))
        visitor.sees(ANN.address)
        assert opened.town.assembly.wallets(person("ann")) == ()
        visitor.press("Link this wallet")
        visitor.sees("Your wallet is linked")
        assert visitor.page.url == f"{opened.origin}/"
        assert visitor.complaints == []
    (link,) = opened.town.assembly.wallets(person("ann"))
    assert link.wallet == ANN.address
    assert wallet.methods() == ["eth_requestAccounts", "personal_sign"]
