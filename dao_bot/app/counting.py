"""`dao-bot tally`: the count of a vote, made anew from the record."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from dao_bot.app.exits import DONE
from dao_bot.app.output import print_json, print_text
from dao_bot.app.wiring import make_assembly, open_desk
from dao_bot.cards.text import clean, duration, utc
from dao_bot.domain.errors import StoreError
from dao_bot.domain.units import format_units
from governance.ballots.optimistic import Optimistic
from governance.ballots.veto_window import closes_at, elapsed

if TYPE_CHECKING:
    from governance.acts.ballot_box import Counted
    from governance.assembly import Receipt

_POWER_DECIMALS = 6


def tally(path: Path, subject: str, wallet: str | None, as_facts: bool) -> int:
    """The record is verified first, so that what is counted is what was recorded."""
    with open_desk(path) as desk:
        head = desk.store.verify()
        assembly = make_assembly(desk)
        counted = assembly.tally(subject)
        receipt = None if wallet is None else assembly.receipt(subject, wallet)
    if as_facts:
        facts = {"tally": counted.tally.record(), "closed": counted.closed, "void": sorted(counted.void)}
        print_json({**facts, "receipt": receipt, "head": str(head)})
        return DONE
    print_text("\n".join([*_lines(counted), *([] if receipt is None else _receipt_lines(receipt)), f"Record: {head}"]))
    return DONE


def _lines(counted: Counted) -> list[str]:
    result, block = counted.tally, counted.opened.moment.block
    lines = [
        f"Power as of block {block.number} ({utc(block.timestamp)}); {result.votes} wallets voted",
        *(
            f"  {clean(option, 40):40} {format_units(int(score), _POWER_DECIMALS):>20}"
            for option, score in zip(result.options, result.scores, strict=True)
        ),
        f"  of it delegated: {format_units(result.delegated, _POWER_DECIMALS)}",
    ]
    if counted.void:
        lines.append(f"  not confirmed by their contracts: {', '.join(sorted(counted.void))}")
    ends = f"ends {utc(result.ends)}" if result.ends else "the end is not known yet"
    state = f"closed by event {counted.closed}" if counted.closed else f"open, {ends}"
    window = window_line(counted)
    verdict = "passed" if result.outcome.passed else "not passed"
    return [
        *lines,
        f"{state}: {verdict}, {result.outcome.reason}",
        *([window] if window else []),
        f"votes root    {result.votes_root}",
        f"input digest  {result.input_digest}",
    ]


def window_line(counted: Counted) -> str | None:
    """How far the veto window has run, counted again from when the card was seen; None of other kinds of vote.

    Raises:
        StoreError: a vote was closed at another time than the record's sightings give.
    """
    ballot, ends = counted.opened.ballot, counted.tally.ends
    if not isinstance(ballot.method, Optimistic):
        return None
    again = closes_at(ballot.method, counted.seen, ballot.opens)
    if counted.closed is not None and again != ends:
        raise StoreError(
            "the veto window did not end when the vote was closed",
            value=f"closed at {ends}",
            limit=f"{again}, by the times in the record in which the card was seen",
        )
    ran = elapsed(counted.seen, ballot.opens, counted.opened.subject.valid_until if ends is None else ends)
    times = f"in {len(counted.seen)} times in which the card was seen"
    return f"the veto window ran {duration(ran)} of {duration(ballot.method.window)}, {times}"


def _receipt_lines(receipt: Receipt) -> list[str]:
    return [
        f"The vote of {receipt.vote.wallet} is in, with the receipt {receipt.receipt}",
        *(f"  beside the way to the root: {beside}" for beside in receipt.path),
    ]
