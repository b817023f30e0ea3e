"""`dao-bot ask`: a question that is no batch, put to the vote."""

from __future__ import annotations

from pathlib import Path

from dao_bot.app.exits import DONE
from dao_bot.app.governing import sign_statement
from dao_bot.app.output import print_json, print_text
from dao_bot.app.wiring import make_assembly, open_desk
from dao_bot.cards.text import clean, utc
from dao_bot.domain.units import parse_duration
from governance.acts.polls import method_of
from governance.wallets.statement import Deed


def ask(
    path: Path,
    title: str,
    kind: str,
    options: list[str],
    power: str,
    duration: str,
    quorum: str,
    key_reference: str,
    yes: bool,
    as_facts: bool,
) -> int:
    """Make it, show it, sign it, hand it in."""
    from governance.approvals.settings import parse_power

    method = method_of(kind, options, parse_power(quorum))
    with open_desk(path) as desk:
        if desk.config.discord is not None:
            from governance.discord.questions import require_room

            require_room(method)
        assembly = make_assembly(desk)
        poll = assembly.poll(title, method, power, parse_duration(duration))
        if not yes:
            print_text(f"{clean(title, 200)}\n{kind}: {', '.join(clean(option, 80) for option in method.options)}")
        sign_statement(
            assembly,
            Deed.ASK,
            key_reference,
            poll.hash,
            "",
            yes,
            lambda statement, signature: assembly.ask_signed(poll, statement, signature),
        )
    if as_facts:
        print_json({"subject": poll.hash, "until": poll.subject.valid_until, "options": method.options})
    else:
        print_text(f"Asked. Vote on {poll.hash[2:14]} until {utc(poll.subject.valid_until)}.")
    return DONE
