"""Answers that one user alone sees."""

from __future__ import annotations

import io
import logging
from dataclasses import dataclass

import discord

from dao_bot.domain.errors import DaoBotError
from governance.discord.press import Press
from governance.discord.words import plain

MOST_TEXT = 2000
NOBODY = discord.AllowedMentions.none()

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Button:
    """One button. `danger` colours it; it says in words what it does all the same."""

    press: Press
    label: str
    danger: bool = False


@dataclass(frozen=True, slots=True)
class Reply:
    """What is answered. `text` is safe already: whatever others wrote in it went through `words.plain`.

    Attributes:
        picture: PNG.
    """

    text: str
    picture: bytes | None = None
    buttons: tuple[Button, ...] = ()


def error_reply(error: DaoBotError) -> Reply:
    """What is wrong, the value, the limit and the next step, as the error says it."""
    text = str(error)
    return Reply(plain(text[:1].upper() + text[1:], MOST_TEXT))


def view_of(buttons: tuple[Button, ...]) -> discord.ui.View:
    """Buttons that need no process to remember them; five in a row."""
    view = discord.ui.View(timeout=None)
    for button in buttons:
        style = discord.ButtonStyle.danger if button.danger else discord.ButtonStyle.secondary
        view.add_item(discord.ui.Button(label=button.label[:80], style=style, custom_id=button.press.custom_id))
    view.stop()
    return view


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
