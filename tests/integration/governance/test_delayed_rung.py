"""The rung `delayed`: through the module, without owners, once a veto window has run before everybody's eyes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from dao_bot.domain.lifecycle import State
from dao_bot.engine.ladder import Rung, judge_results, rung_of
from dao_bot.engine.promotion import propose_promotion
from tests.integration.engine.kit import SIGNER_VARIABLE, STRATEGY
from tests.integration.engine.module_kit import give_role, through_the_module
from tests.integration.governance.town import ANN, Opened, Town

if TYPE_CHECKING:
    from dao_bot.devnet import World

WINDOW = {"use": "optimistic", "power": "members", "veto_power": "1000", "window": "10m", "longest_gap": "2m"}
VETO = 1


@pytest.fixture
def delayed(town: Opened, world: World, monkeypatch: pytest.MonkeyPatch) -> Town:
    """A strategy that was promoted to the rung."""
    monkeypatch.setenv(SIGNER_VARIABLE, world.module_signer_key)

    def rungs(data: dict[str, Any]) -> None:
        through_the_module(world, data)
        data["approvals"]["owners"] = {"use": "owners"}
        autonomy = {"most": "delayed", "delayed": "people"}
        data["strategies"][STRATEGY] |= {"route": "multisig", "approval": "owners", "autonomy": autonomy}

    opened = town(WINDOW, change=rungs)
    opened.fund({ANN: 2000})
    office = opened.office
    give_role(office)
    services, store = office.desk.services, office.desk.store
    plan = services.strategies[STRATEGY]
    promotion = propose_promotion(services, store, plan, Rung.DELAYED)
    office.tick()
    office.sign(promotion.id)
    office.tick()
    assert list(judge_results(services, store, office.anvil.timestamp())) == [
        (STRATEGY, "promoted from propose to delayed")
    ]
    assert rung_of(store, plan) is Rung.DELAYED
    return opened


def see_the_whole_window(town: Town, proposal: str) -> None:
    """The card is visible, and clicks arrive."""
    for _ in range(11):
        town.assembly.saw_card(proposal, visible=True, healthy=True)
        town.later(60)
    town.assembly.saw_card(proposal, visible=True, healthy=True)
    town.later(5)


def test_a_batch_waits_for_the_window_and_then_needs_no_owner(delayed: Town) -> None:
    proposal = delayed.propose(100)
    delayed.later(3600)
    delayed.office.tick()
    assert (delayed.office.state(proposal), delayed.office.received()) == (State.ACTIVE, 0)
    see_the_whole_window(delayed, proposal)
    delayed.office.tick()
    assert (delayed.office.state(proposal), delayed.office.received()) == (State.EXECUTED, 100 * 10**6)


def test_a_veto_in_the_window_defeats_it(delayed: Town) -> None:
    proposal = delayed.propose(100)
    delayed.assembly.saw_card(proposal, visible=True, healthy=True)
    delayed.vote(delayed.link("ann", ANN), proposal, VETO)
    see_the_whole_window(delayed, proposal)
    delayed.office.tick()
    assert (delayed.office.state(proposal), delayed.office.received()) == (State.DEFEATED, 0)
