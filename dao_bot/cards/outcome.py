"""Expected against realised, as one table for the terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dao_bot.cards.money import holding_rows
from dao_bot.cards.tables import table
from dao_bot.cards.terminal import holding_cells, holding_columns
from dao_bot.domain.proposals import Outcome, Proposal

if TYPE_CHECKING:
    from rich.table import Table


def outcome_table(proposal: Proposal, outcome: Outcome, width: int = 80) -> Table:
    """Token, before, expected, realised and their difference, of every token that moved or should have."""
    rows = [holding_cells(row)[:-1] for row in holding_rows(proposal, outcome) if row.changes]
    return table(holding_columns(executed=True)[:-1], rows, width, title="Expected and realised holdings of the Safe")
