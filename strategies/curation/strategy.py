"""`curation`: learns from stakes what the community prefers, moves a budget toward it, and briefs the makers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, ClassVar

from dao_bot.domain.errors import BadInput
from dao_bot.domain.units import format_usd, mul_down
from dao_bot.strategy import (
    ActionHistory,
    Decision,
    Events,
    Evidence,
    GaugeVotes,
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
from strategies.curation.grants import grants
from strategies.curation.learned import Learned, learn
from strategies.curation.moves import NAMED, Move, of_grants, of_purchases, of_votes
from strategies.curation.pages import page
from strategies.curation.purchases import Market, purchases, quotes_needed
from strategies.curation.room import Room
from strategies.curation.votes import votes


class Curation:
    """Method, limits and what was measured: docs/strategies/curation.md.

    Its memory is the preference brief of its last run: `{"brief": ..., "page": Markdown}`.
    """

    name: ClassVar[str] = "curation"
    Params: ClassVar[type[settings.Params]] = settings.Params

    def __init__(self, params: settings.Params) -> None:
        self._params = params
        self._quotes = quotes_needed(params)
        self._prices = Prices((params.token, *self._quotes))
        self._spent = SpendHistory(params.period)
        self._votes, self._actions = GaugeVotes(), ActionHistory(0)

    def needs(self) -> tuple[Need[Any], ...]:
        """All events since contracts began, holdings, prices and quotes of what is traded, votes, and own actions."""
        params = self._params
        streams = [params.stakes.stream, params.unstakes.stream, *(each.stream for each in params.outcomes)]
        if params.registrations is not None:
            streams.append(params.registrations.stream)
        events = (Events(stream) for stream in dict.fromkeys(streams))
        voting = () if params.gauges is None else (self._votes, self._actions)
        return (Holdings(), self._prices, self._spent, *self._quotes.values(), *voting, *events)

    def decide(self, seen: Observation) -> Decision:
        """Purchases, grants and a brief; or the brief and why nothing is spent now.

        Raises:
            BadInput: the paying token is not configured, or events are impossible.
        """
        if self._params.token not in seen.tokens:
            raise BadInput("the token to pay in is not configured", value=self._params.token)
        seed = seen.run.seed(self._params.model_dump(mode="json")) % 2**32
        learned = learn(gather(self._params, seen), self._params, seen.block.timestamp, seed)
        told = brief(learned, seen.block)
        memory = Memory(SCHEMA, {"brief": told, "page": page(told)})
        evidence = _evidence(learned)
        if self._waits(seen):
            why = "An earlier proposal of this strategy is still open; it is decided anew after it."
            return Decision.nothing(why, evidence=evidence, memory=memory)
        room = self._room(seen)
        moves, problems = ([], (room,)) if isinstance(room, str) else self._spending(learned, room, seen)
        if self._params.gauges is not None:
            voted = votes(learned, self._params, seen[self._votes], seen.block.timestamp)
            if voted:
                moves.append(of_votes(voted, seen[self._votes], self._params))
            else:
                problems += ("No vote on a gauge changes enough, or may yet be changed.",)
        if not moves:
            return Decision.nothing(" ".join(problems), evidence=evidence, memory=memory)
        return _decision(moves, problems, room, learned, evidence, memory)

    def _waits(self, seen: Observation) -> bool:
        """Whether an earlier proposal is open; votes spend nothing, and stand among the actions only."""
        voting = self._params.gauges is not None and any(each.open for each in seen[self._actions])
        return voting or any(each.open for each in seen[self._spent])

    def _spending(self, learned: Learned, room: Room, seen: Observation) -> tuple[list[Move], tuple[str, ...]]:
        """What a run does with its budget; and in words, what it does not and why."""
        moves: list[Move] = []
        problems: tuple[str, ...] = ()
        for_grants = room
        if self._params.purchases is not None:
            to_buy = replace(room, usd=mul_down(room.usd, self._params.purchases.share))
            for_grants = replace(room, usd=room.usd - to_buy.usd)
            bought, reasons = purchases(learned, self._params, to_buy, self._markets(seen))
            problems = tuple(f"Not bought: {reason}." for reason in reasons)
            if bought:
                moves.append(of_purchases(bought, to_buy))
        granted = grants(learned, self._params, for_grants)
        if granted:
            moves.append(of_grants(granted, for_grants))
        if not moves:
            least = format_usd(self._params.smallest)
            problems = (f"Nothing is spent: no work that can be paid has backing worth {least}.", *problems)
        return moves, problems

    def _markets(self, seen: Observation) -> dict[str, Market]:
        paying, prices = seen.tokens[self._params.token], seen[self._prices]
        return {
            symbol: Market(
                (token := seen.tokens[symbol]),
                prices[token],
                next((ladder for ladder in seen[need] if (ladder.sell, ladder.buy) == (paying, token)), None),
            )
            for symbol, need in self._quotes.items()
        }

    def _room(self, seen: Observation) -> Room | str:
        """What may be spent, or why nothing may."""
        params = self._params
        spent = seen[self._spent]
        token = seen.tokens[params.token]
        priced = seen[self._prices][token]
        price = priced.usd
        if not price:
            why = "; ".join(priced.problems) or "its price is zero"
            return f"Nothing is spent: {token.symbol}, which is paid in, has no usable USD price ({why})."
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
            return f"Nothing is spent: {bound_by} leaves {left}, less than the smallest grant or purchase."
        return Room(token, limits[bound_by], price, bound_by)


def _decision(
    moves: Sequence[Move],
    problems: tuple[str, ...],
    room: Room | str,
    learned: Learned,
    evidence: tuple[Evidence, ...],
    memory: Memory,
) -> Decision:
    spent = sum(move.usd for move in moves)
    limit = f"; {room.bound_by} sets the limit" if isinstance(room, Room) and spent else ""
    return Decision(
        operations=tuple(operation for move in moves for operation in move.operations),
        reason=f"Moves a budget toward the works with the most conviction behind them. {verdict(learned)}",
        summary=(
            *(move.summary for move in moves),
            *problems,
            f"It takes {format_usd(spent)} of the budget, and gas{limit}.",
            "It can fail if one of its calls is refused; then nothing happens. What the community backs today may "
            "please it less tomorrow; what is sent does not come back, and what is bought may fall.",
        ),
        evidence=(*(each for move in moves for each in move.evidence), *evidence),
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
