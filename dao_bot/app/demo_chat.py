"""The demo's vote: members and stewards decide in a local Discord, through the bot, before owners sign."""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from dao_bot.app.chatting import make_house, quiet_logs
from dao_bot.app.demo_report import Played
from dao_bot.app.keeping import make_keeper
from dao_bot.app.showing import card_of
from dao_bot.app.wiring import Desk, open_desk
from dao_bot.cards.text import utc
from dao_bot.config.source import read_source
from dao_bot.devnet.abi import encode_call
from dao_bot.devnet.accounts import DEPLOYER
from dao_bot.devnet.artifacts import own_artifact
from dao_bot.devnet.discord import GOVERNANCE_BOT, LocalDiscord, Person
from dao_bot.devnet.discord.model import Channel, ChannelType, Message, Role
from dao_bot.devnet.discord.server import TOKEN
from dao_bot.devnet.running import RunningWorld
from dao_bot.devnet.transactions import Transaction, transact_all
from dao_bot.domain.addresses import Address
from dao_bot.domain.errors import DaoBotError
from dao_bot.domain.lifecycle import State
from dao_bot.domain.runs import RunId
from dao_bot.engine.acceptance import accept_safe
from dao_bot.engine.look import look_at_safe
from dao_bot.engine.runs import run_once

TOKEN_VARIABLE = "DAO_BOT_DISCORD_TOKEN"  # noqa: S105 - the name of a variable
_HOUR = 3600
_PATIENCE = 60.0
_TIME, _FAR = re.compile(r"<t:(\d+):f>"), re.compile(r" \(<t:\d+:R>\)")
_HOLDINGS = {"ann": 2_000, "bob": 500}
_STEWARDS = ("sam", "sue")
Report = Callable[[str], None]
Sign = Callable[[Desk, str], None]
"""Collects the owners' signatures for a proposal."""


@dataclass(frozen=True, slots=True)
class Chatted:
    """How the vote ended.

    Attributes:
        transcript: what was said in Discord, line by line.
        approved: batch hash that people approved; None when nothing was proposed.
        executed: batch hash of what was executed, or None.
        batch: what was proposed and what came of it.
    """

    transcript: tuple[str, ...]
    approved: str | None = None
    executed: str | None = None
    batch: Played | None = None

    @property
    def as_approved(self) -> bool:
        """Exactly what people approved was executed."""
        return self.approved is not None and self.approved == self.executed


def play_chat(home: Path, running: RunningWorld, demo_config: str, sign: Sign, report: Report) -> Chatted:
    """One more proposal, decided in Discord; its record stands apart, in `home`/discord."""
    quiet_logs()
    apart = home / "discord"
    apart.mkdir(exist_ok=True)
    for old in apart.glob("dao-bot.sqlite3*"):
        old.unlink()
    return asyncio.run(_play(apart, running, demo_config, sign, report))


async def _play(home: Path, running: RunningWorld, demo_config: str, sign: Sign, report: Report) -> Chatted:
    async with LocalDiscord() as local:
        local.allow_bot(GOVERNANCE_BOT)
        guild = local.guild
        scene = _Scene(
            local,
            guild.add_channel("proposals", ChannelType.FORUM),
            guild.add_channel("treasury-news"),
            guild.add_role("members"),
            guild.add_role("stewards"),
            {name: _wallet(number) for number, name in enumerate((*_HOLDINGS, *_STEWARDS), start=1)},
            [],
            report,
        )
        await asyncio.to_thread(scene.fund, running)
        config = scene.configure(home, running, demo_config)
        os.environ[TOKEN_VARIABLE] = TOKEN
        with open_desk(config) as desk:
            return await scene.play(desk, running, sign)


@dataclass(frozen=True, slots=True)
class _Wallet:
    key: str
    address: Address


def _wallet(number: int) -> _Wallet:
    """A key that everybody knows, for a member of the demo."""
    from eth_account import Account

    key = f"0x{0xDA0B07 + number:064x}"
    return _Wallet(key, Address(Account.from_key(key).address))


@dataclass(frozen=True, slots=True)
class _Scene:
    local: LocalDiscord
    proposals: Channel
    news: Channel
    members: Role
    stewards: Role
    wallets: dict[str, _Wallet]
    transcript: list[str]
    report: Report

    def fund(self, running: RunningWorld) -> None:
        """The members hold DAO tokens before anything is proposed."""
        token, artifact = running.world.tokens["DAO"], own_artifact("Token")
        gifts = [
            Transaction(
                DEPLOYER.address,
                token.address,
                encode_call(artifact, "transfer", self.wallets[name].address, whole * 10**18),
            )
            for name, whole in _HOLDINGS.items()
        ]
        transact_all(running.anvil, gifts)
        running.anvil.advance(60)

    def configure(self, home: Path, running: RunningWorld, demo_config: str) -> Path:
        """The demo's configuration under an approval rule that asks stewards and members."""
        path = home / "strategies.yaml"
        path.write_text(demo_config, encoding="utf-8")
        data = read_source(path).data
        token = {"token": running.world.tokens["DAO"].address, "decimals": "18"}
        data["governance"] = {
            "stewards": {name: self.wallets[name].address for name in _STEWARDS},
            "power": {"members": {"sources": [{"use": "balance", **token}]}},
        }
        ballot = {"power": "members", "duration": "1h", "quorum": "1000"}
        data["approvals"] = {
            "people": {"use": "stewards-and-ballot", "stewards": {"approvals": str(len(_STEWARDS))}, "ballot": ballot}
        }
        name, strategy = next(iter(data["strategies"].items()))
        strategy.pop("autonomy", None)
        data["strategies"] = {name: {**strategy, "route": "multisig", "approval": "people"}}
        data["discord"] = {
            "token": f"env:{TOKEN_VARIABLE}",
            "guild": self.local.guild.id,
            "channels": {"proposals": self.proposals.id, "news": self.news.id},
            "roles": {"members": [self.members.id], "stewards": [self.stewards.id]},
            "server": self.local.url,
        }
        import yaml

        path.write_text(yaml.safe_dump(data, sort_keys=False), encoding="utf-8")
        return path

    async def play(self, desk: Desk, running: RunningWorld, sign: Sign) -> Chatted:
        """From the bot's start to the executed batch."""
        from governance.discord.supervise import Supervisor

        block, safe = await asyncio.to_thread(lambda: look_at_safe(desk.services, any_safe=True))
        accept_safe(desk.store, safe, block.timestamp)
        people = {name: self.local.person(name, self.members.id) for name in _HOLDINGS}
        people |= {name: self.local.person(name, self.members.id, self.stewards.id) for name in _STEWARDS}
        supervisor = Supervisor(make_house(desk), TOKEN, self.report)
        bot = asyncio.create_task(supervisor.run())
        try:
            await _until(lambda: supervisor.client is not None and supervisor.client.is_ready() or bot.done())
            self.report("the bot is connected to the local Discord, through discord.py")
            for name, person in people.items():
                await asyncio.to_thread(self._link, desk, person, self.wallets[name])
            proposal = await asyncio.to_thread(self._propose, desk)
            if proposal is None:
                return Chatted(tuple(self.transcript))
            await self._decide(desk, running, proposal, people)
            await asyncio.to_thread(sign, desk, proposal)
            await asyncio.to_thread(self._tick, desk)
            await _until(lambda: self._said(f"outcome executed · {proposal}"))
            self._tell("#proposals", self._said(f"outcome executed · {proposal}")[0].text())
            return self._ended(desk, proposal)
        finally:
            await supervisor.stop()
            await asyncio.gather(bot, return_exceptions=True)

    async def _decide(self, desk: Desk, running: RunningWorld, proposal: str, people: dict[str, Person]) -> None:
        from governance.discord.press import Press, Verb

        def has_buttons() -> bool:
            return any(
                Verb.VOTE in custom_id for card in self._said(f"card · {proposal}") for custom_id in card.custom_ids()
            )

        await _until(has_buttons)
        card = self._said(f"card · {proposal}")[0]
        self._tell("#proposals", card.text())
        acts = (
            ("ann", "For", Press(Verb.VOTE, proposal, "1")),
            ("bob", "Against", Press(Verb.VOTE, proposal, "2")),
            *((name, "Approve", Press(Verb.APPROVE, proposal)) for name in _STEWARDS),
        )
        for name, label, press in acts:
            answer = await people[name].click(card, press.custom_id).answer()
            self._tell(f"{name} clicks {label}", answer.text().split("\n")[0])
        tally = await people["ann"].type("tally", self.news, proposal=proposal).answer()
        self._tell("ann types /tally", tally.text())
        await asyncio.to_thread(running.anvil.advance, _HOUR + 1)
        self.report("an hour passes on the chain; the keeper counts")
        await asyncio.to_thread(self._tick, desk)
        await _until(lambda: self._said(f"decision · {proposal}"))
        self._tell("#proposals", self._said(f"decision · {proposal}")[0].text())

    def _link(self, desk: Desk, person: Person, wallet: _Wallet) -> None:
        """Sign-In with Ethereum, as the wallet page asks for it."""
        from eth_account import Account
        from eth_account.messages import encode_defunct

        from dao_bot.app.wiring import make_assembly
        from governance.wallets.person import Person as Member
        from governance.wallets.sign_in import Page

        page = Page("vote.example.org", "https://vote.example.org/", desk.services.treasury.chain_id)
        member, assembly = Member(self.local.guild.id, person.id), make_assembly(desk)
        text = assembly.begin_link(member, page).message(wallet.address).text()
        signature = bytes(Account.sign_message(encode_defunct(text=text), wallet.key).signature)
        assembly.finish_link(page, text, "0x" + signature.hex(), member)
        self._tell(person.user.name, f"links wallet {wallet.address}")

    def _propose(self, desk: Desk) -> str | None:
        """The first strategy that has something to propose."""
        now = desk.services.endpoints.pin().timestamp
        for plan in desk.services.strategies.values():
            run = RunId(plan.name, plan.schedule.latest(now) or now)
            result = run_once(desk.services, desk.store, plan, run, "demo", now)
            if result is not None and result.proposal is not None:
                self._tick(desk)
                return result.proposal.id
        return None

    def _tick(self, desk: Desk) -> None:
        for step in make_keeper(desk).tick():
            self.report(f"keeper: {step.told}")

    def _ended(self, desk: Desk, proposal: str) -> Chatted:
        stored = desk.store.proposal(proposal)
        (approval,) = desk.store.approvals(proposal)
        executed = stored.proposal.batch.batch_hash if stored.state is State.EXECUTED else None
        outcome, card = desk.store.outcome(proposal), card_of(desk, stored)
        batch = Played(f"{card.strategy}, in Discord", "", card.title, stored, outcome.outcome if outcome else None)
        desk.store.verify()
        return Chatted(tuple(self.transcript), approval.approval.batch_hash, executed, batch)

    def _said(self, footer: str) -> list[Message]:
        return [
            message
            for message in self.local.messages.by_id.values()
            if any((embed.get("footer") or {}).get("text") == footer for embed in message.embeds)
        ]

    def _tell(self, who: str, words: str) -> None:
        self.transcript.append(f"{who}: {as_read(words)}")


def as_read(words: str) -> str:
    """Times as Discord's clients write them: `<t:…:f>` as the time, and how far away it is left out."""
    return _TIME.sub(lambda mark: utc(int(mark[1])), _FAR.sub("", words))


async def _until(holds: Callable[[], object]) -> None:
    """Wait for what the bot does in its own time.

    Raises:
        DaoBotError: it did not.
    """
    loop = asyncio.get_running_loop()
    ends = loop.time() + _PATIENCE
    while not holds():  # noqa: ASYNC110 - a library's state has no event to wait for
        if loop.time() > ends:
            raise DaoBotError("the bot in the local Discord did not do its part", limit=f"{_PATIENCE:.0f} s")
        await asyncio.sleep(0.05)
