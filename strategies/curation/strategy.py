"""`curation`: learns from stakes what the community prefers, moves a budget toward it, and briefs the makers."""

from __future__ import annotations

from typing import Any, ClassVar

from dao_bot.domain.errors import BadInput
from dao_bot.domain.units import WAD, format_usd
from dao_bot.strategy import (
    Decision,
    Events,
    Evidence,
    Holdings,
    Memory,
    Need,
    Observation,
    Prices,
    SpendHistory,
    usd_value,
)
from strategies.curation import params as settings
from strategies.curation.brief import SCHEMA, brief, verdict
from strategies.curation.community import gather
from strategies.curation.grants import Grant, Room, grants, percent, transfers, usd_of
from strategies.curation.learned import Learned, learn
from strategies.curation.pages import page

NAMED = 5


class Curation:
    """Method, limits and what was measured: docs/strategies/curation.md.

    Its memory is the preference brief of its last run: `{"brief": ..., "page": Markdown}`.
    """

    name: ClassVar[str] = "curation"
    Params: ClassVar[type[settings.Params]] = settings.Params

    def __init__(self, params: settings.Params) -> None:
        self._params = params
        self._prices = Prices((params.token,))
        self._spent = SpendHistory(params.period)

    def needs(self) -> tuple[Need[Any], ...]:
        """All events since the contracts began, holdings, the price of what is paid in, and own spending."""
        params = self._params
        streams = [params.stakes.stream, params.unstakes.stream, *(each.stream for each in params.outcomes)]
        if params.registrations is not None:
            streams.append(params.registrations.stream)
        events = (Events(stream) for stream in dict.fromkeys(streams))
        return (Holdings(), self._prices, self._spent, *events)

    def decide(self, seen: Observation) -> Decision:
        """Grants and a brief; or the brief and why nothing is granted now.

        Raises:
            BadInput: the paying token is not configured, or events are impossible.
        """
        if self._params.token not in seen.tokens:
            raise BadInput("the token to pay in is not configured", value=self._params.token)
        seed = seen.run.seed(self._params.model_dump(mode="json")) % 2**32
        learned = learn(gather(self._params, seen), self._params, seen.block.timestamp, seed)
        told = brief(learned, seen.block)
        memory = Memory(SCHEMA, {"brief": told, "page": page(told)})
        room = self._room(seen)
        evidence = _evidence(learned)
        if isinstance(room, str):
            return Decision.nothing(room, evidence=evidence, memory=memory)
        granted = grants(learned, self._params, room)
        if not granted:
            reason = (
                f"Nothing is granted: no work that can be paid has backing worth {format_usd(self._params.smallest)}."
            )
            return Decision.nothing(reason, evidence=evidence, memory=memory)
        return _granted(granted, room, learned, evidence, memory)

    def _room(self, seen: Observation) -> Room | str:
        """What may be spent, or why nothing may."""
        params = self._params
        spent = seen[self._spent]
        if any(each.open for each in spent):
            return "An earlier proposal of this strategy is still open; it is decided anew after it."
        token = seen.tokens[params.token]
        priced = seen[self._prices][token]
        price = priced.usd
        if not price:
            why = "; ".join(priced.problems) or "its price is zero"
            return f"Nothing is granted: {token.symbol}, which is paid, has no usable USD price ({why})."
        held = seen[Holdings()].get(token)
        limits = {
            "the budget of the period": params.budget - sum(each.usd for each in spent),
            "the Safe's holding": usd_value(token.amount(max(held.available, 0) if held else 0), price),
        }
        if params.per_run is not None:
            limits["the limit of one run"] = params.per_run
        bound_by = min(limits, key=lambda name: limits[name])
        if limits[bound_by] < params.smallest:
            left = format_usd(max(limits[bound_by], 0))
            return f"Nothing is granted: {bound_by} leaves {left}, less than the smallest grant."
        return Room(token, limits[bound_by], price, bound_by)


def _granted(
    granted: tuple[Grant, ...], room: Room, learned: Learned, evidence: tuple[Evidence, ...], memory: Memory
) -> Decision:
    units = sum(each.amount.units for each in granted)
    total = room.token.amount(units)
    shown = [f"{each.amount} for {each.work}{' (on trial)' if each.trial else ''}" for each in granted[:NAMED]]
    more = f", and {len(granted) - NAMED} more" if len(granted) > NAMED else ""
    trial = sum(each.amount.units for each in granted if each.trial)
    operations = transfers(granted)
    return Decision(
        operations=operations,
        reason=f"Moves a budget toward the works with the most conviction behind them. {verdict(learned)}",
        summary=(
            f"Sends {total} to {len(operations)} recipients: {', '.join(shown)}{more}.",
            f"It costs {format_usd(usd_of(units, room))} of the treasury and gas; {room.bound_by} sets the limit.",
            "It can fail if a transfer is refused; then nothing happens. What the community backs today may please it "
            "less tomorrow, and what is sent does not come back.",
        ),
        evidence=(
            Evidence("granted", round(usd_of(units, room) / WAD, 2), "USD"),
            Evidence("of it on trial", percent(trial, units), "%"),
            *evidence,
        ),
        memory=memory,
    )


def _evidence(learned: Learned) -> tuple[Evidence, ...]:
    community = learned.community
    first = [community.names[work] for work in learned.ranking.order[:NAMED].tolist()]
    found = [Evidence("events", len(community.log)), Evidence("highest ranking", ", ".join(first))]
    for name, score in learned.trust.scores.items():
        if score.community is not None:
            found.append(Evidence(f"NDCG@10, {name}", round(score.community.mean, 4)))
    calibration = learned.trust.calibration
    if calibration is not None:
        found.append(Evidence("calibration error", round(calibration.error * 100.0, 2), "%"))
    without = float(learned.voices.newcomers.sum())
    whole = without + float(learned.voices.total.sum())
    if whole:
        found.append(Evidence("conviction without standing", round(without / whole * 100.0, 2), "%"))
    return tuple(found)
