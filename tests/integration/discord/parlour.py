"""The bot at work: the demo world's treasury, a local Discord, and the real discord.py client between them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from dao_bot.app.chatting import make_house
from dao_bot.devnet.discord import LocalDiscord, Person, UserInteraction
from dao_bot.devnet.discord.model import Channel, ChannelType, Message, Role
from dao_bot.devnet.discord.server import TOKEN
from dao_bot.domain.lifecycle import State
from governance.acts.kinds import VOTED
from governance.discord.press import Press, Verb
from governance.discord.supervise import Supervisor
from governance.wallets.person import Person as Member
from governance.wallets.sign_in import Page
from tests.integration.discord.kit import local_discord, until
from tests.integration.governance.town import ANN, STEWARDS, Town, Wallet, open_town

if TYPE_CHECKING:
    from dao_bot.devnet import Anvil, World

TOKEN_VARIABLE = "DAO_BOT_TEST_DISCORD_TOKEN"  # noqa: S105 - the name of a variable
BOTH = {
    "use": "stewards-and-ballot",
    "stewards": {"approvals": "2"},
    "ballot": {"power": "members", "duration": "1h", "quorum": "1000"},
}
"""A rule under which stewards and members both decide."""
T = TypeVar("T")


@dataclass
class Parlour:
    """Everything of one scene."""

    local: LocalDiscord
    town: Town
    forum: Channel
    news: Channel
    members: Role
    stewards: Role
    supervisor: Supervisor
    running: asyncio.Task[None] | None = None
    people: dict[str, Person] = field(default_factory=dict)

    async def member(self, name: str, *wallets: Wallet, steward: bool = False) -> Person:
        """Somebody with the members' role and linked wallets."""
        roles = [self.members.id, *([self.stewards.id] if steward else [])]
        made = self.people[name] = self.local.person(name, *roles)
        await asyncio.to_thread(self._link, made, wallets)
        return made

    async def steward(self, name: str) -> Person:
        """One of `STEWARDS`, with the role and the wallet."""
        return await self.member(name, STEWARDS[name], steward=True)

    def _link(self, who: Person, wallets: tuple[Wallet, ...]) -> None:
        page = Page("vote.example.org", "https://vote.example.org/", self.town.office.world.chain_id)
        member = Member(self.local.guild.id, who.id)
        for wallet in wallets:
            text = self.town.assembly.begin_link(member, page).message(wallet.address).text()
            self.town.assembly.finish_link(page, text, wallet.sign_text(text), member)

    async def start(self) -> None:
        """The bot connects, and is ready."""
        house = make_house(self.town.office.desk)
        self.supervisor = Supervisor(house, self.local.token)
        self.running = asyncio.create_task(self.supervisor.run())
        await until(lambda: self.running_client_is_ready() or (self.running is not None and self.running.done()))
        if self.running.done():
            self.running.result()

    async def supervisor_with_its_old_token(self) -> None:
        """Runs with the token that was right once."""
        await Supervisor(make_house(self.town.office.desk), TOKEN).run()

    def running_client_is_ready(self) -> bool:
        client = self.supervisor.client
        return client is not None and client.is_ready() and client.board.rounds > 0

    async def stop(self) -> None:
        """As SIGTERM does."""
        if self.running is not None:
            await self.supervisor.stop()
            await self.running
            self.running = None

    async def kill(self) -> None:
        """As a crash does: nothing is finished."""
        assert self.running is not None
        self.running.cancel()
        await asyncio.gather(self.running, return_exceptions=True)
        if self.supervisor.client is not None:
            await self.supervisor.client.close()
        self.running = None

    async def propose(self, whole: int = 1000) -> str:
        return await asyncio.to_thread(self.town.propose, whole)

    async def tick(self) -> None:
        await asyncio.to_thread(self.town.office.tick)

    async def later(self, seconds: int) -> None:
        await asyncio.to_thread(self.town.later, seconds)

    async def finish(self, proposal: str) -> State:
        return await asyncio.to_thread(self.town.finish, proposal)

    async def card(self, proposal: str) -> Message:
        """The card's message, once it is posted."""
        await until(lambda: self.cards(proposal))
        return self.cards(proposal)[0]

    def cards(self, proposal: str) -> list[Message]:
        return self.said(f"card · {proposal}")

    def said(self, footer: str) -> list[Message]:
        """All messages with this footer."""
        return [
            message
            for message in self.local.messages.by_id.values()
            if any((embed.get("footer") or {}).get("text") == footer for embed in message.embeds)
        ]

    def click(self, who: Person, card: Message, verb: Verb, proposal: str, detail: str = "") -> UserInteraction:
        return who.click(card, Press(verb, proposal, detail).custom_id)


@asynccontextmanager
async def open_parlour(
    directory: Path,
    world: World,
    anvil: Anvil,
    rule: Mapping[str, Any],
    *,
    change: Callable[[dict[str, Any]], object] | None = None,
    forum: bool = True,
    started: bool = True,
) -> AsyncIterator[Parlour]:
    """A treasury under an approval rule, and its Discord."""
    async with local_discord() as local:
        place = local.guild.add_channel("proposals", ChannelType.FORUM if forum else ChannelType.TEXT)
        news = local.guild.add_channel("treasury-news")
        members, stewards = local.guild.add_role("members"), local.guild.add_role("stewards")

        def meet(data: dict[str, Any]) -> None:
            data["discord"] = {
                "token": f"env:{TOKEN_VARIABLE}",
                "guild": local.guild.id,
                "channels": {"proposals": place.id, "news": news.id},
                "roles": {"members": [members.id], "stewards": [stewards.id]},
                "server": local.url,
            }
            if change is not None:
                change(data)

        with open_town(directory, world, anvil, rule, meet) as town:
            supervisor = Supervisor(make_house(town.office.desk), local.token)
            parlour = Parlour(local, town, place, news, members, stewards, supervisor)
            try:
                if started:
                    await parlour.start()
                yield parlour
            finally:
                await parlour.stop()


@asynccontextmanager
async def open_ballot(
    directory: Path, world: World, anvil: Anvil, rule: Mapping[str, Any]
) -> AsyncIterator[tuple[Parlour, Person, str, Message]]:
    """A proposal that can be voted on, its card, and a member with 2,000 of power."""
    async with open_parlour(directory, world, anvil, rule) as parlour:
        parlour.town.fund({ANN: 2000})
        ann = await parlour.member("ann", ANN)
        proposal, card = await open_vote(parlour)
        yield parlour, ann, proposal, card


async def open_vote(parlour: Parlour) -> tuple[str, Message]:
    """A proposal whose card has its buttons."""
    proposal = await parlour.propose()
    card = await parlour.card(proposal)
    await until(lambda: any("vote" in one for one in card.custom_ids()))
    return proposal, card


def recorded(parlour: Parlour, proposal: str) -> int:
    return len(parlour.town.office.desk.store.acts(proposal, VOTED))
