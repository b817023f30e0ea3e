"""Measures and limits as people read them, in the terminal and on the page."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator

from dao_bot.backtest.buyers import Buyer
from dao_bot.backtest.crisis import Line
from dao_bot.backtest.execution import Fill, LiquidityFill
from dao_bot.backtest.measures import Measures
from dao_bot.backtest.purchases import ALLOWED_BPS, FEWEST_STRETCHES, LEVEL, Verdict
from dao_bot.backtest.result import Ending, Result
from dao_bot.cards.text import clean, duration, utc


def dollars(value: float) -> str:
    """`2,300,000 USD`; small amounts with cents."""
    return f"{value:,.0f} USD" if abs(value) >= 10_000 else f"{value:,.2f} USD"


def share(value: float) -> str:
    """`-7.25 %`."""
    return f"{value * 100.0 + 0.0:.2f} %"


def cost_words(measures: Measures) -> str:
    """How the cost is made up."""
    return f"fees and impact {dollars(measures.cost)}, gas {dollars(measures.gas)}"


def line_words(line: Line) -> str:
    """A limit and what came out."""
    return f"{line.limit}: {_value(line, line.value)}"


def bound_words(line: Line) -> str:
    """What the limit allows."""
    return f"{'at least' if line.at_least else 'at most'} {_value(line, line.bound)}"


def _value(line: Line, value: float) -> str:
    if line.unit in ("share", "of holding"):
        return share(value)
    return f"{value:.1f} {line.unit}" if line.unit == "months" else f"{value:.2f}"


def fill_words(fill: Fill) -> str:
    """`1,000 USDT for 999.80 USDC`."""
    return f"{fill.sold} for {fill.bought}" if fill.bought else f"{fill.sold} {_GONE.get(fill.kind, 'gone')}"


def change_words(change: LiquidityFill) -> str:
    """`position 1: minted with 10 DAO and 1 WETH`."""
    amounts = " and ".join(str(amount) for amount in change.paid or change.received)
    return f"position {change.token_id}: {_CHANGES.get(change.kind, change.kind)}{f' {amounts}' if amounts else ''}"


_GONE = {"burn": "burnt", "transfer": "paid out"}
_CHANGES = {
    "mint_position": "made with",
    "increase_liquidity": "enlarged by",
    "decrease_liquidity": "liquidity taken out",
    "collect_fees": "paid out",
}


def measure_rows(measures: Measures) -> Iterator[tuple[str, str]]:
    """Every measure under its name."""
    yield "Value at the beginning", dollars(measures.start_value)
    yield "Value at the end", dollars(measures.final_value)
    yield "Had it been held", dollars(measures.final_hold)
    yield "Had it been spread equally", dollars(measures.final_equal)
    yield "Worst mark below the beginning", _against(measures.worst, measures.worst_hold)
    yield "Deepest fall from a height", _against(measures.drawdown, measures.drawdown_hold)
    if measures.runway_least is not None and measures.runway_final is not None:
        yield "Months of runway", f"{measures.runway_final:.1f} at the end, {measures.runway_least:.1f} at the least"
        yield "Days below the least runway", f"{measures.days_short or 0.0:.2f}"
    yield "Turnover", share(measures.turnover)
    yield "Fees and impact", f"{dollars(measures.cost)} ({_bps(measures.cost, measures.start_value)})"
    yield "Gas, paid by the sender", dollars(measures.gas)
    if measures.provided or measures.earned:
        yield "In own liquidity at the end", f"{dollars(measures.provided)}; fees earned {dollars(measures.earned)}"
    yield "Days outside of what the policy allows", f"{measures.days_outside:.2f} of {measures.days:.2f}"
    yield "Days without a price of something held", f"{measures.days_unknown:.2f}"
    yield "Runs", ", ".join(f"{ending} {count:,}" for ending, count in measures.endings.items()) or "none"
    yield "Batches", f"{measures.executed:,} executed, {measures.failed:,} not"


def trouble_rows(result: Result) -> list[tuple[str, str, str, str]]:
    """What did not go well, the most frequent first: strategy, what (and how often), when first, and why in words.

    Runs that failed, that the policy refused, that paused a strategy, and batches that were not executed; what differs
    in its numbers alone is one row, with the words of the first.
    """
    found = [
        (visit.run.strategy, f"run {visit.ending}", visit.at, visit.words)
        for visit in result.visits
        if visit.ending in _TROUBLE
    ]
    found += [
        (deed.batch.strategy, "batch not executed", deed.at, deed.failure)
        for deed in result.deeds
        if deed.failure is not None
    ]
    groups: defaultdict[tuple[str, str, str], list[tuple[int, str]]] = defaultdict(list)
    for strategy, what, at, words in found:
        groups[strategy, what, _NUMBERS.sub("#", words)].append((at, words))
    rows = []
    for (strategy, what, _), group in sorted(groups.items(), key=lambda item: (-len(item[1]), min(item[1]))):
        at, words = min(group)
        rows.append((strategy, f"{what} x {len(group):,}" if len(group) > 1 else what, utc(at), clean(words, 400)))
    return rows


_TROUBLE = frozenset({Ending.FAILED, Ending.REFUSED, Ending.PAUSED})
_NUMBERS = re.compile(r"\d[\d,.]*")


def buyer_title(buyer: Buyer) -> str:
    """`Was it good to buy DAO? buyback: undecided`."""
    return f"Was it good to buy {buyer.token.symbol}? {buyer.strategy}: {buyer.judgement.verdict}"


def buyer_rows(buyer: Buyer) -> Iterator[tuple[str, str]]:
    """How good purchases with a budget were, also when they were not."""
    found = buyer.judgement
    compared = f"spending evenly within each {duration(buyer.stretch)}"
    yield "Purchases", f"{buyer.purchases:,} for {dollars(buyer.spent)}"
    yield "Average price paid", f"{found.average:,.6f} USD"
    yield "Time-weighted price over the same time", f"{found.twap:,.6f} USD"
    yield "Average against time-weighted", f"{found.above_twap_bps:+.1f} bp; at most {ALLOWED_BPS:+.0f} bp is good"
    yield f"Saved against {compared}", _with_interval(found.saving_bps, found.interval_bps)
    yield "Saved against spending evenly afterwards", _with_interval(found.later_bps, found.later_interval_bps)
    yield "Verdict", f"{_VERDICTS[found.verdict]} {' '.join(found.sentences())}"


_VERDICTS = {
    Verdict.GOOD: "Good.",
    Verdict.BAD: "Bad.",
    Verdict.UNDECIDED: "Undecided: that it was good is not shown.",
}


def _with_interval(saved: float | None, interval: tuple[float, float] | None) -> str:
    if saved is None:
        return "not known"
    if interval is None:
        return f"{saved:+.1f} bp; no interval from fewer than {FEWEST_STRETCHES} stretches of time"
    return f"{saved:+.1f} bp; {LEVEL:.0%} interval {interval[0]:+.1f} to {interval[1]:+.1f} bp"


def _against(own: float, hold: float) -> str:
    return f"{share(-own)} (holding {share(-hold)})"


def _bps(part: float, whole: float) -> str:
    return f"{part / whole * 10_000:.1f} bps" if whole else "0 bps"
