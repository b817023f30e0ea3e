"""The outcome of a question: the option with the most power wins, if the quorum is reached and nobody is level."""

from __future__ import annotations

from governance.ballots.method import Count, Outcome


def most_power(options: tuple[str, ...], count: Count, total: int, quorum: int) -> Outcome:
    """The one option on top; level options decide nothing. Quorum is the power of all counted votes, as on Snapshot."""
    top = max(count.scores)
    if top == 0:
        return Outcome(False, (), "no option has any power")
    winners = tuple(number for number, score in enumerate(count.scores, start=1) if score == top)
    names = " and ".join(options[number - 1] for number in winners)
    if total < quorum:
        return Outcome(False, winners, f"the quorum is not reached; {names} leads")
    if len(winners) > 1:
        return Outcome(False, winners, f"{names} are level")
    return Outcome(True, winners, f"{names} has the most power")
