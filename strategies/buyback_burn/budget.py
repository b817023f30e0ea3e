"""What may be spent now: a period's budget, in slices at moments that nobody has to keep in memory."""

from __future__ import annotations

from dataclasses import dataclass

from dao_bot.strategy import RunId, Spend, Token

DAY = 86_400


@dataclass(frozen=True, slots=True)
class Period:
    """A period and its slices.

    Attributes:
        moments: when each slice falls due, growing: the first with the period, each other one somewhere in its equal
            part of it.
    """

    start: int
    length: int
    moments: tuple[int, ...]

    @property
    def end(self) -> int:
        return self.start + self.length

    def due(self, now: int) -> int:
        """How many slices are due."""
        return sum(moment <= now for moment in self.moments)

    def next_moment(self, now: int) -> int:
        """When the next slice falls due; the end of the period when none is left."""
        return min((moment for moment in self.moments if moment > now), default=self.end)


def period_at(now: int, length: int, slices: int, strategy: str) -> Period:
    """The period of `now`. Its moments follow from strategy and period alone, so every run of it sees the same."""
    start = now // length * length
    run = RunId(strategy, start)
    moments = [start]
    for number in range(1, slices):
        first, after = start + number * length // slices, start + (number + 1) * length // slices
        moments.append(first + run.seed({"slice": number, "of": slices}) % (after - first))
    return Period(start, length, tuple(moments))


@dataclass(frozen=True, slots=True)
class Spent:
    """What this strategy has spent, in USD (WAD); what it bought and burned is no spending.

    Attributes:
        period: since the period began, open proposals included.
        day: within the last 24 hours.
        last: when it last bought; None when it did not within what is remembered.
        open: whether a proposal of it is still open.
    """

    period: int
    day: int
    last: int | None
    open: bool


def spent(spends: tuple[Spend, ...], token: Token, start: int, now: int) -> Spent:
    """The sums of the record; `start` is when the period began."""
    own = [spend for spend in spends if spend.token != token]
    return Spent(
        period=sum(spend.usd for spend in own if spend.open or spend.at >= start),
        day=sum(spend.usd for spend in own if spend.open or spend.at > now - DAY),
        last=max((spend.at for spend in own if not spend.open), default=None),
        open=any(spend.open for spend in own),
    )


def due_now(budget: int, slices: int, due: int, already: int) -> int:
    """USD (WAD) that may be spent now: what is due and not spent, at most one slice, never beyond the budget."""
    return max(min(budget * due // slices - already, budget // slices), 0)
