"""What people do through Discord. Synchronous, called in threads; what comes back is told after the commit."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from dao_bot.cards.text import number
from dao_bot.domain.addresses import parse_address
from dao_bot.domain.errors import DaoBotError, Refused
from dao_bot.domain.units import parse_duration
from governance.acts.polls import method_of
from governance.acts.stands import Stand
from governance.approvals.settings import parse_power
from governance.assembly import Identity, Task, VoteRecorded
from governance.assembly.voting import Cast
from governance.ballots.power import POWER_DECIMALS
from governance.ballots.written import of_options, told_choice, written_choice
from governance.discord.caller import Caller
from governance.discord.facts import plan_of
from governance.discord.house import THROUGH, House
from governance.discord.press import Press, Verb
from governance.discord.questions import require_room
from governance.discord.reply import MOST_TEXT, Button, Reply, error_reply
from governance.discord.tidings import how_it_ends
from governance.discord.words import code, cut, plain, when
from governance.wallets.sign_in import Purpose

REMINDERS = "reminders"
REMINDERS_SET = "reminders set"
"""Subject and kind of the acts in which people say whether they want to be reminded."""

NOBODY = "nobody"
LINKING = {"link": Purpose.LINK, "unlink": Purpose.UNLINK}
_WHERE_TO_SIGN = {
    "vote": "`/vote` without a choice",
    "veto": "`/vote` without a choice",
    "approve": "*Approve* on its card",
    "sign": "`/sign`",
}
"""By what is to be done."""

_OF_MEMBERS = frozenset({"vote", "delegate"})
"""Errands of members alone; the others are of stewards or owners too."""


@dataclass(frozen=True, slots=True)
class VoteRequest:
    """One vote that somebody asked for.

    Attributes:
        choice: an option of a card's button, those of its menu, or what somebody has written.
    """

    caller: Caller
    proposal: str
    choice: int | tuple[int, ...] | str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class NewQuestion:
    """A question as a steward has written it; `options` stand between semicolons."""

    title: str
    options: str
    kind: str
    power: str
    duration: str
    quorum: str


def vote_all(house: House, requests: Sequence[VoteRequest]) -> list[Reply]:
    """Votes with all linked wallets, in one commit; each answer is told after it."""
    casts: list[Cast | DaoBotError] = []
    for request in requests:
        try:
            identity = request.caller.member(house)
            choice = _choice(house, request)
            casts.append(Cast(identity, request.proposal, choice, request.caller.key, request.reason))
        except DaoBotError as error:
            casts.append(error)
    done = iter(house.assembly.cast_all([one for one in casts if isinstance(one, Cast)]))
    return [_told(house, next(done) if isinstance(one, Cast) else one) for one in casts]


def stand(house: House, caller: Caller, proposal_id: str, word: Stand, reason: str = "") -> Reply:
    """A steward's word; where only his wallet's counts, a link to the page on which it signs."""
    if word is Stand.APPROVE and house.invite is not None:
        question = house.assembly.question(proposal_id)
        if question.terms.must_be_signed(question.subject.value):
            house.assembly.steward(caller.identity(house))
            return invite(house, caller, "approve", proposal_id)
    stood = house.assembly.stand(caller.identity(house), proposal_id, word, caller.key, reason)
    what = {Stand.APPROVE: "approves", Stand.VETO: "vetoes", Stand.WITHDRAW: "has withdrawn his word"}[stood.stand]
    return Reply(
        f"Recorded as event {stood.number}: {plain(stood.steward, 60)} {what}. "
        "What executes is still only what owners sign or the chain allows."
    )


def inbox(house: House, caller: Caller) -> Reply:
    """What awaits this person, until when, and what doing nothing means."""
    identity = caller.reader(house)
    tasks = house.assembly.inbox(identity)
    lines = [line for task in tasks for line in _task(house, task)] or ["Nothing awaits you."]
    held = house.assembly.frozen()
    if held is not None:
        lines.insert(0, f"**Approvals are frozen** since {when(held.at)}: {plain(held.reason)}")
    wallets = house.assembly.wallets(identity.person)
    named = ", ".join(code(link.wallet) for link in wallets) or "none; `/link` links one"
    lines.append(f"Your wallets: {named}")
    wanted = wants_reminders(house, caller.user)
    verb, label = (Verb.DO_NOT_REMIND, "Do not remind me") if wanted else (Verb.REMIND, "Remind me again")
    return Reply(cut(lines, MOST_TEXT), buttons=(Button(Press(verb, REMINDERS, str(caller.user)), label),))


def delegate(house: House, caller: Caller, to: str) -> Reply:
    """Hand the power of all linked wallets on, or take it back; with nobody named, a link to the wallet page."""
    if not to:
        return invite(house, caller, "delegate")
    identity = caller.member(house)
    address = None if to.strip().lower() == NOBODY else parse_address(to.strip())
    orders = house.assembly.delegate(identity, address, caller.key)
    wallets = ", ".join(code(order.delegator) for order in orders)
    if address is None:
        return Reply(f"Recorded: {wallets} speak for themselves again, in votes that open from now on.")
    return Reply(
        f"Recorded: the power of {wallets} follows {code(address)} in votes that open from now on. "
        "Your own vote always comes before the delegate's. Where only signatures count, so does only a delegation that "
        "your wallet signed: `/delegate` without an address."
    )


def invite(house: House, caller: Caller, errand: str, proposal_id: str | None = None) -> Reply:
    """A link to the wallet page for this person alone; without a page, for linking, a code for the command line."""
    identity = caller.member(house) if errand in _OF_MEMBERS else caller.reader(house)
    if house.invite is None and errand in LINKING:
        return _code_for(house, identity, LINKING[errand])
    if house.invite is None:
        raise Refused("no wallet page is configured", next_step=f"Use `dao-bot {errand}` instead")
    subject = None if proposal_id is None else house.assembly.question(proposal_id).subject.id
    address = house.invite(identity.person, caller.name, errand, subject)
    return Reply(
        f"{address}\nThis link is yours alone, works once and ends in ten minutes. The page shows what your wallet "
        "will sign; it never asks for a recovery phrase or a key, and neither does anybody who helps you."
    )


def _code_for(house: House, identity: Identity, purpose: Purpose) -> Reply:
    issued = house.assembly.issue_nonce(identity.person, purpose)
    command = f"dao-bot link {issued.nonce} --key file:wallet.json"
    return Reply(
        f"There is no wallet page here. Where the treasury's record is at hand, {code(command)} does it with the "
        f"wallet's key. The code is yours alone, works once and ends {when(issued.expires)}. Tell nobody your key."
    )


def ask(house: House, caller: Caller, asked: NewQuestion) -> Reply:
    """A steward puts a question to the vote."""
    made = [option.strip() for option in asked.options.split(";") if option.strip()]
    method = method_of(asked.kind, made, parse_power(asked.quorum))
    require_room(method)
    poll = house.assembly.poll(asked.title, method, asked.power, parse_duration(asked.duration))
    poll = house.assembly.ask(caller.identity(house), poll, caller.key)
    return Reply(f"Recorded: members vote on {code(poll.hash[:10])} until {when(poll.subject.valid_until)}.")


def freeze(house: House, caller: Caller, reason: str) -> Reply:
    """A steward stops approvals through Discord; without a reason, a link to the page to sign that, or its end."""
    before = house.assembly.frozen()
    if not reason:
        caller.require_any(house, house.settings.roles.stewards, "stewards")
        return invite(house, caller, "freeze" if before is None else "unfreeze")
    held = house.assembly.freeze(caller.identity(house), reason)
    what = "approvals, votes and delegations through Discord"
    told = f"Recorded as event {held.number}: {what} are stopped."
    if before is not None:
        told = f"Since {when(held.at)} {what} were stopped before: {plain(held.reason)}"
    return Reply(f"{told}\n{how_it_ends(has_page=house.invite is not None)}")


def pause(house: House, caller: Caller, strategy: str, reason: str) -> Reply:
    """A steward pauses a strategy; what it proposed before is not touched."""
    steward, _ = house.assembly.steward(caller.identity(house))
    name = plan_of(house, strategy).name
    house.store.pause(name, f"{steward}, through {THROUGH}: {reason or 'no reason given'}"[:500], house.now())
    state = house.store.strategy_state(name)
    return Reply(f"Recorded: {plain(name, 60)} is paused: {plain(state.reason)}")


def resume(house: House, caller: Caller, strategy: str) -> Reply:
    """A steward lets a strategy run again; not while approvals are frozen."""
    house.assembly.steward(caller.identity(house))
    held = house.assembly.frozen()
    if held is not None:
        raise Refused("approvals are frozen, so nothing is resumed through Discord", value=held.reason)
    name = plan_of(house, strategy).name
    house.store.resume(name, house.now())
    return Reply(f"Recorded: {plain(name, 60)} runs at its next fire.")


def set_reminders(house: House, caller: Caller, *, wanted: bool) -> Reply:
    """Whether this person is reminded of votes."""
    person = caller.reader(house).person
    body: dict[str, object] = {"guild": person.guild, "user": person.user, "wanted": wanted}
    house.store.record_act(
        REMINDERS, REMINDERS_SET, str(person), f"{THROUGH} {caller.key} reminders", house.now(), body
    )
    return Reply("Recorded: you will be reminded." if wanted else "Recorded: you will not be reminded.")


def wants_reminders(house: House, user: int) -> bool:
    """Whether somebody did not say that he wants none."""
    person = house.identity(user, frozenset()).person
    last = house.store.last_act(REMINDERS, REMINDERS_SET, str(person))
    return last is None or bool(last.body["wanted"])


def _choice(house: House, request: VoteRequest) -> object:
    chosen = request.choice
    if isinstance(chosen, int):
        return chosen
    method = house.assembly.paper(request.proposal).ballot.method
    return written_choice(chosen, method) if isinstance(chosen, str) else of_options(chosen, method)


def _told(house: House, made: VoteRecorded | DaoBotError) -> Reply:
    if isinstance(made, DaoBotError):
        return error_reply(made)
    chosen = told_choice(house.method(made.ballot), made.votes[0].choice)
    how = "is recorded"
    if made.again:
        how = "was recorded before"
    elif made.changed:
        how = "is recorded, in place of the one before"
    wallets = f"{len(made.votes)} wallet{'s' if len(made.votes) > 1 else ''}"
    receipts = "\n".join(f"Receipt of {code(vote.wallet)}: {code(vote.receipt)}" for vote in made.votes[:5])
    power = number(made.power, POWER_DECIMALS)
    return Reply(f"Your vote {how}: **{plain(chosen, 300)}** with {power} of power from {wallets}.\n{receipts}")


def _task(house: House, task: Task) -> Iterator[str]:
    page = f"; {_WHERE_TO_SIGN[task.do]} leads to the page for it" if house.invite is not None else ""
    signed = f" (only your wallet's signature counts{page})" if task.signed else ""
    yield f"**{task.do.capitalize()}**{signed} {code(task.subject[:10])} {plain(task.title, 120)}"
    said = f"you said: {plain(task.done, 60)}; " if task.done else ""
    yield f"by {when(task.until)}; {said}if you do nothing: {plain(task.otherwise)}"
