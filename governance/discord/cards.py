"""The card of a proposal as a message: three plain sentences first, then what binds, what it asks, and the hash."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

import discord

from dao_bot.cards.model import CardModel, Tone
from dao_bot.cards.quality import quality_lines, quality_words
from dao_bot.cards.text import duration, number, utc
from governance.acts.ballot_box import Counted
from governance.acts.freeze import Freeze
from governance.acts.stands import Stand, Stood
from governance.acts.terms import Terms
from governance.ballots.method import Method
from governance.ballots.optimistic import Optimistic
from governance.ballots.shares import shares
from governance.discord.exhibit import Exhibit, Past
from governance.discord.press import Press, Verb
from governance.discord.reply import Button, Item, Menu
from governance.discord.words import MOST_DESCRIPTION, MOST_TITLE, code, cut, name, plain, when

PICTURE = "card.png"
COLOURS = {
    Tone.NEUTRAL: 0x667284,
    Tone.ACTIVE: 0x0B62C1,
    Tone.GOOD: 0x0A7A6C,
    Tone.CAUTION: 0xC98A00,
    Tone.DANGER: 0xB93F08,
}
_SENTENCE = 900
_POWER_DECIMALS = 6
_ONE_OF, _SOME_OF = frozenset({"for-against", "optimistic", "single-choice"}), "approval"
_MOST_BUTTONS, _MOST_IN_MENU = 10, 25
_MOST_IN_ORDER = 10


def thread_name(exhibit: Exhibit) -> str:
    """Of the thread of a proposal."""
    return thread_title(exhibit.id, exhibit.card.title)


def thread_title(subject: str, title: str) -> str:
    """The beginning of the id makes it findable, whatever the title is."""
    return name(f"{marker(subject)} {title}")


def marker(proposal_id: str) -> str:
    """What tells the thread of a proposal from others."""
    return f"[{proposal_id[2:10]}]"


def footer(part: str, subject: str) -> str:
    """By which a message is found again."""
    return f"{part} · {subject}"


def card_embed(exhibit: Exhibit, treasury: str, *, pictured: bool) -> discord.Embed:
    """Everything but the picture and the buttons."""
    card = exhibit.card
    embed = discord.Embed(
        title=plain(card.title, MOST_TITLE), description=_story(card), colour=COLOURS[card.status.tone]
    )
    embed.add_field(name="Status", value=plain(card.status.words), inline=True)
    embed.add_field(name="Can be executed until", value=when(card.valid_until), inline=True)
    for heading, lines in (
        (
            "How it was executed",
            [f"{each}: {words}" for each, words in quality_lines(card.quality)] if card.quality else [],
        ),
        ("Asked of people", list(asked_lines(exhibit))),
        ("The vote", list(vote_lines(exhibit.counted))),
        ("Limits", _limits(card)),
        ("Worth knowing", [f"{concern.tone.value}: {plain(concern.text, 300)}" for concern in card.concerns]),
        (f"Last results of {plain(card.strategy, 80)}", _past(exhibit.past)),
    ):
        if lines:
            embed.add_field(name=heading, value=cut(lines), inline=False)
    embed.add_field(name="What is approved (batch hash)", value=code(card.batch_hash), inline=False)
    embed.set_author(name=name(treasury, 60))
    embed.set_footer(text=footer("card", card.proposal_id))
    if pictured:
        embed.set_image(url=f"attachment://{PICTURE}")
    return embed


class Asked(Protocol):
    """What people are asked to decide: a proposal, a mandate, or a question; `part` is that of its card's post."""

    @property
    def id(self) -> str: ...
    @property
    def part(self) -> str: ...
    @property
    def asks(self) -> Terms: ...
    @property
    def stood(self) -> tuple[Stood, ...]: ...
    @property
    def counted(self) -> Counted | None: ...
    @property
    def frozen(self) -> Freeze | None: ...
    @property
    def value(self) -> int: ...
    @property
    def waits(self) -> bool: ...
    @property
    def votes_open(self) -> bool: ...


def card_buttons(exhibit: Asked) -> tuple[Item, ...]:
    """What can be done about it now. Nothing executes because of a button alone."""
    subject = exhibit.id
    made: list[Item] = []
    counted = exhibit.counted
    if exhibit.frozen is None and exhibit.votes_open and counted is not None and not counted.opened.signed:
        made += vote_items(subject, counted.opened.ballot.method)
    if exhibit.waits and exhibit.asks.stewards is not None:
        if exhibit.frozen is None and exhibit.asks.stewards.approvals:
            made.append(Button(Press(Verb.APPROVE, subject), "Approve (stewards)"))
        made.append(Button(Press(Verb.VETO, subject), "Veto (stewards)", danger=True))
    if isinstance(exhibit, Exhibit):
        made.append(Button(Press(Verb.DETAILS, subject), "All details"))
    return tuple(made)


def vote_items(subject: str, method: Method) -> list[Item]:
    """How to choose with a click; nothing where it takes more than that, or offers more than a menu holds."""
    options, several = method.options, method.kind == _SOME_OF
    if method.kind in _ONE_OF and len(options) <= _MOST_BUTTONS:
        return [Button(Press(Verb.VOTE, subject, str(number)), option) for number, option in enumerate(options, 1)]
    if (several or method.kind in _ONE_OF) and len(options) <= _MOST_IN_MENU:
        label = "Choose as many as you like" if several else "Choose one"
        return [Menu(Press(Verb.CHOOSE, subject), label, options, several)]
    return []


def tally_lines(counted: Counted) -> list[str]:
    """Turnout, which says of what the shares are, then each option with its share and power.

    Where there are so many options that not all may fit, the strongest come first.
    """
    tally = counted.tally
    shown = shares(counted.opened.ballot.method, tally)
    who = "1 wallet" if tally.votes == 1 else f"{tally.votes:,} wallets"
    lines = [f"{who} voted with {number(tally.total, _POWER_DECIMALS)} of power; {shown.words}"]
    rows = list(zip(tally.options, tally.scores, shown.parts, strict=True))
    if len(rows) > _MOST_IN_ORDER:
        rows.sort(key=lambda row: -row[1])
    for option, score, share in rows:
        bar = "█" * round(share * 20)
        lines.append(f"{plain(option, 60)}: {float(share):.1%} · {number(int(score), _POWER_DECIMALS)} {bar}".rstrip())
    return lines


def _story(card: CardModel) -> str:
    sentences = [
        ("What changes", card.story.changes),
        ("What it costs", card.story.costs),
        ("How it can fail", card.story.fails),
        ("What came of it", card.story.result),
    ]
    told = [f"**{heading}.** {plain(text, _SENTENCE)}" for heading, text in sentences if text]
    return "\n\n".join(told)[:MOST_DESCRIPTION]


def asked_lines(exhibit: Asked) -> Iterator[str]:
    """What the rule asks, and how far it is."""
    asks = exhibit.asks
    if exhibit.frozen is not None and exhibit.waits:
        yield f"**Approvals are frozen**: {plain(exhibit.frozen.reason)}. Only vetoes and signatures count."
    if asks.stewards is not None:
        approving = [stood.steward for stood in exhibit.stood if stood.stand is Stand.APPROVE]
        vetoing = [stood for stood in exhibit.stood if stood.stand is Stand.VETO]
        who = f": {', '.join(plain(one, 40) for one in approving)}" if approving else ""
        if asks.stewards.approvals:
            yield f"{len(approving)} of {asks.stewards.approvals} stewards approve{who}"
        for stood in vetoing:
            reason = f": “{plain(stood.reason)}”" if stood.reason else ""
            yield f"{plain(stood.steward, 40)} vetoes{reason}"
    if asks.ballot is not None and exhibit.counted is None and exhibit.waits:
        yield "Members vote on it; the vote opens at the keeper's next look"
    if asks == Terms():
        yield "Neither members nor stewards are asked: what executes is what owners sign, or the chain's limits allow"
    if asks.must_be_signed(exhibit.value):
        yield (
            "Only votes and approvals that wallets signed count; `/vote` without a choice and *Approve* lead to the "
            "page on which they sign"
        )
    if isinstance(exhibit, Exhibit):
        yield from _owners(exhibit)


def _owners(exhibit: Exhibit) -> Iterator[str]:
    """Who has signed, once there is something to sign."""
    card = exhibit.card
    if card.signatures is not None and exhibit.stored.nonce is not None and not exhibit.is_over:
        signed = [party.label or party.address for party in card.signatures.signed]
        named = f": {', '.join(plain(one, 50) for one in signed)}" if signed else ""
        yield f"{len(signed)} of {card.signatures.threshold} owners have signed at nonce {exhibit.stored.nonce}{named}"


def vote_lines(counted: Counted | None) -> Iterator[str]:
    if counted is None:
        return
    yield from tally_lines(counted)
    tally = counted.tally
    if counted.closed is not None:
        yield f"Closed: {plain(tally.outcome.reason)}"
    elif tally.ends is not None:
        yield f"Ends {when(tally.ends)}, by the chain's time"
    elif isinstance(counted.opened.ballot.method, Optimistic):
        window = duration(counted.opened.ballot.method.window)
        yield f"Passes unless vetoed; the window of {window} runs only while this card is seen and the bot is well"


def _limits(card: CardModel) -> list[str]:
    """The rules that bind or are broken; of the others only how many they are."""
    near = [row for row in card.rules if row.binds or row.violated]
    lines = [
        f"{row.verdict}: {plain(f'{row.rule} {row.subject}'.strip(), 80)} — {plain(row.after, 60)}, "
        f"{plain(row.limit, 60)}"
        for row in near
    ]
    kept = len(card.rules) - len(near)
    return [*lines, f"{kept} rules of the policy are kept with room to spare" if kept else "no rule was applied"]


def _execution(card: CardModel) -> list[str]:
    return [] if card.quality is None else [f"{heading}: {words}" for heading, words in quality_lines(card.quality)]


def _past(past: tuple[Past, ...]) -> list[str]:
    return [f"{utc(one.at)[:10]}: {quality_words(one.quality)}" for one in past]


def card_text(exhibit: Exhibit) -> str:
    """The card in short, for an answer that one user alone sees."""
    card = exhibit.card
    lines = [f"**{plain(card.title, MOST_TITLE)}** — {plain(card.status.words)}", _story(card)]
    lines += [*asked_lines(exhibit), *vote_lines(exhibit.counted), f"Can be executed until {when(card.valid_until)}"]
    return cut([*lines, f"Batch hash {code(card.batch_hash)}"], 2000)
