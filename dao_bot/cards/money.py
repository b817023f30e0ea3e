"""Holdings, payments and cost of a batch, from the simulation and the decoded bytes alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from dao_bot.cards.model import Cost, HoldingRow, OtherAsset, Party, Payment, PositionRow
from dao_bot.cards.text import LINE, SHORT, clean
from dao_bot.domain.addresses import Address
from dao_bot.domain.calls import DecodedCall
from dao_bot.domain.proposals import HoldingLine, Outcome, Proposal
from dao_bot.domain.tokens import Token, usd_value
from dao_bot.domain.units import WAD

_LONGEST_SYMBOL = 12


def clean_token(token: Token) -> Token:
    """The token under a symbol that is safe to show and short enough for a table."""
    symbol = clean(token.symbol, LINE)
    return replace(token, symbol=(symbol if len(symbol) <= _LONGEST_SYMBOL else symbol[:_LONGEST_SYMBOL] + "…") or "?")


def party(address: Address, labels: Mapping[str, str]) -> Party:
    """The address with its label, if the stewards gave it one."""
    label = labels.get(address)
    return Party(address, clean(label, SHORT) if label else None)


def simulated_deltas(proposal: Proposal) -> Counter[Address]:
    """Base units gained by the Safe for each fungible asset, all changes of one token summed."""
    deltas: Counter[Address] = Counter()
    for change in proposal.simulation.changes:
        if change.token_id is None:
            deltas[change.token] += change.delta
    return deltas


def holding_rows(proposal: Proposal, outcome: Outcome | None) -> tuple[HoldingRow, ...]:
    """One row for each listed token: the largest changes first, then by value; shares at the oracle prices."""
    deltas = simulated_deltas(proposal)
    realised: Counter[Address] = Counter()
    for token, units in outcome.realised if outcome else ():
        realised[token.address] += units
    lines = proposal.holdings
    total_before = sum(_usd(line, line.before) or 0 for line in lines)
    total_after = sum(_usd(line, line.before + deltas[line.token.address]) or 0 for line in lines)
    rows = [
        HoldingRow(
            token=clean_token(line.token),
            before=line.before,
            delta=(delta := deltas[line.token.address]),
            realised_delta=realised[line.token.address] if outcome else None,
            price=line.price.usd,
            share_before=_share(_usd(line, line.before), total_before),
            share_after=_share(_usd(line, line.before + delta), total_after),
        )
        for line in lines
    ]
    return tuple(sorted(rows, key=_prominence))


def _prominence(row: HoldingRow) -> tuple[bool, int, int]:
    return (not row.changes, -abs(row.usd(row.delta) or 0), -(row.usd(row.before) or 0))


def _usd(line: HoldingLine, units: int) -> int | None:
    return None if line.price.usd is None else usd_value(line.token.amount(units), line.price.usd)


def _share(part: int | None, total: int) -> int | None:
    return None if part is None or total <= 0 else part * WAD // total


def other_assets(proposal: Proposal) -> tuple[OtherAsset, ...]:
    """Simulated changes of assets that have no line among the holdings, and are no position that was read there."""
    listed = {line.token.address for line in proposal.holdings}
    positions = {(each.manager, each.token_id) for each in proposal.simulation.positions}
    return tuple(
        OtherAsset(change.token, party(change.token, proposal.labels).label, change.token_id, change.delta)
        for change in proposal.simulation.changes
        if change.delta
        and (change.token_id is not None or change.token not in listed)
        and (change.token, change.token_id) not in positions
    )


def payments(proposal: Proposal) -> tuple[Payment, ...]:
    """What each call takes from the Safe when it names a recipient other than the Safe, or burns it."""
    lines = {line.token.address: line for line in proposal.holdings}
    found: list[Payment] = []
    for decoded in proposal.decoded:
        strangers = tuple(a for a in decoded.recipients if a != proposal.batch.safe)
        for address, units in decoded.spends if strangers or decoded.burns else ():
            line = lines.get(address)
            found.append(
                Payment(
                    token=clean_token(line.token) if line else None,
                    address=address,
                    units=units,
                    price=line.price.usd if line else None,
                    recipients=tuple(party(stranger, proposal.labels) for stranger in strangers),
                )
            )
    return tuple(found)


def trades(decoded: Iterable[DecodedCall]) -> tuple[DecodedCall, ...]:
    """The calls that swap at a venue, with or without a minimum."""
    return tuple(
        call for call in decoded if call.position is None and (call.venue is not None or call.minimum is not None)
    )


def cost_of(
    proposal: Proposal,
    rows: tuple[HoldingRow, ...],
    paid: tuple[Payment, ...],
    outcome: Outcome | None,
    positions: tuple[PositionRow, ...] = (),
    deposits: int | None = 0,
) -> Cost:
    """The cost of trading at oracle prices; payments are no cost.

    Args:
        deposits: what deposits may lose by their minimums; None when it cannot be told.
    """
    sent: Counter[Address] = Counter()
    for payment in paid:
        sent[payment.address] += payment.units
    moved = [position.usd_change for position in positions]
    known = not other_assets(proposal) and None not in moved
    expected = [*(row.usd(row.delta + sent[row.token.address]) for row in rows), *moved]
    realised = [row.usd((row.realised_delta or 0) + sent[row.token.address]) for row in rows]
    native = next((row for row in rows if row.token.is_native), None)
    return Cost(
        sold=_total([value for value in expected if value is None or value < 0], known, rows),
        expected=_total(expected, known, rows),
        worst=_worst(proposal, deposits),
        realised=_total(realised, known, rows) if outcome and outcome.success and not positions else None,
        gas_used=outcome.gas_used if outcome else proposal.simulation.gas_used,
        gas_usd=native.usd(outcome.gas_cost) if outcome and native else None,
    )


def _total(values: Sequence[int | None], known: bool, rows: tuple[HoldingRow, ...]) -> int | None:
    """Minus the sum; None when a token that moves has no price."""
    if not known or any(row.changes and row.price is None for row in rows):
        return None
    return -sum(value for value in values if value is not None)


def _worst(proposal: Proposal, deposits: int | None) -> int | None:
    """Loss if every swap and deposit came exactly at the minimum in its bytes."""
    lines = {line.token.address: line for line in proposal.holdings}
    swaps = [call.minimum for call in trades(proposal.decoded)]
    if deposits is None or not (swaps or deposits):
        return None
    loss = deposits
    for minimum in swaps:
        if minimum is None:
            return None
        sold, sold_units, bought, least = minimum
        if sold not in lines or bought not in lines:
            return None
        given, got = _usd(lines[sold], sold_units), _usd(lines[bought], least)
        if given is None or got is None:
            return None
        loss += given - got
    return loss
