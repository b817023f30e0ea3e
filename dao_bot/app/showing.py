"""Cards on the screen and in files, from a draft or from the record."""

from __future__ import annotations

import shutil
from pathlib import Path

from dao_bot.app.output import print_json, print_shown
from dao_bot.app.wiring import Desk
from dao_bot.cards.data import as_json
from dao_bot.cards.model import CardModel
from dao_bot.cards.page import as_page
from dao_bot.cards.terminal import renderable
from dao_bot.domain.errors import BadInput
from dao_bot.engine import telling
from dao_bot.store.values import StoredProposal


def terminal_width() -> int:
    """Columns for a card, within what is comfortable to read."""
    return max(60, min(shutil.get_terminal_size((100, 24)).columns, 120))


def show_card(card: CardModel, *, as_facts: bool, html: Path | None) -> None:
    """On the screen or as facts; and as a page, where one is asked for."""
    if as_facts:
        print_json(as_json(card))
    else:
        print_shown(renderable(card, terminal_width()), terminal_width())
    if html is not None:
        write_page(html, card)


def write_page(path: Path, card: CardModel) -> None:
    """The card as one self-contained HTML file."""
    write_file(path, as_page(card))


def write_file(path: Path, text: str) -> None:
    """A file that the user named.

    Raises:
        BadInput: it cannot be written.
    """
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise BadInput(f"{path} cannot be written: {error.strerror}", next_step="Name another file") from error


def card_of(desk: Desk, stored: StoredProposal) -> CardModel:
    """The card of a proposal in the record, as it is now."""
    return telling.card_of(desk.services, desk.store, stored)
