"""What the commands that only look answer. Synchronous; called in threads."""

from __future__ import annotations

from collections.abc import Iterator

from dao_bot.cards.picture import proposal_picture
from dao_bot.cards.text import duration, number, percent, plain_value, usd, utc
from dao_bot.cards.treasury import HoldingNow, treasury_picture
from dao_bot.domain.decisions import Decision
from dao_bot.domain.errors import NotFound
from dao_bot.domain.lifecycle import OPEN_STATES
from dao_bot.engine.services import StrategyPlan
from dao_bot.store.values import StoredProposal
from dao_bot.suggest import did_you_mean
from governance.discord.cards import card_buttons, card_text, tally_lines
from governance.discord.house import House
from governance.discord.mandates import mandate_exhibits, mandate_line, mandate_named, mandate_text
from governance.discord.questions import open_questions, question_line, question_named, question_text
from governance.discord.reply import MOST_TEXT, Reply
from governance.discord.words import code, cut, plain, when

_MOST_LISTED = 12


def proposals(house: House, *, everything: bool) -> Reply:
    """Open proposals, mandates and questions; or the latest proposals, and all mandates, whatever their state."""
    latest = house.latest()
    shown = [stored for stored in latest if everything or stored.state in OPEN_STATES][:_MOST_LISTED]
    lines = [_line(house, stored) for stored in shown]
    lines += [mandate_line(one) for one in mandate_exhibits(house) if everything or not one.is_over]
    lines += [question_line(poll) for poll in open_questions(house, house.now())]
    if not lines:
        return Reply("No proposal is open. `/proposals all:True` lists the latest ones." if latest else "None yet.")
    return Reply(cut(lines, MOST_TEXT))


def proposal(house: House, proposal_id: str) -> Reply:
    """The card in short, with its picture and what can be done; of a proposal, a mandate or a question."""
    asked = question_named(house, proposal_id)
    if asked is not None:
        return Reply(question_text(asked), buttons=card_buttons(asked))
    mandate = mandate_named(house, proposal_id)
    if mandate is not None:
        return Reply(mandate_text(mandate), buttons=card_buttons(mandate))
    exhibit = house.exhibit(proposal_id)
    return Reply(card_text(exhibit), proposal_picture(exhibit.card), card_buttons(exhibit))


def details(house: House, proposal_id: str) -> Reply:
    """Every decoded call and every rule, as far as a message holds them."""
    card = house.exhibit(proposal_id).card
    lines = [f"**{plain(card.title, 200)}**", *(f"{call.number}. {plain(call.summary, 240)}" for call in card.calls)]
    lines.append("**Rules of the policy**")
    lines += [
        f"{row.verdict}: {plain(f'{row.rule} {row.subject}'.strip(), 70)} {plain(row.after, 50)} {plain(row.limit, 50)}"
        for row in sorted(card.rules, key=lambda row: (not row.violated, not row.binds))
    ]
    ending = f"Compare elsewhere: {code(f'dao-bot verify {card.proposal_id}')}"
    if card.hashes is not None:
        ending = f"safeTxHash {code(card.hashes.safe_tx_hash)} at nonce {card.hashes.nonce}\n{ending}"
    return Reply(f"{cut(lines, MOST_TEXT - len(ending) - 1)}\n{ending}")


def tally(house: House, proposal_id: str) -> Reply:
    """The vote as the record has it now, and how to count it again."""
    counted = house.assembly.tally(proposal_id)
    result = counted.tally
    lines = [*tally_lines(counted)]
    lines.append(f"{'Final' if counted.closed is not None else 'As it stands'}: {plain(result.outcome.reason)}")
    if counted.closed is None and result.ends is not None:
        lines.append(f"Ends {when(result.ends)}")
    lines += [
        f"Root of the votes {code(result.votes_root)}",
        f"Count it again: {code(f'dao-bot tally {counted.opened.ballot.id}')}",
    ]
    return Reply(cut(lines, MOST_TEXT))


def treasury(house: House) -> Reply:
    """Holdings with their caps as a picture, and what strategies say of the runway."""
    rows = house.holdings()
    total = sum(row.usd or 0 for row in rows)
    lines = [f"**{plain(house.name, 60)}** holds {usd(total, places=0)} at oracle prices."]
    lines += [_holding(row) for row in rows]
    lines += list(_runway(house)) or ["No strategy says anything about the runway yet."]
    return Reply(cut(lines, MOST_TEXT), treasury_picture(rows))


def strategies(house: House) -> Reply:
    """Each strategy's state, what it decided last and why not now."""
    return Reply(
        cut([line for plan in house.services.strategies.values() for line in _strategy(house, plan)], MOST_TEXT)
    )


def plan_of(house: House, name: str) -> StrategyPlan:
    """The strategy of that name.

    Raises:
        NotFound: there is none.
    """
    plans = house.services.strategies
    if name not in plans:
        raise NotFound("there is no such strategy", value=name[:60], next_step=did_you_mean(name, plans) or None)
    return plans[name]


def _line(house: House, stored: StoredProposal) -> str:
    exhibit = house.exhibit_of(stored)
    return f"{code(stored.id[:10])} {plain(exhibit.card.title, 90)} — {plain(exhibit.card.status.words)}"


def _holding(row: HoldingNow) -> str:
    cap = "" if row.cap is None else f", cap {percent(row.cap)}"
    above = " **above its cap**" if row.above_cap else ""
    held = f"{number(row.units, row.decimals)} · {usd(row.usd, places=0)} · {percent(row.share)}"
    return f"{plain(row.symbol, 30)}: {held}{cap}{above}"


def _runway(house: House) -> Iterator[str]:
    for name in house.services.strategies:
        decision = _last_decision(house, name)
        for item in decision.evidence if decision else ():
            if "runway" in item.name.lower():
                yield f"{plain(name, 40)} says: {plain(item.name, 60)} {plain(plain_value(item.value, item.unit), 40)}"


def _strategy(house: House, plan: StrategyPlan) -> Iterator[str]:
    state = house.store.strategy_state(plan.name)
    runs = house.store.last_runs(plan.name, 1)
    now = house.now()
    if state.paused:
        standing = f"paused: {plain(state.reason)}"
    elif not plan.enabled:
        standing = "switched off in the configuration"
    else:
        standing = f"runs, {state.failures} failures in a row" if state.failures else "runs"
    yield f"**{plain(plan.name, 60)}** {standing}"
    if not runs:
        yield "It has not run yet."
        return
    run = runs[0]
    ago = duration(max(0, now - run.run.nominal))
    result = run.result or "still running"
    yield f"Last run {utc(run.run.nominal)} ({ago} ago): {result} — {plain(run.detail, 300)}"
    if run.decision is not None:
        why = "Why not now" if not run.decision.operations else "Why"
        yield f"{why}: {plain(run.decision.reason, 300)}"


def _last_decision(house: House, strategy: str) -> Decision | None:
    return next((run.decision for run in house.store.last_runs(strategy, 5) if run.decision is not None), None)
