"""`dao-bot plan`: one run of one strategy up to the card; nothing is stored or sent."""

from __future__ import annotations

from pathlib import Path

from dao_bot.app.exits import DONE, REFUSED
from dao_bot.app.output import print_json, print_shown
from dao_bot.app.showing import show_card, terminal_width
from dao_bot.app.wiring import Desk, open_desk
from dao_bot.cards.data import decision_json
from dao_bot.cards.decision import decision_renderable, tell_decision
from dao_bot.cards.story import tell
from dao_bot.domain.errors import NotFound
from dao_bot.domain.runs import RunId
from dao_bot.engine.draft import Draft, draft
from dao_bot.engine.ladder import at_rung, rung_of
from dao_bot.engine.services import StrategyPlan
from dao_bot.suggest import did_you_mean


def plan(path: Path, strategy: str, as_facts: bool, html: Path | None) -> int:
    """Print the card, or why nothing is done; exit code 3 when the policy refuses the batch."""
    with open_desk(path) as desk:
        drafted = _draft(desk, chosen(desk, strategy))
    proposal = drafted.proposal
    if proposal is None:
        told = tell_decision(drafted.run, drafted.block, drafted.decision)
        if as_facts:
            print_json(decision_json(told))
        else:
            print_shown(decision_renderable(told), terminal_width())
        return DONE
    card = tell(proposal)
    show_card(card, as_facts=as_facts, html=html)
    return DONE if proposal.verdict.passed else REFUSED


def chosen(desk: Desk, name: str) -> StrategyPlan:
    """The strategy of that name.

    Raises:
        NotFound: there is none.
    """
    strategies = desk.services.strategies
    if name not in strategies:
        raise NotFound(
            f"there is no strategy {name!r} in {desk.config.path}",
            next_step=did_you_mean(name, strategies) or None,
        )
    return strategies[name]


def _draft(desk: Desk, plan: StrategyPlan) -> Draft:
    """As the next regular run would, but for what only a recorded run has: no claim, no memory kept."""
    services, store = desk.services, desk.store
    safe = services.treasury.safe
    block = services.endpoints.pin()
    nominal = plan.schedule.latest(block.timestamp) or block.timestamp
    stored = store.memory(plan.name)
    plan = at_rung(plan, rung_of(store, plan))
    return draft(
        services,
        plan,
        RunId(plan.name, nominal),
        plan.process.describe(),
        committed=store.committed(safe),
        moves=store.moves(safe, block.timestamp - services.longest_window),
        memory=stored[1] if stored else None,
    )
