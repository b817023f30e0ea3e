"""The ladder of autonomy: up only by what owners executed, down at the first sign of trouble, all of it on record."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from dao_bot.app.wiring import open_desk
from dao_bot.cards.model import Tone
from dao_bot.cards.story import tell
from dao_bot.devnet.transactions import transact
from dao_bot.domain.calls import Call
from dao_bot.domain.errors import BadInput
from dao_bot.domain.lifecycle import State
from dao_bot.engine.ladder import DEMOTED, PROMOTED, Rung, demote, judge_results, rung_of, subject_of
from dao_bot.engine.promotion import propose_promotion
from dao_bot.engine.services import StrategyPlan
from dao_bot.protocols.erc20 import TRANSFER
from tests.integration.engine.kit import (
    GRANTEE,
    KEEPER_VARIABLE,
    SENDING,
    SIGNER_VARIABLE,
    STRATEGY,
    Office,
    at,
    write_config,
)
from tests.integration.engine.module_kit import call_of_member, give_role, through_the_module

if TYPE_CHECKING:
    from dao_bot.devnet import Anvil, World

USDC = 10**6


def on_the_ladder(world: World, data: dict[str, Any], **autonomy: str) -> None:
    through_the_module(world, data)
    _at_most_700_dollars(data)
    data["strategies"][STRATEGY] |= {
        "route": "multisig",
        "approval": "two-owners",
        "autonomy": {"most": "instant", "instant": "inside-limits", **autonomy},
    }


def _at_most_700_dollars(data: dict[str, Any]) -> None:
    (rule,) = [rule for rule in data["policy"]["rules"] if rule["use"] == "move_size"]
    rule["per_run"] = "700 USD"


def config(directory: Path, world: World, anvil: Anvil, **autonomy: str) -> Path:
    return write_config(directory, anvil.url, lambda data: on_the_ladder(world, data, **autonomy))


@pytest.fixture
def office(tmp_path: Path, world: World, anvil: Anvil, monkeypatch: pytest.MonkeyPatch) -> Iterator[Office]:
    monkeypatch.setenv(KEEPER_VARIABLE, world.keeper_key)
    monkeypatch.setenv(SIGNER_VARIABLE, world.module_signer_key)
    with open_desk(config(tmp_path, world, anvil)) as desk:
        opened = Office(desk, world, anvil)
        give_role(opened)
        yield opened


def plan_of(office: Office) -> StrategyPlan:
    return office.desk.services.strategies[STRATEGY]


def rung(office: Office) -> Rung:
    return rung_of(office.desk.store, plan_of(office))


def judge(office: Office) -> list[tuple[str, str]]:
    return list(judge_results(office.desk.services, office.desk.store, office.anvil.timestamp()))


def propose(office: Office, to: Rung = Rung.INSTANT) -> str:
    return propose_promotion(office.desk.services, office.desk.store, plan_of(office), to).id


def promote(office: Office, to: Rung = Rung.INSTANT) -> str:
    """As owners do it: the proposal is queued, signed and executed."""
    proposal = propose(office, to)
    office.tick()
    office.sign(proposal)
    office.tick()
    assert office.state(proposal) is State.EXECUTED
    judge(office)
    return proposal


def events(office: Office, kind: str) -> list[dict[str, object]]:
    return [dict(e.body) for e in office.desk.store.events(subject_of(STRATEGY)) if e.kind == kind]


def test_the_file_alone_raises_nobody(office: Office) -> None:
    proposal = office.propose(office.payment("USDC", 100))
    office.tick()
    assert rung(office) is Rung.PROPOSE
    assert office.stored(proposal).proposal.batch.transaction.route == "multisig"
    assert (office.state(proposal), office.received()) == (State.QUEUED, 0)


def test_owners_promote_and_then_batches_go_through_the_module_without_them(office: Office) -> None:
    office.run(nominal=1)
    promotion = promote(office)
    assert rung(office) is Rung.INSTANT
    (told,) = events(office, PROMOTED)
    assert told == {"from": "propose", "to": "instant", "proposal": promotion}
    decision = office.stored(promotion).proposal.decision
    assert "Runs: 1 nothing. Proposals: none." in decision.summary[1]
    proposal = office.propose(office.payment("USDC", 100), nominal=2)
    office.tick()
    assert (office.state(proposal), office.received()) == (State.EXECUTED, 100 * USDC)
    assert judge(office) == []
    office.desk.store.verify()


def test_the_card_of_a_promotion_says_what_is_approved_although_the_bytes_move_nothing(office: Office) -> None:
    card = tell(office.stored(propose(office)).proposal)
    assert card.title == "Promote reserve from propose to instant. It moves nothing by itself."
    (concern,) = card.concerns
    assert concern.tone is Tone.CAUTION
    assert concern.text.startswith(
        "It lets reserve do more by itself from now on. Its batches then go through the module"
    )


def test_a_promotion_that_nobody_signs_promotes_nobody(office: Office) -> None:
    proposal = propose(office)
    office.tick()
    judge(office)
    assert (office.state(proposal), rung(office)) == (State.QUEUED, Rung.PROPOSE)


@pytest.mark.parametrize("to", [Rung.SHADOW, Rung.PROPOSE])
def test_a_promotion_leads_up(office: Office, to: Rung) -> None:
    with pytest.raises(BadInput, match="cannot be promoted there"):
        propose(office, to)


def test_a_rung_without_an_approval_cannot_be_reached(office: Office) -> None:
    with pytest.raises(BadInput, match="has no approval for the rung delayed"):
        propose(office, Rung.DELAYED)


def test_a_policy_violation_demotes(office: Office) -> None:
    promote(office)
    report = office.run(office.payment("USDC", 800), nominal=2)
    assert report.proposal is not None and not report.proposal.verdict.passed
    assert rung(office) is Rung.PROPOSE
    (told,) = events(office, DEMOTED)
    assert str(told["reason"]).startswith("a policy violation") and told["proposal"] == report.proposal.id


def test_a_failed_simulation_demotes(office: Office) -> None:
    promote(office)
    office.run(office.payment("USDC", 1001), nominal=2)
    (told,) = events(office, DEMOTED)
    assert str(told["reason"]).startswith("a failed simulation: ")
    assert "the allowance of the role is used up" in str(told["reason"])


def test_an_oracle_halt_demotes(office: Office) -> None:
    promote(office)
    office.anvil.advance(26 * 3600)
    office.run(office.payment("USDC", 10), nominal=2)
    (told,) = events(office, DEMOTED)
    assert str(told["reason"]).startswith("an oracle halt: ")


def test_an_outcome_outside_its_bounds_demotes(office: Office) -> None:
    """A token that was changed meanwhile may take more than the bytes say; here the record says that it did."""
    promote(office)
    proposal = office.propose(office.payment("USDC", 500), nominal=2)
    store, now = office.desk.store, office.anvil.timestamp()
    office.tick()
    executed = store.outcome(proposal)
    assert executed is not None and judge(office) == []
    token = office.token("USDC")
    store.roll_back_execution(proposal, now, "a test wants it")
    store.transition(proposal, State.READY, State.EXECUTING, now, "sending")
    took_more = dataclasses.replace(executed.outcome, realised=((token, -501 * USDC),))
    store.record_outcome(proposal, took_more, now)
    ((strategy, words),) = judge(office)
    assert strategy == STRATEGY
    assert "an outcome outside its bounds: -501.00 USDC, at least -500.00 USDC" in words
    assert rung(office) is Rung.PROPOSE


def test_a_batch_that_does_not_go_through_demotes_and_takes_the_open_ones_along(office: Office) -> None:
    promote(office)
    usdc = office.token("USDC").address
    failing = office.propose(office.payment("USDC", 600), nominal=2)

    def somebody_else_spends() -> None:
        transact(office.anvil, call_of_member(office, Call(usdc, TRANSFER.encode(GRANTEE, 500 * USDC))))

    with at(SENDING, somebody_else_spends):
        office.tick()
    office.tick()
    assert office.state(failing) is State.STALE
    waiting = office.propose(office.payment("USDC", 100), nominal=3)
    assert judge(office)[0][1].startswith("demoted to propose: a batch did not go through: ")
    office.tick()
    assert (office.state(waiting), rung(office)) == (State.STALE, Rung.PROPOSE)
    assert office.received() == 500 * USDC


def test_a_promotion_from_before_a_demotion_is_void(office: Office) -> None:
    early, late = propose(office), propose(office)
    office.tick()
    office.sign(early)
    office.tick()
    judge(office)
    assert rung(office) is Rung.INSTANT
    demote(office.desk.store, plan_of(office), office.anvil.timestamp(), "a test wants it")
    office.tick()
    office.sign(late)
    office.tick()
    judge(office)
    assert (office.state(late), rung(office)) == (State.EXECUTED, Rung.PROPOSE)


def test_a_lower_ceiling_in_the_file_lowers_at_once(office: Office, world: World, anvil: Anvil) -> None:
    promote(office)
    lower = dataclasses.replace(plan_of(office), autonomy=dataclasses.replace(_autonomy(office), most="propose"))
    assert rung_of(office.desk.store, lower) is Rung.PROPOSE


def _autonomy(office: Office) -> Any:
    return plan_of(office).autonomy


def test_in_the_shadow_everything_is_decided_and_nothing_is_asked_or_sent(
    tmp_path: Path, world: World, anvil: Anvil, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(KEEPER_VARIABLE, world.keeper_key)
    monkeypatch.setenv(SIGNER_VARIABLE, world.module_signer_key)
    with open_desk(config(tmp_path, world, anvil, begin="shadow")) as desk:
        office = Office(desk, world, anvil)
        report = office.run(office.payment("USDC", 100))
        assert report.proposal is not None and report.proposal.verdict.passed
        office.tick()
        assert (rung(office), office.state(report.proposal.id)) == (Rung.SHADOW, State.CANCELED)
        assert (desk.store.committed(world.safe), office.received(), office.keeper_nonce()) == ({}, 0, 0)
        promote(office, Rung.PROPOSE)
        following = office.propose(office.payment("USDC", 100), nominal=2)
        office.tick()
        assert office.state(following) is State.QUEUED
