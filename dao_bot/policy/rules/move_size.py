"""No more than a stated value leaves the Safe in one run and in a sliding window, in total and for each token."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fractions import Fraction
from typing import ClassVar, Self

from pydantic import Field, model_validator

from dao_bot.domain.errors import Refused
from dao_bot.domain.tokens import Token
from dao_bot.domain.units import format_usd
from dao_bot.domain.verdict import RuleReport
from dao_bot.fields import DurationField, Settings, TokenField, UsdField
from dao_bot.policy.facts import Move, PolicyFacts
from dao_bot.policy.movements import outflows
from dao_bot.policy.report import at_most
from dao_bot.policy.valuation import exact_value, price_of, round_up
from dao_bot.policy.words import token_at, token_named


class MoveSizeParams(Settings):
    """Parameters of the rule `move_size`."""

    per_run: UsdField = Field(ge=0, description="largest value that one batch takes out of the Safe")
    window: DurationField = Field(gt=0, description="length of the sliding window")
    per_window: UsdField = Field(ge=0, description="largest value that all batches of a window take, this one included")
    tokens: Mapping[TokenField, UsdField] = Field(
        default={}, description="the same limit of a window for single tokens, by symbol"
    )
    tokens_per_run: Mapping[TokenField, UsdField] = Field(
        default={}, description="the limit of one batch for single tokens, by symbol"
    )

    @model_validator(mode="after")
    def _window_holds_a_run(self) -> Self:
        if self.per_window < self.per_run:
            raise ValueError("per_window is smaller than per_run, so per_run could never be used up")
        return self


class MoveSize:
    """Counts what leaves, gross: a swap counts with what it sells, whatever it returns.

    Open proposals of all strategies count as if they were executed now; executed ones count for the length of the
    window, with the value they had then.
    """

    name: ClassVar[str] = "move_size"
    Params: ClassVar[type[Settings]] = MoveSizeParams

    def __init__(self, params: MoveSizeParams) -> None:
        self._params = params

    def check(self, facts: PolicyFacts) -> Iterator[RuleReport]:
        moved = dict(self._moved(facts))
        total = sum(moved.values(), Fraction(0))
        counted = [move for move in facts.moves if self._counts(move, facts.block.timestamp)]
        yield self._report("one run", 0, total, self._params.per_run)
        earlier = sum(move.usd for move in counted)
        yield self._report(self._window_words(), earlier, total + earlier, self._params.per_window)
        for symbol, limit in self._params.tokens_per_run.items():
            yield self._report(f"{symbol}, one run", 0, moved.get(token_named(facts, symbol), Fraction(0)), limit)
        for symbol, limit in self._params.tokens.items():
            token = token_named(facts, symbol)
            earlier = sum(move.usd for move in counted if move.token == token)
            after = moved.get(token, Fraction(0)) + earlier
            yield self._report(f"{symbol}, {self._window_words()}", earlier, after, limit)

    def _moved(self, facts: PolicyFacts) -> Iterator[tuple[Token, Fraction]]:
        for address, units in outflows(facts).items():
            token = token_at(facts, address)
            if token is None:
                raise Refused("a token that is not configured leaves the Safe, so its value is unknown", value=address)
            yield token, exact_value(units, token, price_of(facts, token))

    def _counts(self, move: Move, now: int) -> bool:
        return move.open or now - move.at < self._params.window

    def _window_words(self) -> str:
        hours, rest = divmod(self._params.window, 3600)
        return f"window of {hours} h" if not rest else f"window of {self._params.window} s"

    def _report(self, subject: str, before: int, after: Fraction, limit: int) -> RuleReport:
        return at_most(
            self.name,
            subject,
            before=before,
            after=round_up(after),
            limit=limit,
            render=format_usd,
            message=f"Value that leaves the Safe, {subject}",
            advice="move less, or wait until earlier moves fall out of the window",
        )
