"""`dao-bot ladder`: how much each strategy may do by itself, what it did so far, and its promotion and demotion."""

from __future__ import annotations

from pathlib import Path

from dao_bot.app.exits import DONE
from dao_bot.app.output import print_json, print_text
from dao_bot.app.planning import chosen
from dao_bot.app.wiring import open_desk
from dao_bot.domain.errors import BadInput
from dao_bot.engine.ladder import Rung, rung_of, settle_promotions, subject_of
from dao_bot.engine.ladder import demote as take_down
from dao_bot.engine.promotion import propose_promotion, track_record


def show(path: Path, as_facts: bool) -> int:
    """Each strategy: its rung, how high it may get, its record."""
    with open_desk(path) as desk:
        facts = [
            {
                "strategy": plan.name,
                "rung": rung_of(desk.store, plan),
                "most": plan.autonomy.most if plan.autonomy else Rung.PROPOSE,
                "record": track_record(desk.store, plan),
                "told": track_record(desk.store, plan).in_words(),
                "events": [
                    {"kind": event.kind, "at": event.at, **event.body}
                    for event in desk.store.events(subject_of(plan.name))
                ],
            }
            for plan in desk.services.strategies.values()
        ]
    if as_facts:
        print_json(facts)
    else:
        lines = [f"{each['strategy']}: {each['rung']}, at most {each['most']}. {each['told']}" for each in facts]
        print_text("\n".join(lines))
    return DONE


def promote(path: Path, strategy: str, to: str, as_facts: bool) -> int:
    """Propose it; the strategy stands higher once the proposal is executed."""
    if to not in list(Rung):
        raise BadInput("there is no such rung", value=to, limit=", ".join(Rung))
    with open_desk(path) as desk:
        plan = chosen(desk, strategy)
        now = desk.services.endpoints.pin().timestamp
        list(settle_promotions(desk.store, plan, now))
        proposal = propose_promotion(desk.services, desk.store, plan, Rung(to))
    if as_facts:
        print_json({"strategy": strategy, "to": to, "proposal": proposal.id, "record": proposal.decision.summary[1]})
    else:
        print_text(
            f"{proposal.decision.reason} {proposal.decision.summary[1]}\n"
            f"It has to be approved and signed as every other proposal: `dao-bot show {proposal.id[2:14]}`."
        )
    return DONE


def demote(path: Path, strategy: str, reason: str, as_facts: bool) -> int:
    """Down at once, with what no human saw of its open batches; nobody is asked."""
    with open_desk(path) as desk:
        plan = chosen(desk, strategy)
        now = desk.services.endpoints.pin().timestamp
        moved = take_down(desk.store, plan, now, reason)
        rung = rung_of(desk.store, plan)
    if as_facts:
        print_json({"strategy": strategy, "rung": rung, "demoted": moved})
    else:
        print_text(f"{strategy} stands on {rung}." if moved else f"{strategy} stands on {rung} already.")
    return DONE
