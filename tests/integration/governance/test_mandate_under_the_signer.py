"""A mandate that members voted for, with the key in a process of its own: it judges the vote and the bounds again."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from dao_bot.domain.lifecycle import State
from governance.acts import mandates
from governance.approvals import judge
from tests.integration.engine.kit import KEEPER_VARIABLE
from tests.integration.engine.signer_kit import keeper_config, signers
from tests.integration.governance.test_mandates import USD, mandate, pay, propose
from tests.integration.governance.town import ANN, FOR, MEMBERS, Town, governed, open_town

if TYPE_CHECKING:
    from dao_bot.devnet import Anvil, World

SIGNED = {**MEMBERS, "signed_above": "0 USD"}
USDC = 10**6


@pytest.fixture
def town(tmp_path: Path, anvil: Anvil, world: World, monkeypatch: pytest.MonkeyPatch) -> Iterator[Town]:
    """The keeper has no key; the signer has its own copy of the configuration, and a record of its own."""
    monkeypatch.delenv(KEEPER_VARIABLE, raising=False)
    socket_path = tmp_path / "signer.sock"
    with (
        signers(tmp_path / "signer", anvil, world, socket_path) as start,
        open_town(tmp_path, world, anvil, SIGNED, change=keeper_config(socket_path)) as opened,
    ):
        start(change=governed(world, SIGNED))
        yield opened


def finish(town: Town, proposal: str) -> str:
    """Owners sign, the keeper tries; what it says of it."""
    assert town.office.state(proposal) is State.QUEUED
    town.office.sign(proposal)
    return str(town.office.tick()[proposal])


def drop(town: Town, proposal: str) -> None:
    """So that the next one has the Safe's nonce."""
    town.office.desk.store.transition(proposal, town.office.state(proposal), State.CANCELED, 1, "canceled", {})


def test_the_signer_signs_inside_a_mandate_and_refuses_outside_whatever_the_keeper_counts(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    town.fund({ANN: 2000})
    made = mandate(town, total=1500 * USD)
    propose(town, made)
    town.sign_vote(ANN, made.hash, FOR)
    town.later()
    inside = pay(town, 1000, 0)
    told = finish(town, inside)
    assert town.office.state(inside) is State.EXECUTED, told
    too_much = pay(town, 999, 1)
    assert town.office.state(too_much) is State.ACTIVE, "it waits for a vote of its own"
    drop(town, too_much)
    # From here on the keeper is somebody else's: it counts nothing, and then checks no bound at all.
    monkeypatch.setattr(mandates, "spent", lambda *_, **__: 0)
    too_much = pay(town, 998, 2)
    told = finish(town, too_much)
    assert "the signer refused" in told and "the mandate's total would be passed by what was signed here" in told
    drop(town, too_much)
    monkeypatch.setattr(judge, "outside", lambda *_: None)
    told = finish(town, pay(town, 400, 3, "DAI"))
    assert "the signer refused" in told and "it is not approved" in told
    assert (town.office.executions(), town.office.received()) == (1, 1000 * USDC)
