"""What `dao-bot doctor` finds out about approvals: whether old states can be read, and what each rule asks of whom."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from dao_bot.app.wiring import Desk
from dao_bot.cards.text import duration
from dao_bot.domain.errors import DaoBotError
from dao_bot.domain.runs import Block
from dao_bot.domain.units import format_units


@dataclass(frozen=True, slots=True)
class Finding:
    """As a line of the doctor's."""

    subject: str
    found: str
    problem: str | None = None
    fatal: bool = True


def people_findings(desk: Desk, block: Block) -> Iterator[Finding]:
    """Nothing where only owners are asked: then nothing of governance is even imported."""
    if not desk.config.power_sources and not desk.config.governance.stewards:
        return
    from governance.approvals.judge import PeopleRule
    from governance.approvals.words import in_words

    for name in desk.config.power_sources:
        try:
            yield _power(desk, name, block)
        except DaoBotError as error:
            yield Finding(f"voting power {name}", "", str(error))
    for name, rule in desk.services.approvals.items():
        if not isinstance(rule, PeopleRule):
            continue
        ballot = rule.terms.ballot
        takes = ballot.duration or 0 if ballot is not None else 0
        short = [
            plan.name for plan in desk.services.strategies.values() if plan.approval == name and takes >= plan.valid_for
        ]
        problem = f"a vote takes longer than a batch of {', '.join(short)} lives, so only mandates can approve them"
        yield Finding(f"approval {name}", in_words(rule.terms), problem if short else None, fatal=False)


def _power(desk: Desk, name: str, block: Block) -> Finding:
    """Read it as a ballot would that opens now."""
    from dao_bot.app.wiring import make_tiers
    from governance.acts.register import Register
    from governance.approvals.judge import LONGEST_FINALITY
    from governance.power.blocks import block_before, final_before
    from governance.power.old_state import keeps_state
    from governance.power.source import Moment
    from governance.power.tier import take_snapshot

    endpoints, tier = desk.services.endpoints, make_tiers(desk.config)[name]
    newest = block_before(endpoints, block, block.timestamp)
    recent = final_before(endpoints, block, block.timestamp, desk.services.treasury.finality)
    old = block_before(endpoints, recent, recent.timestamp - tier.minimum_age + 1)
    endpoints.read(old, [keeps_state(desk.services.treasury.multicall3, old)])
    wallets = {link.wallet for link in Register(desk.store).links().linked()}
    moment = Moment(recent, Register(desk.store).roles())
    taken = take_snapshot(endpoints.read, tier, sorted(wallets), moment, before=block.timestamp, earlier=old)
    holders = sum(1 for units in taken.power.values() if units)
    together = format_units(sum(taken.power.values()), 6)
    found = (
        f"the node keeps the state of block {old.number}; {holders} of {len(wallets)} linked wallets have {together}"
    )
    behind = newest.timestamp - recent.timestamp
    problem = (
        f"the newest final block is {duration(behind)} behind: a signer refuses votes whose power was read more than "
        f"{duration(LONGEST_FINALITY)} before the proposal"
    )
    return Finding(f"voting power {name}", found, problem if behind > LONGEST_FINALITY else None, fatal=False)
