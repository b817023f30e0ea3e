"""The card of a decision to do nothing: why not now."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from dao_bot.cards.model import StrategyWords
from dao_bot.cards.terminal import heading, pairs, plain
from dao_bot.cards.text import SHORT, clean, utc
from dao_bot.cards.words import words_of
from dao_bot.domain.decisions import Decision
from dao_bot.domain.runs import Block, RunId

if TYPE_CHECKING:
    from rich.console import Group, RenderableType


@dataclass(frozen=True, slots=True)
class DecisionCard:
    """What a run that proposes nothing leaves behind; all words are the strategy's."""

    title: str
    strategy: str
    nominal: int
    block: Block
    words: StrategyWords


def tell_decision(run: RunId, block: Block, decision: Decision) -> DecisionCard:
    """The card of `decision`, which has no operations."""
    strategy = clean(run.strategy, SHORT)
    return DecisionCard(f"{strategy} does nothing now", strategy, run.nominal, block, words_of(decision))


def decision_text(card: DecisionCard, width: int = 80) -> str:
    """The card as plain text without colours."""
    return plain(decision_renderable(card), width)


def decision_renderable(card: DecisionCard) -> Group:
    """The card for a rich console."""
    from rich.console import Group
    from rich.panel import Panel
    from rich.text import Text

    words = card.words
    body = Text(card.title, style="bold")
    body.append(f"\nrun of {utc(card.nominal)}, block {card.block.number:,} at {utc(card.block.timestamp)}", "not bold")
    rows = [("Why not now", f"“{words.reason}”"), *(("", f"“{sentence}”") for sentence in words.summary)]
    if words.wake_at is not None:
        rows.append(("Asks again at", utc(words.wake_at)))
    parts: list[RenderableType] = [Panel(body, title="Nothing to do", title_align="left"), "", pairs(rows)]
    if words.evidence:
        parts += ["", heading("What it saw"), pairs(words.evidence)]
    if words.binding:
        parts += ["", heading("Limits that bind, and what one more unit of each would be worth"), pairs(words.binding)]
    return Group(*parts)
