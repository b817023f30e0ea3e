"""`dao-bot tally`: the count of a vote, made anew from the record."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from dao_bot.app.exits import DONE
from dao_bot.app.output import print_json, print_text
from dao_bot.app.wiring import make_assembly, open_desk
from dao_bot.cards.text import clean, utc
from dao_bot.domain.units import format_units

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
    verdict = "passed" if result.outcome.passed else "not passed"
    return [
        *lines,
        f"{state}: {verdict}, {result.outcome.reason}",
        f"votes root    {result.votes_root}",
        f"input digest  {result.input_digest}",
    ]


def _receipt_lines(receipt: Receipt) -> list[str]:
    return [
        f"The vote of {receipt.vote.wallet} is in, with the receipt {receipt.receipt}",
        *(f"  beside the way to the root: {beside}" for beside in receipt.path),
    ]
