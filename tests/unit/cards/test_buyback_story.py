"""A purchase that is burned at once: the card calls the burn a burn, and no cost of trading."""

from __future__ import annotations

from dao_bot.cards.data import as_json
from dao_bot.cards.page import as_page
from dao_bot.cards.story import tell
from dao_bot.domain.calls import Argument, Call, DecodedCall
from dao_bot.domain.decisions import Decision
from dao_bot.domain.operations import Burn
from dao_bot.domain.proposals import Proposal
from dao_bot.domain.units import WAD
from tests.unit.cards import samples
from tests.unit.cards.samples import DAO, USDC

SPENT = 5_000 * 10**6
BOUGHT, BURNED = 1_993 * 10**18, 1_985 * 10**18


def burn(units: int) -> DecodedCall:
    burned = (DAO.address, units)
    return DecodedCall(
        call=Call(DAO.address, bytes.fromhex("42966c68") + units.to_bytes(32, "big")),
        protocol="erc20",
        function="burn(uint256)",
        arguments=(Argument("amount", "uint256", units),),
        summary=f"Burn {DAO.amount(units)}",
        spends=(burned,),
        burns=burned,
    )


def buyback() -> Proposal:
    return samples.proposal(
        decoded=(
            samples.deadline(),
            samples.approve(USDC, SPENT),
            samples.swap(USDC, SPENT, DAO, BURNED),
            samples.approve(USDC, 0),
            burn(BURNED),
        ),
        holdings=(
            (USDC, 300_000 * 10**6, samples.price(USDC, WAD)),
            (DAO, 0, samples.price(DAO, WAD * 5 // 2)),
        ),
        changes=((USDC, -SPENT), (DAO, BOUGHT - BURNED)),
        reports=samples.RULES[:1],
        decision=Decision((Burn(DAO.amount(BURNED)),), "The token is cheap."),
    )


def test_what_is_bought_and_burned_is_told_in_the_title_and_in_the_first_sentence() -> None:
    card = tell(buyback())
    assert card.title == "Sell 5,000 USDC for 1,993 DAO and burn 1,985 DAO"
    assert card.story.changes == "The Safe gives 5,000.00 USDC, receives 1,993.00 DAO, and burns 1,985.00 DAO."


def test_the_cost_is_that_of_the_trade_alone() -> None:
    card = tell(buyback())
    assert card.cost.sold == 5_000 * WAD
    assert card.cost.expected == 5_000 * WAD - 1_993 * WAD * 5 // 2


def test_a_burn_is_among_the_payments_without_a_recipient() -> None:
    card = tell(buyback())
    (burned,) = as_json(card)["payments"]
    assert (burned["symbol"], burned["recipients"]) == ("DAO", [])
    assert "burns 1,985 DAO" in as_page(card)
    assert not any("without" in concern.text or "nobody has labelled" in concern.text for concern in card.concerns)
