"""Answers that one user alone sees."""

from __future__ import annotations

import io
import logging
from dataclasses import dataclass

import discord

from dao_bot.domain.errors import DaoBotError
from governance.discord.press import Press
from governance.discord.words import name, plain

MOST_TEXT = 2000
NOBODY = discord.AllowedMentions.none()
_LONGEST_LABEL = 80

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Button:
    """One button. `danger` colours it; it says in words what it does all the same."""

    press: Press
    label: str
    danger: bool = False


@dataclass(frozen=True, slots=True)
class Menu:
    """Options to choose from, by their numbers from 1: one, or as many as one likes."""

    press: Press
    label: str
    options: tuple[str, ...]
    several: bool


Item = Button | Menu


@dataclass(frozen=True, slots=True)
class Reply:
    """What is answered. `text` is safe already: whatever others wrote in it went through `words.plain`.

    Attributes:
        picture: PNG.
    """

    text: str
    picture: bytes | None = None
    buttons: tuple[Item, ...] = ()


def error_reply(error: DaoBotError) -> Reply:
    """What is wrong, the value, the limit and the next step, as the error says it."""
    text = str(error)
    return Reply(plain(text[:1].upper() + text[1:], MOST_TEXT))


def view_of(items: tuple[Item, ...]) -> discord.ui.View:
    """What can be clicked, and needs no process to remember it; five buttons in a row."""
    view = discord.ui.View(timeout=None)
    for item in items:
        view.add_item(_menu(item) if isinstance(item, Menu) else _button(item))
    view.stop()
    return view


def _button(button: Button) -> discord.ui.Button[discord.ui.View]:
    style = discord.ButtonStyle.danger if button.danger else discord.ButtonStyle.secondary
    return discord.ui.Button(label=name(button.label, _LONGEST_LABEL), style=style, custom_id=button.press.custom_id)


def _menu(menu: Menu) -> discord.ui.Select[discord.ui.View]:
    options = [
        discord.SelectOption(label=name(option), value=str(number)) for number, option in enumerate(menu.options, 1)
    ]
    most = len(options) if menu.several else 1
    return discord.ui.Select(
        custom_id=menu.press.custom_id, placeholder=menu.label, min_values=1, max_values=most, options=options
    )


def picture_file(picture: bytes, name: str = "picture.png") -> discord.File:
    """PNG as an attachment."""
    return discord.File(io.BytesIO(picture), name)


async def send_reply(interaction: discord.Interaction, reply: Reply) -> None:
    """In place of the acknowledgement. That it cannot be shown changes nothing of what is recorded."""
    text = reply.text if len(reply.text) <= MOST_TEXT else reply.text[: MOST_TEXT - 1] + "…"
    try:
        await interaction.edit_original_response(
            content=text,
            attachments=[] if reply.picture is None else [picture_file(reply.picture)],
            view=view_of(reply.buttons) if reply.buttons else None,
            allowed_mentions=NOBODY,
        )
    except (discord.HTTPException, OSError, TimeoutError, RuntimeError) as error:  # RuntimeError: the session is closed
        log.warning("the answer to interaction %s could not be shown: %s", interaction.id, error)
