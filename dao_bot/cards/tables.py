"""Terminal tables whose numbers are never cut: a column that does not fit is left out whole."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.table import Table

_GAP = 2


@dataclass(frozen=True, slots=True)
class Column:
    """One column.

    Attributes:
        keep: columns with the lowest go first when the terminal is narrow.
        flexible: its cells may wrap, at the latest after `most` characters.
    """

    heading: str
    keep: int = 9
    right: bool = False
    flexible: bool = False
    most: int | None = None
    style: str = ""


def table(
    columns: Sequence[Column],
    rows: Sequence[Sequence[str]],
    width: int,
    *,
    styles: Sequence[str] = (),
    title: str | None = None,
) -> Table:
    """A rich table of plain text cells, at most `width` wide. `styles`: one for each row, or none."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    shown = _fitting(columns, rows, width)
    made = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0), show_edge=False, title_justify="left")
    if title:
        made.title = Text(title, style="bold")
    for index in shown:
        column = columns[index]
        made.add_column(
            Text(column.heading),
            justify="right" if column.right else "left",
            no_wrap=not column.flexible,
            overflow="fold",
            style=column.style,
            max_width=column.most,
        )
    for number, row in enumerate(rows):
        made.add_row(*(Text(row[index]) for index in shown), style=styles[number] if styles else "")
    return made


def _fitting(columns: Sequence[Column], rows: Sequence[Sequence[str]], width: int) -> list[int]:
    from rich.cells import cell_len

    def needs(index: int) -> int:
        longest = max((cell_len(text) for text in (columns[index].heading, *(row[index] for row in rows))), default=0)
        return min(longest, 24) if columns[index].flexible else longest

    shown = [index for index in range(len(columns)) if any(row[index] for row in rows)]
    while len(shown) > 1 and sum(needs(index) + _GAP for index in shown) - _GAP > width:
        shown.remove(min(shown, key=lambda index: columns[index].keep))
    return shown
