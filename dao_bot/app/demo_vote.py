"""The demo's people: members vote and stewards approve, each by a wallet's signature, until the keeper can count."""

from __future__ import annotations

from collections.abc import Callable

from dao_bot.app.wiring import Desk, make_assembly
from dao_bot.cards.text import short_hash, utc
from dao_bot.devnet.accounts import VOTERS, Account
from dao_bot.devnet.running import RunningWorld
from dao_bot.devnet.scenarios import act
from dao_bot.domain.units import format_units
from dao_bot.store.values import StoredProposal
from governance.assembly import Assembly
from governance.wallets.by_key import sign
from governance.wallets.statement import Deed

VOTES = ("For", "For", "Against")
_TOKENS = 5_000
_POWER_DECIMALS = 6


def hand_out_tokens(running: RunningWorld) -> None:
    """The community hands some of its DAO tokens to those who vote, a while before anything is proposed."""
    token = running.world.tokens["DAO"]
    for giver, voter in zip(running.world.community, VOTERS, strict=False):
        act(running, giver, token.address, "Token", "transfer", voter.address, _TOKENS * 10**token.decimals)
    running.anvil.advance(12)


def play_vote(desk: Desk, running: RunningWorld, stored: StoredProposal, report: Callable[[str], None]) -> None:
    """Everybody says something, then the time of the vote passes; the keeper counts at its next tick."""
    assembly = make_assembly(desk)
    terms = assembly.question(stored.id).terms
    if terms.ballot is not None:
        for voter, choice in zip(VOTERS, VOTES, strict=True):
            _vote(assembly, voter, stored.id, choice, report)
    if terms.stewards is not None:
        for steward in VOTERS[: terms.stewards.approvals]:
            _approve(assembly, steward, stored.id, report)
    if terms.ballot is not None and terms.ballot.duration is not None:
        running.anvil.advance(terms.ballot.duration + 1)
        report(f"the vote's time passes: it is {utc(running.anvil.timestamp())}")


def _vote(assembly: Assembly, voter: Account, subject: str, choice: str, report: Callable[[str], None]) -> None:
    options = assembly.paper(subject).ballot.method.options
    message = assembly.message(subject, voter.address, options.index(choice) + 1)
    recorded = assembly.cast_signed(subject, message.typed_data(), sign(_key(voter), message), "demo")
    power, receipt = format_units(recorded.power, _POWER_DECIMALS), short_hash(recorded.votes[0].receipt)
    report(f"member {voter.address} votes {choice} with {power} (receipt {receipt})")


def _approve(assembly: Assembly, steward: Account, subject: str, report: Callable[[str], None]) -> None:
    about = assembly.question(subject).subject.hash
    statement = assembly.statement(Deed.APPROVE, steward.address, about)
    stood = assembly.stand_signed(subject, statement, sign(_key(steward), statement))
    report(f"steward {stood.steward} approves {short_hash(about)}")


def _key(account: Account) -> bytes:
    return bytes.fromhex(account.key.removeprefix("0x"))
