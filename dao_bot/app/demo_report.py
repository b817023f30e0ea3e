"""The end of the demo: what each strategy did, promised and kept, for people and as facts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from dao_bot.cards.tables import Column, table
from dao_bot.cards.text import number, short_hash
from dao_bot.domain.lifecycle import State
from dao_bot.domain.promises import Promise, promises
from dao_bot.domain.proposals import Outcome
from dao_bot.store.values import StoredProposal

if TYPE_CHECKING:
    from rich.console import RenderableType

_PLACES = 6


@dataclass(frozen=True, slots=True)
class Played:
    """One strategy's turn.

    Attributes:
        detail: why it decided as it did; for a strategy without a proposal, why there is none.
        title: of the card.
        stored, outcome: None where it came to none.
        files: the card, and what else was written.
        promotion: hash of the transaction by which owners let it go through the module; None where they did not.
    """

    strategy: str
    detail: str
    title: str = ""
    stored: StoredProposal | None = None
    outcome: Outcome | None = None
    files: tuple[Path, ...] = ()
    promotion: str | None = None

    @property
    def executed(self) -> bool:
        return self.stored is not None and self.stored.state is State.EXECUTED

    @property
    def promises(self) -> tuple[Promise, ...]:
        if self.stored is None or self.outcome is None:
            return ()
        return promises(self.stored.proposal, self.outcome)

    @property
    def as_promised(self) -> bool:
        """It was executed, and every balance changed within the bounds that its bytes set."""
        return self.executed and all(each.kept for each in self.promises)

    @property
    def transaction_hash(self) -> str | None:
        return self.outcome.transaction_hash if self.outcome else None


def facts(played: Played) -> dict[str, object]:
    """One strategy for programs; amounts in base units, as strings."""
    stored = played.stored
    return {
        "strategy": played.strategy,
        "state": stored.state if stored else "nothing",
        "route": stored.proposal.batch.transaction.route if stored else None,
        "reason": played.detail,
        "proposal": stored.id if stored else None,
        "transaction_hash": played.transaction_hash,
        "policy_passed": stored.proposal.verdict.passed if stored else None,
        "as_promised": played.as_promised,
        "promotion": played.promotion,
        "changes": [_change(each) for each in played.promises],
        "card": str(played.files[0]) if played.files else None,
        "brief": [str(path) for path in played.files[1:]],
    }


def _change(promise: Promise) -> dict[str, object]:
    return {
        "token": promise.token.symbol,
        "decimals": promise.token.decimals,
        "expected": str(promise.expected),
        "least": str(promise.least),
        "most": None if promise.most is None else str(promise.most),
        "realised": str(promise.realised),
        "kept": promise.kept,
    }


def summary(played: Sequence[Played], width: int) -> RenderableType:
    """One table of what was done, and one of what was promised of each balance and came."""
    from rich.console import Group

    return Group(_deeds(played, width), "", _figures(played, width))


def _deeds(played: Sequence[Played], width: int) -> RenderableType:
    columns = [Column("strategy"), Column("state"), Column("what", flexible=True), Column("transaction", keep=7)]
    rows = [row for one in played for row in _rows(one)]
    return table(columns, rows, width, title="What the strategies did")


def _rows(one: Played) -> Iterator[list[str]]:
    if one.promotion is not None:
        yield [
            one.strategy,
            "executed",
            "Promoted by its owners: their signatures are needed no more",
            short_hash(one.promotion),
        ]
    state = str(one.stored.state) if one.stored else "nothing"
    yield [one.strategy, state, one.title or one.detail, short_hash(one.transaction_hash or "")]


def _figures(played: Sequence[Played], width: int) -> RenderableType:
    columns = [
        Column("strategy"),
        Column("token"),
        Column("at worst", keep=7, right=True),
        Column("expected", right=True),
        Column("realised", right=True),
        Column("", keep=8),
    ]
    rows = [
        [
            one.strategy,
            each.token.symbol,
            *(number(units, each.token.decimals, _PLACES, signed=True) for units in _units(each)),
            "kept" if each.kept else "NOT KEPT",
        ]
        for one in played
        for each in one.promises
    ]
    return table(columns, rows, width, title="What was promised of the Safe's balances, and came")


def _units(promise: Promise) -> tuple[int, int, int]:
    return promise.least, promise.expected, promise.realised
