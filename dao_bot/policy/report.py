"""Making rule reports: a number against its limit, compared as exact integers and told in words."""

from __future__ import annotations

from collections.abc import Callable

from dao_bot.domain.verdict import RuleReport

BINDING_TOLERANCE_BPS = 50
"""A limit binds when less than this part of it (basis points) is left."""


def at_most(
    rule: str,
    subject: str,
    *,
    before: int,
    after: int,
    limit: int,
    render: Callable[[int], str],
    message: str,
    advice: str,
) -> RuleReport:
    """`after` may not exceed `limit`; all three in one unit, which `render` writes."""
    violated = after > limit
    binds = not violated and 0 < limit and (limit - after) * 10_000 <= limit * BINDING_TOLERANCE_BPS
    return RuleReport(
        rule,
        subject,
        render(before),
        render(after),
        f"at most {render(limit)}",
        binds,
        violated,
        _sentence(message, f"{render(after)} is more than the {render(limit)} allowed; {advice}", violated),
    )


def at_least(
    rule: str,
    subject: str,
    *,
    before: int,
    after: int,
    limit: int,
    render: Callable[[int], str],
    message: str,
    advice: str,
) -> RuleReport:
    """`after` may not fall below `limit`; all three in one unit, which `render` writes."""
    violated = after < limit
    binds = not violated and 0 < limit and (after - limit) * 10_000 <= limit * BINDING_TOLERANCE_BPS
    return RuleReport(
        rule,
        subject,
        render(before),
        render(after),
        f"at least {render(limit)}",
        binds,
        violated,
        _sentence(message, f"{render(after)} is less than the {render(limit)} required; {advice}", violated),
    )


def kept(rule: str, subject: str, message: str, *, before: str = "", after: str = "", limit: str = "") -> RuleReport:
    """A rule without a number is kept."""
    return RuleReport(rule, subject, before, after, limit, False, False, message)


def broken(rule: str, subject: str, message: str, *, before: str = "", after: str = "", limit: str = "") -> RuleReport:
    """A rule is broken, or cannot be evaluated, which is the same."""
    return RuleReport(rule, subject, before, after, limit, False, True, message)


def _sentence(message: str, problem: str, violated: bool) -> str:
    return f"{message}: {problem}." if violated else f"{message}."
