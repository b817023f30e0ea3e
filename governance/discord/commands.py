"""The slash commands. Each one says who asks and what for; what it does stands in `facts` and `acts`."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import discord
from discord import app_commands

from dao_bot.cards.text import clean
from dao_bot.domain.lifecycle import OPEN_STATES
from governance.acts.mandates import proposed_mandates
from governance.discord import acts, facts
from governance.discord.caller import Caller, caller_of
from governance.discord.clerk import Clerk
from governance.discord.house import House
from governance.discord.questions import KINDS, open_questions
from governance.discord.reply import Reply

Choice = app_commands.Choice[str]
Read = Callable[[House, Caller], Reply]


def add_commands(tree: app_commands.CommandTree, place: discord.Object, house: House, clerk: Clerk) -> None:
    """All of them, for one guild."""

    async def read(interaction: discord.Interaction, look: Callable[[], Reply]) -> None:
        caller = caller_of(interaction)

        def work() -> Reply:
            caller.reader(house)
            return look()

        await clerk.read(interaction, work)

    async def suggest(interaction: discord.Interaction, so_far: str) -> list[Choice]:
        if not caller_of(interaction).may_read(house):
            return []
        return await clerk.in_thread(partial(_proposals_like, house, so_far))

    async def suggest_strategy(_: discord.Interaction, so_far: str) -> list[Choice]:
        names = [one for one in house.services.strategies if so_far.lower() in one]
        return [app_commands.Choice(name=one, value=one) for one in names[:25]]

    @tree.command(name="inbox", description="What awaits you, until when, and what doing nothing means", guild=place)
    async def inbox(interaction: discord.Interaction) -> None:
        await clerk.read(interaction, partial(acts.inbox, house, caller_of(interaction)))

    @tree.command(name="proposals", description="Batches, mandates and questions that are open", guild=place)
    @app_commands.describe(everything="also those that are over")
    @app_commands.rename(everything="all")
    async def proposals(interaction: discord.Interaction, everything: bool = False) -> None:
        await read(interaction, partial(facts.proposals, house, everything=everything))

    @tree.command(
        name="proposal",
        description="One batch, mandate or question: what it changes, costs, and how it can fail",
        guild=place,
    )
    @app_commands.describe(proposal="its id, or the beginning of it")
    @app_commands.autocomplete(proposal=suggest)
    async def proposal(interaction: discord.Interaction, proposal: app_commands.Range[str, 6, 100]) -> None:
        await read(interaction, partial(facts.proposal, house, proposal))

    @tree.command(
        name="treasury", description="What the treasury holds, beside its caps, and how long that lasts", guild=place
    )
    async def treasury(interaction: discord.Interaction) -> None:
        await read(interaction, partial(facts.treasury, house))

    @tree.command(
        name="strategies",
        description="What each strategy decided last, and why not now; stewards pause and resume",
        guild=place,
    )
    @app_commands.describe(action="for stewards", strategy="which one to pause or resume", reason="why it is paused")
    @app_commands.choices(
        action=[app_commands.Choice(name="pause", value="pause"), app_commands.Choice(name="resume", value="resume")]
    )
    @app_commands.autocomplete(strategy=suggest_strategy)
    async def strategies(
        interaction: discord.Interaction,
        action: Choice | None = None,
        strategy: app_commands.Range[str, 1, 100] = "",
        reason: app_commands.Range[str, 0, 300] = "",
    ) -> None:
        caller = caller_of(interaction)
        if action is None:
            await read(interaction, partial(facts.strategies, house))
        elif action.value == "pause":
            await clerk.act(interaction, partial(acts.pause, house, caller, strategy, reason))
        else:
            await clerk.act(interaction, partial(acts.resume, house, caller, strategy))

    @tree.command(name="vote", description="Vote with your linked wallets, or on the wallet page", guild=place)
    @app_commands.describe(
        proposal="its id, or the beginning of it",
        choice="an option, several (Blue, Red), parts (Red: 60, Blue: 40); left out: sign with your wallet",
        reason="why; it stands in the record, which others can read",
    )
    @app_commands.autocomplete(proposal=suggest)
    async def vote(
        interaction: discord.Interaction,
        proposal: app_commands.Range[str, 6, 100],
        choice: app_commands.Range[str, 0, 1000] = "",
        reason: app_commands.Range[str, 0, 300] = "",
    ) -> None:
        caller = caller_of(interaction)
        if choice:
            await clerk.act(interaction, acts.VoteRequest(caller, proposal, choice, reason))
        else:
            await clerk.act(interaction, partial(acts.invite, house, caller, "vote", proposal))

    @tree.command(name="link", description="Link a wallet, or take one away, on the wallet page", guild=place)
    @app_commands.describe(remove="take a wallet away instead")
    async def link(interaction: discord.Interaction, remove: bool = False) -> None:
        caller = caller_of(interaction)
        await clerk.act(interaction, partial(acts.invite, house, caller, "unlink" if remove else "link"))

    @tree.command(name="sign", description="As an owner of the Safe, sign a batch on the wallet page", guild=place)
    @app_commands.describe(proposal="its id, or the beginning of it")
    @app_commands.autocomplete(proposal=suggest)
    async def sign(interaction: discord.Interaction, proposal: app_commands.Range[str, 6, 100]) -> None:
        await clerk.act(interaction, partial(acts.invite, house, caller_of(interaction), "sign", proposal))

    @tree.command(
        name="delegate", description="Hand your voting power to another wallet, in votes that open later", guild=place
    )
    @app_commands.describe(to="a wallet's address, or `nobody`; left out: sign with your wallet")
    async def delegate(interaction: discord.Interaction, to: app_commands.Range[str, 0, 42] = "") -> None:
        await clerk.act(interaction, partial(acts.delegate, house, caller_of(interaction), to))

    @tree.command(name="tally", description="How a vote stands, and how to count it again", guild=place)
    @app_commands.describe(proposal="its id, or the beginning of it")
    @app_commands.autocomplete(proposal=suggest)
    async def tally(interaction: discord.Interaction, proposal: app_commands.Range[str, 6, 100]) -> None:
        await read(interaction, partial(facts.tally, house, proposal))

    @tree.command(name="ask", description="Stewards put a question to the vote; it binds nothing", guild=place)
    @app_commands.describe(
        question="in one line",
        options="what can be chosen, with semicolons between them",
        power="what a vote weighs: a name under governance.power of the configuration",
        duration="how long the vote takes: 3d",
        kind="how it is counted",
        quorum="least power of all votes together",
    )
    @app_commands.choices(kind=[app_commands.Choice(name=kind, value=kind) for kind in KINDS])
    async def ask(
        interaction: discord.Interaction,
        question: app_commands.Range[str, 1, 300],
        options: app_commands.Range[str, 3, 4000],
        power: app_commands.Range[str, 1, 100],
        duration: app_commands.Range[str, 2, 20],
        kind: Choice | None = None,
        quorum: app_commands.Range[str, 1, 40] = "0",
    ) -> None:
        counted = KINDS[0] if kind is None else kind.value
        asked = acts.NewQuestion(question, options, counted, power, duration, quorum)
        await clerk.act(interaction, partial(acts.ask, house, caller_of(interaction), asked))

    @tree.command(
        name="freeze",
        description="Stewards stop approvals and votes through Discord, or end that on the wallet page",
        guild=place,
    )
    @app_commands.describe(reason="why; it is shown everywhere; left out: sign with your wallet, also to end a freeze")
    async def freeze(interaction: discord.Interaction, reason: app_commands.Range[str, 0, 300] = "") -> None:
        await clerk.act(interaction, partial(acts.freeze, house, caller_of(interaction), reason))


def _proposals_like(house: House, so_far: str) -> list[Choice]:
    """Questions, mandates and proposals; ids are what is chosen."""
    now = house.now()
    named = [(poll.hash, poll.title) for poll in open_questions(house, now)]
    mandates = [one.mandate for one in proposed_mandates(house.store)]
    named += [(mandate.hash, mandate.title) for mandate in mandates if now <= mandate.expires or so_far]
    latest = [stored for stored in house.latest() if stored.state in OPEN_STATES or so_far]
    named += [(stored.id, stored.proposal.run.strategy) for stored in latest]
    found = [app_commands.Choice(name=clean(f"{id_[2:10]} {title}", 90)[:100], value=id_) for id_, title in named]
    return [one for one in found if so_far.lower().removeprefix("0x") in one.name.lower()][:25]
