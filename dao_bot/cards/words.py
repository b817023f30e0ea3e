"""The strategy's own words and numbers, cleaned, so that they can be quoted."""

from __future__ import annotations

from dao_bot.cards.model import StrategyWords
from dao_bot.cards.text import PARAGRAPH, SHORT, clean, plain_value
from dao_bot.domain.decisions import Decision

_MOST_SENTENCES = 6
_MOST_ROWS = 40


def words_of(decision: Decision) -> StrategyWords:
    """Reason, summary, evidence and binding constraints as text; long lists are cut, and say so."""
    evidence = [(clean(item.name, SHORT), plain_value(item.value, item.unit)) for item in decision.evidence]
    binding = [(clean(item.name, SHORT), plain_value(item.shadow_price, item.unit)) for item in decision.binding]
    return StrategyWords(
        reason=clean(decision.reason, PARAGRAPH),
        summary=tuple(clean(sentence, PARAGRAPH) for sentence in decision.summary[:_MOST_SENTENCES]),
        evidence=_cut(evidence),
        binding=_cut(binding),
        wake_at=decision.wake_at,
    )


def _cut(rows: list[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    if len(rows) <= _MOST_ROWS:
        return tuple(rows)
    return (*rows[:_MOST_ROWS], (f"and {len(rows) - _MOST_ROWS:,} more", ""))
