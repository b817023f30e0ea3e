"""The card of a mandate, and the thread that its batches share."""

from __future__ import annotations

from dataclasses import dataclass

import discord

from dao_bot.cards.model import Tone
from dao_bot.cards.text import duration, usd
from dao_bot.domain.errors import NotFound
from dao_bot.domain.units import format_ratio
from governance.acts.ballot_box import Counted
from governance.acts.freeze import Freeze
from governance.acts.mandates import Mandate
from governance.acts.stands import Stood
from governance.acts.terms import Terms
from governance.assembly.mandating import MandateState
from governance.discord.cards import COLOURS, asked_lines, card_buttons, footer, vote_lines
from governance.discord.exhibit import MANDATE
from governance.discord.house import House
from governance.discord.places import Message
from governance.discord.words import MOST_TITLE, code, cut, plain, when

_OVER = ("defeated", "expired")
_DECIDED = ("approved", *_OVER)


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

    @property
    def is_over(self) -> bool:
        """Whether it lets nothing through any more."""
        return self.state.state.startswith(_OVER)


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


def mandate_named(house: House, subject_id: str) -> MandateExhibit | None:
    """The mandate of that id, or of the beginning of it; None where it is none.

    Raises:
        BadInput: nothing can be named so.
    """
    try:
        named = house.assembly.question(subject_id).mandate
    except NotFound:
        return None
    return None if named is None else next(one for one in mandate_exhibits(house) if one.id == named.mandate.hash)


def mandate_line(exhibit: MandateExhibit) -> str:
    """One that is open, in a list."""
    mandate = exhibit.state.proposed.mandate
    return f"{code(exhibit.id[:10])} {plain(mandate.title, 90)} — {plain(exhibit.state.state, 120)}"


def mandate_text(exhibit: MandateExhibit) -> str:
    """The card in short, for an answer that one user alone sees."""
    mandate = exhibit.state.proposed.mandate
    lines = [f"**{plain(mandate.title, MOST_TITLE)}** — {plain(exhibit.state.state, 300)}", *_sentences(mandate)]
    lines += [*asked_lines(exhibit), *vote_lines(exhibit.counted)]
    lines += [f"Spent so far: {_spent(exhibit.state)}", f"Ends {when(mandate.expires)}"]
    return cut([*lines, f"Hash of the mandate {code(mandate.hash)}"], 2000)


def mandate_card(exhibit: MandateExhibit, house: House) -> Message:
    """Three sentences, the bounds, and what was spent of them."""
    mandate, labels = exhibit.state.proposed.mandate, house.services.labels
    good = exhibit.state.state == "approved"
    embed = discord.Embed(
        title=plain(mandate.title, MOST_TITLE),
        description="\n\n".join(_sentences(mandate)),
        colour=COLOURS[Tone.GOOD if good else Tone.ACTIVE if exhibit.waits else Tone.NEUTRAL],
    )
    embed.set_author(name=plain(house.name, 60))
    embed.add_field(name="Status", value=plain(exhibit.state.state, 300), inline=True)
    embed.add_field(name="Ends", value=when(mandate.expires), inline=True)
    embed.add_field(name="Spent so far", value=_spent(exhibit.state), inline=True)
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


def _sentences(mandate: Mandate) -> tuple[str, ...]:
    worst = mandate.total * mandate.worst_price // 10**18
    return (
        f"**What changes.** Batches of {plain(mandate.strategy, 60)} inside these bounds need no approval of their "
        "own; each is still simulated, held to the policy, and signed by owners or held to the chain's limits.",
        f"**What it costs.** Up to {usd(mandate.total)} may leave the Safe, {usd(mandate.per_window)} within "
        f"{duration(mandate.window)}, and at most {format_ratio(mandate.worst_price)} of it may be lost against the "
        f"oracle's prices: {usd(worst)}.",
        "**How it can fail.** It is worth nothing with another policy, configuration or code, nor after its end.",
    )


def _spent(state: MandateState) -> str:
    return "unknown, so it lets nothing through" if state.spent is None else usd(state.spent)
