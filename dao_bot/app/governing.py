"""What people do with their wallets: vote, approve, veto, delegate, link, freeze. The wallet's signature says who."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from dao_bot.app.exits import DONE
from dao_bot.app.keys import read_key
from dao_bot.app.output import print_json, print_text, short_id
from dao_bot.app.wiring import make_assembly, open_desk
from dao_bot.cards.text import clean, utc
from dao_bot.domain.addresses import parse_address
from dao_bot.domain.errors import BadInput, Refused
from dao_bot.domain.lifecycle import State
from dao_bot.domain.units import format_units
from dao_bot.safe.signing import key_address

if TYPE_CHECKING:
    from governance.assembly import Assembly, Question, Task, Unsigned
    from governance.wallets.sign_in import Page
    from governance.wallets.statement import Deed, Statement

_POWER_DECIMALS = 6
Result = TypeVar("Result")


def inbox(path: Path, wallet: str | None, as_facts: bool) -> int:
    """What awaits one wallet, or anybody: votes, approvals, and signatures of the Safe's owners."""
    with open_desk(path) as desk:
        assembly = make_assembly(desk)
        freeze = assembly.frozen()
        held = [f"Approvals through chats are frozen: {clean(freeze.reason, 100)}"] if freeze else []
        if wallet is None:
            open_ = [
                *((one, f"approval by {one.rule}") for one in assembly.awaiting() if _is_open(one)),
                *((one.question, _signatures(one)) for one in assembly.unsigned()),
            ]
            facts: object = [
                {
                    "subject": one.subject.id,
                    "title": one.title,
                    "until": one.subject.valid_until,
                    "rule": one.rule,
                    "waits_for": waits_for,
                }
                for one, waits_for in open_
            ]
            lines = [
                f"{short_id(one.subject.id)}  waits for {waits_for}, until {utc(one.subject.valid_until)}\n"
                f"    {clean(one.title)}"
                for one, waits_for in open_
            ]
        else:
            tasks = assembly.inbox_of(parse_address(wallet))
            facts, lines = tasks, [_line(task) for task in tasks]
    if as_facts:
        print_json(facts)
    else:
        print_text("\n".join([*held, *lines]) or "Nothing awaits anybody.")
    return DONE


def _is_open(question: Question) -> bool:
    """Whether it is still to be approved; one that was can only be vetoed."""
    return question.stored is None or question.stored.state in (State.PENDING, State.ACTIVE)


def _signatures(waiting: Unsigned) -> str:
    return f"owners' signatures at nonce {waiting.nonce}: {len(waiting.signed)} of {waiting.threshold}"


def _line(task: Task) -> str:
    said = f"; you said: {task.done}" if task.done else ""
    return (
        f"{short_id(task.subject)}  {task.do} until {utc(task.until)}: {clean(task.title)}\n"
        f"    if you do nothing: {task.otherwise}{said}"
    )


def vote(path: Path, subject: str, choice: str, key_reference: str, reason: str, yes: bool, as_facts: bool) -> int:
    """One wallet's signed vote."""
    from governance.ballots.written import written_choice
    from governance.wallets.by_key import sign

    key = read_key(key_reference)
    with open_desk(path) as desk:
        assembly = make_assembly(desk)
        chosen = written_choice(choice, assembly.paper(subject).ballot.method)
        message = assembly.message(subject, key_address(key), chosen, reason)
        typed = message.typed_data()
        _ask(f"{assembly.question(subject).title}\nYou vote: {choice}\n{json.dumps(typed['message'])}", yes)
        recorded = assembly.cast_signed(subject, typed, sign(key, message), "command line")
    (cast,) = recorded.votes
    if as_facts:
        print_json({"vote": cast.record(), "sequence": cast.sequence, "receipt": cast.receipt, "again": recorded.again})
    else:
        power = format_units(cast.power, _POWER_DECIMALS)
        print_text(f"Recorded: {choice} with a power of {power}. Its receipt: {cast.receipt}")
    return DONE


def stand(path: Path, subject: str, what: str, key_reference: str, reason: str, yes: bool, as_facts: bool) -> int:
    """A steward's signed word."""
    from governance.wallets.statement import Deed

    with open_desk(path) as desk:
        assembly = make_assembly(desk)
        about = assembly.question(subject).subject.hash
        stood = sign_statement(
            assembly,
            Deed(what),
            key_reference,
            about,
            reason,
            yes,
            lambda statement, signature: assembly.stand_signed(subject, statement, signature),
        )
    if as_facts:
        said = {"steward": stood.steward, "wallet": stood.wallet, "stand": stood.stand, "signed": stood.signed}
        print_json({**said, "at": stood.at, "reason": stood.reason, "number": stood.number})
    else:
        print_text(f"Recorded: {stood.steward} says {stood.stand}. The keeper counts at its next tick.")
    return DONE


def delegate(path: Path, to: str, key_reference: str, yes: bool, as_facts: bool) -> int:
    """One wallet's signed order."""
    from governance.wallets.statement import Deed

    about = to if to == "nobody" else parse_address(to)
    with open_desk(path) as desk:
        assembly = make_assembly(desk)
        order = sign_statement(assembly, Deed.DELEGATE, key_reference, about, "", yes, assembly.delegate_signed)
    if as_facts:
        print_json(order)
    else:
        print_text(f"Recorded: {order.delegator} delegates to {order.delegate or 'nobody'}, for votes that open later.")
    return DONE


def link(path: Path, code: str, key_reference: str, yes: bool, as_facts: bool) -> int:
    """The wallet of a key, to whom the code was given."""
    from governance.wallets.by_key import sign

    key = read_key(key_reference)
    with open_desk(path) as desk:
        assembly, page = make_assembly(desk), own_page(desk.services.treasury.chain_id)
        message = assembly.request_of(code, page).message(key_address(key))
        _ask(message.text(), yes)
        event = assembly.finish_link(page, message.text(), sign(key, message))
    if as_facts:
        print_json({"event": event.kind, **event.body()})
    else:
        print_text(f"Recorded: {event.kind}, {event.wallet}, {event.person}.")
    return DONE


def own_page(chain_id: int) -> Page:
    """Where a wallet signs that is no page: this command, on its owner's machine."""
    from governance.wallets.sign_in import Page

    return Page("localhost", "http://localhost/", chain_id, "http")


def freeze(path: Path, key_reference: str, reason: str, yes: bool, as_facts: bool) -> int:
    """A steward stops approvals."""
    from governance.assembly.freezing import EVERYTHING
    from governance.wallets.statement import Deed

    with open_desk(path) as desk:
        assembly = make_assembly(desk)
        held = sign_statement(assembly, Deed.FREEZE, key_reference, EVERYTHING, reason, yes, assembly.freeze_signed)
    if as_facts:
        print_json(held)
    else:
        print_text(f"Approvals are frozen since {utc(held.at)} by {held.by}: {clean(held.reason, 100)}")
    return DONE


def unfreeze(path: Path, key_reference: str, yes: bool, as_facts: bool) -> int:
    """One steward's signature to go on."""
    from governance.wallets.statement import Deed

    with open_desk(path) as desk:
        assembly = make_assembly(desk)
        held = assembly.frozen()
        if held is None:
            raise BadInput("nothing is frozen")
        left = sign_statement(
            assembly, Deed.UNFREEZE, key_reference, str(held.number), "", yes, assembly.unfreeze_signed
        )
    if as_facts:
        print_json({"frozen": left is not None, "signed": left.signed if left else None})
    else:
        print_text(f"Signed by {', '.join(left.signed)}; more must sign." if left else "Approvals go on.")
    return DONE


def sign_statement(
    assembly: Assembly,
    deed: Deed,
    key_reference: str,
    about: str,
    reason: str,
    yes: bool,
    hand_in: Callable[[Statement, str], Result],
) -> Result:
    """Make the statement, show it, sign it, hand it in."""
    from governance.wallets.by_key import sign

    key = read_key(key_reference)
    statement = assembly.statement(deed, key_address(key), about, reason)
    _ask(statement.text(), yes)
    return hand_in(statement, sign(key, statement))


def _ask(text: str, yes: bool) -> None:
    if yes:
        return
    if not sys.stdin.isatty():
        raise BadInput("nobody is here to be asked", next_step="Pass --yes if you want to sign this")
    print_text(text)
    if input("Sign exactly this? Type yes: ").strip() != "yes":
        raise Refused("nothing was signed")
