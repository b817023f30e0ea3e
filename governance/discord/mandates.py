"""The card of a mandate, and the thread that its batches share."""

from __future__ import annotations

from dataclasses import dataclass

import discord

from dao_bot.cards.model import Tone
from dao_bot.cards.text import duration, usd
from dao_bot.domain.units import format_ratio
from governance.acts.ballot_box import Counted
from governance.acts.freeze import Freeze
from governance.acts.stands import Stood
from governance.acts.terms import Terms
from governance.assembly.mandating import MandateState
from governance.discord.cards import COLOURS, asked_lines, card_buttons, footer, vote_lines
from governance.discord.exhibit import MANDATE
from governance.discord.house import House
from governance.discord.places import Message
from governance.discord.words import MOST_TITLE, code, cut, plain, when

_DECIDED = ("approved", "defeated", "expired")


@dataclass(frozen=True, slots=True)
class MandateExhibit:
    """One mandate as people see it now; see `Exhibit`."""

    state: MandateState
    asks: Terms
    stood: tuple[Stood, ...]
    counted: Counted | None
    frozen: Freeze | None

    @property
    def id(self) -> str:
        return self.state.proposed.mandate.hash

    @property
    def part(self) -> str:
        return MANDATE

    @property
    def value(self) -> int:
        return self.state.proposed.mandate.total

    @property
    def waits(self) -> bool:
        return not self.state.state.startswith(_DECIDED)

    @property
    def votes_open(self) -> bool:
        return self.waits and self.counted is not None and self.counted.closed is None


def mandate_exhibits(house: House) -> list[MandateExhibit]:
    """All that were proposed, the oldest first."""
    return [
        MandateExhibit(
            state,
            house.assembly.question(state.proposed.mandate.hash).terms,
            house.assembly.stands(state.proposed.mandate.hash),
            house.counted(state.proposed.mandate.hash),
            house.assembly.frozen(),
        )
        for state in house.assembly.mandates()
    ]


def mandate_card(exhibit: MandateExhibit, house: House) -> Message:
    """Three sentences, the bounds, and what was spent of them."""
    mandate, labels = exhibit.state.proposed.mandate, house.services.labels
    worst = mandate.total * mandate.worst_price // 10**18
    sentences = (
        f"**What changes.** Batches of {plain(mandate.strategy, 60)} inside these bounds need no approval of their "
        "own; each is still simulated, held to the policy, and signed by owners or held to the chain's limits.",
        f"**What it costs.** Up to {usd(mandate.total)} may leave the Safe, {usd(mandate.per_window)} within "
        f"{duration(mandate.window)}, and at most {format_ratio(mandate.worst_price)} of it may be lost against the "
        f"oracle's prices: {usd(worst)}.",
        "**How it can fail.** It is worth nothing with another policy, configuration or code, nor after its end.",
    )
    good = exhibit.state.state == "approved"
    embed = discord.Embed(
        title=plain(mandate.title, MOST_TITLE),
        description="\n\n".join(sentences),
        colour=COLOURS[Tone.GOOD if good else Tone.ACTIVE if exhibit.waits else Tone.NEUTRAL],
    )
    embed.set_author(name=plain(house.name, 60))
    embed.add_field(name="Status", value=plain(exhibit.state.state, 300), inline=True)
    embed.add_field(name="Ends", value=when(mandate.expires), inline=True)
    embed.add_field(name="Spent so far", value=usd(exhibit.state.spent), inline=True)
    tokens = [plain(labels.get(token, token), 80) for token in mandate.tokens]
    for heading, lines in (
        ("Tokens that may move", tokens),
        ("Asked of people", list(asked_lines(exhibit))),
        ("The vote", list(vote_lines(exhibit.counted))),
    ):
        if lines:
            embed.add_field(name=heading, value=cut(lines), inline=False)
    embed.add_field(name="What is approved (hash of the mandate)", value=code(mandate.hash), inline=False)
    embed.set_footer(text=footer(MANDATE, exhibit.id))
    return Message(embed, card_buttons(exhibit))
