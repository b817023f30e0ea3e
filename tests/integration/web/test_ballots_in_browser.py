"""Every kind of ballot can be filled in on the page, and counts as it was filled in."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from governance.ballots.approval import Approval
from governance.ballots.copeland import Copeland
from governance.ballots.method import Choice, Method
from governance.ballots.quadratic import Quadratic
from governance.ballots.ranked_choice import RankedChoice
from governance.ballots.single_choice import SingleChoice
from governance.ballots.weighted import Weighted
from governance.web.errands import Errand
from tests.integration.governance.town import ANN
from tests.integration.web.kit import PHONE, Site, Visitor, visiting
from tests.integration.web.test_hostile_in_browser import IMAGE, is_unharmed
from tests.integration.web.wallets import BrowserWallet

if TYPE_CHECKING:
    from playwright.sync_api import Browser

OPTIONS = ("Fund the garden", IMAGE, "Do nothing at all, and come back to it next year when the museum has opened")


def check(*numbers: int) -> Callable[[Visitor], None]:
    def fill(visitor: Visitor) -> None:
        for number in numbers:
            visitor.page.locator("input[name=choice]").nth(number - 1).check()

    return fill


def weigh(*weights: int) -> Callable[[Visitor], None]:
    def fill(visitor: Visitor) -> None:
        for option, weight in zip(OPTIONS, weights, strict=True):
            visitor.page.get_by_label(option).fill(str(weight))

    return fill


def rank(*numbers: int) -> Callable[[Visitor], None]:
    def fill(visitor: Visitor) -> None:
        for place, number in enumerate(numbers, start=1):
            visitor.page.get_by_label(f"Place {place}").select_option(str(number))

    return fill


@pytest.mark.parametrize(
    ("method", "fill", "choice"),
    [
        (SingleChoice(OPTIONS), check(3), 3),
        (Approval(OPTIONS), check(1, 3), (1, 3)),
        (Approval(OPTIONS), check(), ()),
        (Weighted(OPTIONS), weigh(3, 0, 1), (3, 0, 1)),
        (Quadratic(OPTIONS), weigh(0, 1, 0), (0, 1, 0)),
        (RankedChoice(OPTIONS), rank(3, 1, 2), (3, 1, 2)),
        (Copeland(OPTIONS), rank(2), (2,)),
    ],
    ids=["single choice", "approval", "approval of none", "weighted", "quadratic", "ranked choice", "copeland"],
)
def test_a_ballot_is_filled_in_signed_and_counted(
    site: Callable[..., Site], browser: Browser, method: Method, fill: Callable[[Visitor], None], choice: Choice
) -> None:
    opened = site()
    town = opened.town
    town.fund({ANN: 100})
    poll = town.ask(f"What next? {IMAGE}", method)
    with visiting(browser, BrowserWallet(ANN, town.office.world.chain_id), viewport=PHONE) as visitor:
        visitor.choose_wallet(opened.link(Errand.VOTE, "ann", poll.hash))
        visitor.sees(f"What next? {IMAGE}")
        fill(visitor)
        is_unharmed(visitor)
        visitor.press("Sign this vote")
        visitor.sees("Your vote is recorded")
    (vote,) = town.assembly.tally(poll.hash).votes
    assert (vote.wallet, vote.choice) == (ANN.address.lower(), choice)
