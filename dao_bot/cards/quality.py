"""How well a batch was executed, for the card, `show`, Discord and `report` alike: what came against what was expected,
and against the oracle's mid prices of the decision; gas; and the time it took.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from dao_bot.cards.model import Cost, HoldingRow, Payment, Quality, Times
from dao_bot.cards.text import bps, duration, number, usd, utc
from dao_bot.domain.addresses import Address
from dao_bot.domain.proposals import Outcome


def quality_of(
    rows: Sequence[HoldingRow], cost: Cost, outcome: Outcome, paid: Sequence[Payment], times: Times
) -> Quality:
    """Of one execution.

    Args:
        rows, cost, paid: of the card, made with this outcome. What is paid away or burned is no trade.
    """
    sent: Counter[Address] = Counter()
    for payment in paid:
        sent[payment.address] += payment.units
    moved = {row: row.realised_delta or 0 for row in rows}
    traded = {row: units + sent[row.token.address] for row, units in moved.items()}
    sold = None if cost.realised is None else _value({row: -units for row, units in traded.items() if units < 0})
    return Quality(
        out=_value({row: -units for row, units in moved.items() if units < 0}),
        back=_value({row: units for row, units in moved.items() if units > 0}),
        sold=sold,
        expected=cost.expected,
        realised=cost.realised,
        shortfall=_value({row: row.delta - units for row, units in moved.items() if row.delta != units}),
        gas=cost.gas_usd,
        gas_units=outcome.gas_used,
        gas_cost=outcome.gas_cost,
        times=times,
    )


def quality_lines(quality: Quality) -> Iterator[tuple[str, str]]:
    """For people: name and words."""
    if quality.sold and quality.realised is not None:
        yield "cost against the oracle", f"{_sized(quality.realised, quality.realised_share)} of what was sold"
        yield "expected cost", _sized(quality.expected, quality.expected_share)
    if quality.shortfall is not None:
        short, share = abs(quality.shortfall), quality.shortfall_share
        word = "less" if quality.shortfall > 0 else "more"
        came = f"{_sized(short, None if share is None else abs(share))} {word} than promised"
        yield "came", came if short else "exactly as promised"
    paid = f"{quality.gas_units:,} gas, {number(quality.gas_cost, 18, 6)} of the native coin"
    yield "gas", paid if quality.gas is None else f"{paid}, {usd(quality.gas)}"
    yield from _when(quality)


def quality_words(quality: Quality) -> str:
    """The same on one line: cost expected and realised, and how long it took."""
    if quality.realised is None:
        words = "its cost cannot be told"
    elif not quality.sold:
        words = "traded nothing"
    else:
        expected, realised = (
            _sized(value, share)
            for value, share in (
                (quality.expected, quality.expected_share),
                (quality.realised, quality.realised_share),
            )
        )
        words = f"cost {expected} expected, {realised} realised"
    return words if quality.to_finality is None else f"{words}; final after {duration(quality.to_finality)}"


def _when(quality: Quality) -> Iterator[tuple[str, str]]:
    times = quality.times
    if times.approved_at is not None:
        yield "approved", utc(times.approved_at)
    if times.executed_at is not None:
        yield "executed", _after(times.executed_at, quality.to_execution)
    if times.final_at is not None:
        yield "final", _after(times.final_at, quality.to_finality)


def _after(at: int, seconds: int | None) -> str:
    return utc(at) if seconds is None else f"{utc(at)}, {duration(seconds)} after the approval"


def _sized(value: int | None, share: int | None) -> str:
    return usd(value) if share is None else f"{usd(value)}, {bps(share)}"


def _value(amounts: Mapping[HoldingRow, int]) -> int | None:
    values = [row.usd(units) for row, units in amounts.items()]
    return None if None in values else sum(value for value in values if value is not None)
