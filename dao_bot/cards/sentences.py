"""The title and the plain sentences: what changes, what it costs, how it can fail, what came of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from dao_bot.cards.liquidity import (
    Deed,
    asks_for_a_price,
    deed_of,
    liquidity_doing,
    liquidity_title,
    position_clauses,
)
from dao_bot.cards.model import Cost, HoldingRow, Payment, PositionRow, RuleRow, Story
from dao_bot.cards.money import clean_token, other_assets, trades
from dao_bot.cards.text import amount, bps, clean, named, number, places_for, short_address, usd, utc
from dao_bot.domain.proposals import Outcome, Proposal
from dao_bot.domain.tokens import Token
from dao_bot.domain.units import WAD

_MOST_NAMED = 3
_A_CENT = WAD // 100


def title_of(
    proposal: Proposal,
    rows: tuple[HoldingRow, ...],
    paid: tuple[Payment, ...],
    positions: tuple[PositionRow, ...] = (),
) -> str:
    """A headline of a few words, from the simulated changes."""
    if not proposal.simulation.success:
        return f"{_count(len(proposal.calls), 'call')} that would fail"
    sold, bought = _legs(rows, paid, -1), _legs(rows, paid, +1)
    parts = []
    if positions and not trades(proposal.decoded):
        parts.append(liquidity_title(deed_of(proposal), positions, _headline(sold), _headline(bought)))
    elif sold and bought:
        parts.append(f"sell {_headline(sold)} for {_headline(bought)}")
    elif sold or bought:
        parts.append(f"give {_headline(sold)}" if sold else f"receive {_headline(bought)}")
    for verb, some in _by_verb(paid).items():
        parts.append(f"{verb} {listed([payment_words(payment, with_address=False) for payment in some])}")
    if not parts and proposal.run.promoted is not None:
        return clean(proposal.decision.reason)
    if not parts:
        return f"{_count(len(proposal.calls), 'call')} moving nothing"
    text = " and ".join(parts)
    return text[0].upper() + text[1:]


def story_of(
    proposal: Proposal,
    rows: tuple[HoldingRow, ...],
    paid: tuple[Payment, ...],
    positions: tuple[PositionRow, ...],
    cost: Cost,
    outcome: Outcome | None,
) -> Story:
    """Three sentences, and a fourth once the transaction was executed."""
    return Story(
        changes=_changes(proposal, rows, paid, positions),
        costs=_costs(proposal, rows, cost),
        fails=_fails(proposal, paid),
        result=_result(rows, cost, outcome),
    )


def listed(parts: Sequence[str], most: int = _MOST_NAMED, *, joint: str = "and") -> str:
    """`a, b and c`; what is beyond `most` is counted."""
    shown = list(parts[:most])
    if len(parts) > most:
        shown.append(f"{len(parts) - most:,} more")
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} {joint} {shown[-1]}"


def counted(rules: Sequence[RuleRow]) -> str:
    """`1 broken, 2 at their limit, 14 kept`."""
    count = Counter(row.verdict for row in rules)
    words = {"broken": "broken", "at its limit": "at its limit", "kept": "kept"}
    if count["at its limit"] > 1:
        words["at its limit"] = "at their limit"
    said = ", ".join(f"{count[verdict]:,} {shown}" for verdict, shown in words.items() if count[verdict])
    return said or "no rule spoke"


def _count(count: int, word: str) -> str:
    return f"{count:,} {word}" if count == 1 else f"{count:,} {word}s"


def _legs(rows: tuple[HoldingRow, ...], paid: tuple[Payment, ...], sign: int) -> list[tuple[HoldingRow, int]]:
    """(row, base units) of what trading takes out (sign -1) or brings in (+1), payments set aside, largest first."""
    legs = []
    for row in rows:
        units = row.delta + sum(payment.units for payment in paid if payment.address == row.token.address)
        if units * sign > 0:
            legs.append((row, abs(units)))
    return sorted(legs, key=lambda leg: -(leg[0].usd(leg[1]) or 0))


def _headline(legs: list[tuple[HoldingRow, int]]) -> str:
    if not legs:
        return "nothing"
    if len(legs) > _MOST_NAMED:
        total = sum(row.usd(units) or 0 for row, units in legs)
        return f"{len(legs)} tokens worth {number(total, 18, 0)} USD"
    return listed([_rounded(row.token, units, row.price) for row, units in legs])


def _rounded(token: Token, units: int, price: int | None) -> str:
    """To about a dollar, for headlines."""
    return f"{number(units, token.decimals, places_for(price) - 2)} {token.symbol}"


def _leg(legs: list[tuple[HoldingRow, int]]) -> str:
    amounts = [amount(row.token, units, row.price) for row, units in legs[:_MOST_NAMED]]
    if len(legs) <= _MOST_NAMED:
        return listed(amounts)
    return f"{_headline(legs)} ({', '.join(amounts)} and {len(legs) - _MOST_NAMED:,} more)"


def payment_words(payment: Payment, *, with_address: bool) -> str:
    """`40,000.00 USDC to Operations multisig`, with every recipient; what is burned has none."""
    if payment.token is None:
        what = f"{payment.units} base units of {short_address(payment.address)}"
    else:
        what = (amount if with_address else _rounded)(payment.token, payment.units, payment.price)
    to = [
        named(party.address, party.label) if with_address else party.label or short_address(party.address)
        for party in payment.recipients
    ]
    return f"{what} to {listed(to)}" if to else what


def payment_verb(payment: Payment) -> str:
    """`pay` or `burn`."""
    return "pay" if payment.recipients else "burn"


def _by_verb(paid: tuple[Payment, ...]) -> dict[str, list[Payment]]:
    found: dict[str, list[Payment]] = {}
    for payment in paid:
        found.setdefault(payment_verb(payment), []).append(payment)
    return found


def _changes(
    proposal: Proposal, rows: tuple[HoldingRow, ...], paid: tuple[Payment, ...], positions: tuple[PositionRow, ...]
) -> str:
    if not proposal.simulation.success:
        reason = clean(proposal.simulation.revert_reason or "no reason given")
        return f"Nothing would change: the transaction reverts in simulation ({reason})."
    sold, bought = _legs(rows, paid, -1), _legs(rows, paid, +1)
    deed = Deed.NOTHING if trades(proposal.decoded) else deed_of(proposal)
    clauses = []
    if sold:
        clauses.append(f"puts {_leg(sold)} into liquidity" if deed is Deed.PUT else f"gives {_leg(sold)}")
    if bought:
        clauses.append(f"takes {_leg(bought)} out of liquidity" if deed is Deed.TAKE else f"receives {_leg(bought)}")
    clauses += position_clauses(deed, positions)
    for verb, some in _by_verb(paid).items():
        clauses.append(f"{verb}s {listed([payment_words(payment, with_address=True) for payment in some])}")
    strangers = len(other_assets(proposal))
    if strangers:
        clauses.append(f"moves {_count(strangers, 'asset')} that the treasury does not list")
    if not clauses:
        return "The balances of the Safe stay as they are."
    return f"The Safe {', '.join([*clauses[:-1], f'and {clauses[-1]}'] if len(clauses) > 1 else clauses)}."


def _costs(proposal: Proposal, rows: tuple[HoldingRow, ...], cost: Cost) -> str:
    gas = f"Whoever sends it pays about {cost.gas_used:,} gas."
    if not proposal.simulation.success:
        return "It costs the treasury nothing, for nothing is moved; whoever sends it loses the gas."
    if cost.expected is None:
        unpriced = [row.token.symbol for row in rows if row.changes and row.price is None]
        what = listed(unpriced) if unpriced else "an asset that it moves"
        return f"What it costs cannot be told, because {what} has no usable price. {gas}"
    if not cost.sold or cost.sold < _A_CENT:
        return f"It trades nothing, so it costs nothing beyond what it pays out. {gas}"
    verb = "costs" if cost.expected >= 0 else "gains"
    swaps = trades(proposal.decoded)
    doing = f"trading {usd(cost.sold)}" if swaps else liquidity_doing(deed_of(proposal), usd(cost.sold))
    text = f"At oracle prices, {doing} {verb} {_money(cost, abs(cost.expected))}"
    if cost.worst is not None:
        worst = "costs" if cost.worst >= 0 else "gains"
        at_worst = "its swaps bring no more than their minimum" if swaps else "the pool is at the limit of its minimums"
        text += f"; if {at_worst}, it {worst} {_money(cost, abs(cost.worst))}"
    elif swaps:
        text += "; its bytes set no bound to that"
    return f"{text}. {gas}"


def _money(cost: Cost, value: int) -> str:
    share = cost.of_sold(value)
    return usd(value) if share is None else f"{usd(value)} ({bps(share)})"


def _fails(proposal: Proposal, paid: tuple[Payment, ...]) -> str:
    if not proposal.simulation.success:
        return "It fails already: nobody should sign it."
    swaps = trades(proposal.decoded)
    bounded = [call for call in swaps if call.minimum is not None and call.minimum[3] > 0]
    deadlines = [call.deadline for call in proposal.decoded if call.deadline is not None]
    causes = []
    if deadlines:
        causes.append(f"if it is sent after {utc(min(deadlines))}")
    if bounded:
        causes.append(
            "if the swap would bring less than its minimum"
            if len(swaps) == 1
            else f"if any of its {len(swaps)} swaps would bring less than its minimum"
        )
    in_pools = [call.position for call in proposal.decoded if call.position and asks_for_a_price(call.position)]
    if in_pools and all(any(change.least) for change in in_pools):
        causes.append("if the pool has moved further than its minimums allow")
    causes.append("if any single call fails")
    text = f"It reverts as a whole and moves nothing {listed(causes, joint='or')}."
    if len(bounded) < len(swaps):
        text += " It can also succeed badly: a swap in it accepts any price."
    if not all(any(change.least) for change in in_pools):
        text += " It can also succeed badly: what it does with liquidity accepts any price."
    if any(change.deposits is not None for change in in_pools):
        text += (
            " It can also go as meant and lose: while the price moves, the position turns into the token that falls."
        )
    if any(payment.recipients for payment in paid):
        text += " What it pays does not come back."
    if any(not payment.recipients for payment in paid):
        text += " What it burns is gone."
    if not deadlines:
        text += " Nothing in its bytes makes it expire: once signed, anyone can send it at any later time."
    return text


def _result(rows: tuple[HoldingRow, ...], cost: Cost, outcome: Outcome | None) -> str | None:
    if outcome is None:
        return None
    if not outcome.success:
        return f"It failed in block {outcome.block_number:,} and moved nothing; the sender lost the gas."
    moved = [amount(row.token, row.realised_delta, row.price, signed=True) for row in rows if row.realised_delta]
    listed_tokens = {row.token.address for row in rows}
    moved += [
        amount(clean_token(token), units, None, signed=True)
        for token, units in outcome.realised
        if token.address not in listed_tokens
    ]
    text = f"Executed in block {outcome.block_number:,}: {listed(moved, 6) if moved else 'no balance changed'}."
    if cost.realised is not None and cost.expected is not None and cost.sold:
        better = cost.expected - cost.realised
        verb = "cost" if cost.realised >= 0 else "gained"
        word = "better" if better > 0 else "worse"
        compared = f"{usd(abs(better))} {word} than simulated" if better else "as simulated"
        text += f" Trading {verb} {_money(cost, abs(cost.realised))}, {compared}."
    return text
