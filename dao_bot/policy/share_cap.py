"""A share of the treasury against its cap, also when it was above the cap before the batch."""

from __future__ import annotations

from fractions import Fraction

from dao_bot.domain.units import format_ratio
from dao_bot.domain.verdict import RuleReport
from dao_bot.policy.report import at_most, kept
from dao_bot.policy.valuation import round_up


def share_cap(
    rule: str, subject: str, *, before: Fraction, after: Fraction, bought: bool, cap: int, drift: int
) -> RuleReport:
    """`after` may not exceed `cap`, unless the batch adds nothing and the share rises by no more than `drift`.

    The exception lets a treasury that is above a cap go back in steps, and do other things meanwhile. It does not
    depend on the cap, so that a wider cap never refuses what a narrower one allows. All ratios are WAD.
    """
    if after > cap and not bought and after <= before + drift:
        return kept(
            rule,
            subject,
            f"Above its cap already; the batch does not add to {subject}.",
            before=format_ratio(round_up(before)),
            after=format_ratio(round_up(after)),
            limit=f"at most {format_ratio(cap)}",
        )
    return at_most(
        rule,
        subject,
        before=round_up(before),
        after=round_up(after),
        limit=cap,
        render=format_ratio,
        message=f"Share of the treasury in {subject}",
        advice=f"add less to {subject}",
    )
