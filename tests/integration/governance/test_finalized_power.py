"""Ballots where the chain itself says what is final: power is read at that block, by the signer again too."""

from __future__ import annotations

from typing import Any

import pytest

from dao_bot.domain.errors import Refused
from dao_bot.domain.lifecycle import State
from dao_bot.domain.proposals import Approval
from governance.ballots.errors import InvalidBallot
from tests.integration.governance.test_thief_of_the_record import judge_again
from tests.integration.governance.town import AGAINST, ANN, BOB, FOR, HOUR, MEMBERS, TOKEN, Opened, Town

TWO_EPOCHS = 64
"""Slots; the local chain calls the block so far behind its newest one finalized."""


def finalized(data: dict[str, Any]) -> None:
    data["treasury"]["chain"]["finality"] = "finalized"


def is_final(town: Town, proposal: str) -> bool:
    """Whether its execution is recorded as final."""
    outcome = town.office.desk.store.outcome(proposal)
    return outcome is not None and outcome.final_at is not None


def test_a_ballot_over_power_at_the_finalized_block_ends_in_the_execution(town: Opened) -> None:
    opened = town(MEMBERS, change=finalized)
    office, anvil = opened.office, opened.office.anvil
    opened.fund({ANN: 2000})
    anvil.mine(TWO_EPOCHS)
    opened.fund({BOB: 9000})
    ann, bob = opened.link("ann", ANN), opened.link("bob", BOB)
    proposal = opened.propose()
    final = anvil.rpc("eth_getBlockByNumber", "finalized", False)
    block = opened.assembly.tally(proposal).opened.moment.block
    assert (block.number, block.hash) == (int(final["number"], 16), final["hash"])
    anvil.mine(TWO_EPOCHS)
    assert opened.vote(ann, proposal, FOR).power == 2000 * TOKEN
    with pytest.raises(Refused, match="no voting power"):
        opened.vote(bob, proposal, AGAINST)
    opened.later()
    assert opened.finish(proposal) is State.EXECUTING
    assert isinstance(judge_again(opened, proposal), Approval)
    with pytest.raises(InvalidBallot, match="none of the last ones"):
        judge_again(opened, proposal, lambda grounds: grounds.replace(block.hash, "0x" + "ab" * 32))
    assert (office.executions(), is_final(opened, proposal)) == (1, False)
    anvil.mine(TWO_EPOCHS)
    office.tick()
    assert (office.state(proposal), is_final(opened, proposal)) == (State.EXECUTED, True)
    assert opened.assembly.tally(proposal).tally.total == 2000 * TOKEN


def test_where_blocks_become_final_too_late_the_signer_refuses_the_vote(town: Opened) -> None:
    opened = town(MEMBERS, change=finalized)
    opened.fund({ANN: 2000})
    opened.office.anvil.mine(TWO_EPOCHS)
    opened.office.anvil.advance(HOUR + 1)
    opened.office.anvil.advance(12)
    proposal = opened.propose()
    with pytest.raises(InvalidBallot, match="none of the last ones"):
        judge_again(opened, proposal)
