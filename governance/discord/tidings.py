"""What is said in a proposal's thread when something came to an end."""

from __future__ import annotations

import discord

from dao_bot.cards.model import Tone
from dao_bot.domain.lifecycle import State
from governance.acts.freeze import Freeze
from governance.discord.cards import COLOURS, asked_lines, footer, vote_lines
from governance.discord.exhibit import Exhibit
from governance.discord.places import Message
from governance.discord.words import code, cut, plain, when

_DECIDED = {
    State.SUCCEEDED: "Approved",
    State.QUEUED: "Approved",
    State.READY: "Approved",
    State.EXECUTING: "Approved",
    State.EXECUTED: "Approved",
    State.DEFEATED: "Turned down",
}


def decision_of(exhibit: Exhibit) -> Message | None:
    """How it was decided; None while it is not, or where nobody was asked."""
    words = _DECIDED.get(exhibit.stored.state)
    asks = exhibit.asks
    if words is None or (asks.stewards is None and asks.ballot is None):
        return None
    good = exhibit.stored.state is not State.DEFEATED
    lines = [*asked_lines(exhibit), *vote_lines(exhibit.counted)]
    if good:
        lines.append("It executes only what was approved, byte by byte, and only as the Safe or its module allow.")
    embed = discord.Embed(
        title=words, description=cut(lines, 4000), colour=COLOURS[Tone.GOOD if good else Tone.NEUTRAL]
    )
    embed.set_footer(text=footer("decision", exhibit.id))
    return Message(embed)


def outcome_of(exhibit: Exhibit) -> tuple[str, Message] | None:
    """(which end, what is said of it); None while it is open."""
    if not exhibit.is_over:
        return None
    card, part = exhibit.card, f"outcome {exhibit.stored.state}"
    lines = [plain(card.story.result or card.status.words, 900)]
    if card.outcome is not None:
        lines.append(f"Transaction {code(card.outcome.transaction_hash)} in block {card.outcome.block_number:,}")
    embed = discord.Embed(
        title=plain(card.status.words), description=cut(lines, 4000), colour=COLOURS[card.status.tone]
    )
    embed.set_footer(text=footer(part, exhibit.id))
    return part, Message(embed)


def freeze_of(held: Freeze, *, has_page: bool) -> Message:
    """That approvals are stopped, why, and what ends it."""
    lines = [
        f"Since {when(held.at)}, by {plain(held.by, 80)}: {plain(held.reason, 500)}",
        "Votes, approvals and delegations through Discord are stopped. What wallets sign counts, and so do vetoes.",
        f"{how_it_ends(has_page=has_page)} No button does, and nobody who asks for a key or a phrase helps.",
    ]
    embed = discord.Embed(title="Approvals are frozen", description="\n".join(lines), colour=COLOURS[Tone.DANGER])
    embed.set_footer(text=footer("freeze", f"freeze {held.number}"))
    return Message(embed)


def how_it_ends(*, has_page: bool) -> str:
    """A freeze; what stewards do for it."""
    page = f", or on the wallet page, to which {code('/freeze')} gives a link when no reason is named"
    return f"Stewards end it with their wallets: {code('dao-bot unfreeze')}{page if has_page else ''}."


def unfreeze_of(subject: str) -> Message:
    """That they go on."""
    embed = discord.Embed(
        title="Approvals go on",
        description="Enough stewards have signed with their wallets that the freeze is over.",
        colour=COLOURS[Tone.GOOD],
    )
    embed.set_footer(text=footer("unfreeze", subject))
    return Message(embed)
