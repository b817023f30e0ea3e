"""Buttons and the dialogs that they open."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import discord

from governance.acts.stands import Stand
from governance.discord import acts, facts
from governance.discord.caller import Caller, caller_of
from governance.discord.clerk import Clerk, Work
from governance.discord.house import House
from governance.discord.press import Press, Verb, pressed
from governance.discord.reply import Reply

_REASON = "reason"
_NOT_YOURS = "That answer was for somebody else. Nothing was recorded; `/inbox` shows yours."


async def clicked(house: House, clerk: Clerk, interaction: discord.Interaction) -> None:
    """A button or a menu of one of our messages."""
    data: Mapping[str, Any] = interaction.data or {}
    press = pressed(str(data.get("custom_id", "")))
    if press is None:
        return
    if press.opens_dialog:
        await _ask_why(interaction, press)
        return
    caller = caller_of(interaction)
    if press.verb is Verb.DETAILS:
        await clerk.read(interaction, lambda: _details(house, caller, press.subject))
    elif press.verb is Verb.CHOOSE:
        await clerk.act(interaction, acts.VoteRequest(caller, press.subject, _chosen(data)))
    else:
        await clerk.act(interaction, work_of(house, caller, press))


async def submitted(house: House, clerk: Clerk, interaction: discord.Interaction) -> None:
    """The dialog that asks why."""
    data: Mapping[str, Any] = interaction.data or {}
    press = pressed(str(data.get("custom_id", "")))
    if press is None or press.verb is not Verb.VETO:
        return
    caller, reason = caller_of(interaction), _typed(data)
    await clerk.act(interaction, lambda: acts.stand(house, caller, press.subject, Stand.VETO, reason))


def work_of(house: House, caller: Caller, press: Press) -> Work | acts.VoteRequest:
    """What a press stands for. What a forged one says is held to the same rules as any other."""
    match press.verb:
        case Verb.VOTE:
            return acts.VoteRequest(caller, press.subject, int(press.detail or 0))
        case Verb.APPROVE:
            return lambda: acts.stand(house, caller, press.subject, Stand.APPROVE)
        case Verb.VETO:
            return lambda: acts.stand(house, caller, press.subject, Stand.VETO)
        case _:
            if press.detail != str(caller.user):
                return lambda: Reply(_NOT_YOURS)
            return lambda: acts.set_reminders(house, caller, wanted=press.verb is Verb.REMIND)


def _details(house: House, caller: Caller, proposal_id: str) -> Reply:
    caller.reader(house)
    return facts.details(house, proposal_id)


async def _ask_why(interaction: discord.Interaction, press: Press) -> None:
    """A dialog has to be the first answer, so nothing is looked up before."""
    dialog = discord.ui.Modal(title="Veto", custom_id=press.custom_id, timeout=None)
    dialog.add_item(
        discord.ui.TextInput(
            label="Why? Everybody will read it.",
            custom_id=_REASON,
            style=discord.TextStyle.paragraph,
            required=False,
            max_length=500,
        )
    )
    await interaction.response.send_modal(dialog)
    dialog.stop()


def _chosen(data: Mapping[str, Any]) -> tuple[int, ...]:
    """Numbers of options; what is none is not among them."""
    values = [str(value) for value in data.get("values", [])]
    return tuple(int(value) for value in values if value.isdecimal() and len(value) < 4)


def _typed(data: Mapping[str, Any]) -> str:
    """The text of the one field, in a row or in a label."""
    for row in data.get("components", []):
        for item in row.get("components") or [row.get("component") or {}]:
            if item.get("custom_id") == _REASON:
                return str(item.get("value") or "")
    return ""
