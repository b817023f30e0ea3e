"""What a rule asks of people, in one line."""

from __future__ import annotations

from dao_bot.domain.units import format_ratio, format_units, format_usd
from governance.acts.terms import BallotTerms, StewardTerms, Terms
from governance.ballots.for_against import ForAgainst
from governance.ballots.optimistic import Optimistic
from governance.ballots.power import POWER_DECIMALS


def in_words(terms: Terms) -> str:
    """Such as `2 stewards approve, 1 veto defeats it; members vote for 3 d, quorum 100,000.00, more than 50.00 %`."""
    parts = []
    if terms.stewards is not None:
        parts.append(_stewards(terms.stewards))
    if terms.ballot is not None:
        parts.append(_ballot(terms.ballot))
    if terms.signed_above is not None:
        parts.append(f"above {format_usd(terms.signed_above)} only what wallets signed counts")
    return "; ".join(parts) or "nobody is asked"


def _stewards(terms: StewardTerms) -> str:
    vetoes = f"{terms.vetoes} {'veto defeats' if terms.vetoes == 1 else 'vetoes defeat'} it"
    return f"{terms.approvals} stewards approve, {vetoes}" if terms.approvals else f"of stewards {vetoes}"


def _ballot(terms: BallotTerms) -> str:
    method = terms.method
    if isinstance(method, Optimistic):
        return f"it passes unless a power of {_power(method.veto_power)} vetoes it in {_time(method.window)} of sight"
    words = f"members vote for {_time(terms.duration or 0)}"
    if isinstance(method, ForAgainst):
        words += f", quorum {_power(method.quorum)}, more than {format_ratio(method.threshold)} for it"
    return words


def _power(units: int) -> str:
    return format_units(units, POWER_DECIMALS)


def _time(seconds: int) -> str:
    for length, unit in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= length and seconds % length == 0:
            return f"{seconds // length} {unit}"
    return f"{seconds} s"
