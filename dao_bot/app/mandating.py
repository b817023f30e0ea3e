"""`dao-bot mandate` and `mandates`: bounds that people approve once."""

from __future__ import annotations

from pathlib import Path

from dao_bot.app.exits import DONE
from dao_bot.app.governing import sign_statement
from dao_bot.app.output import print_json, print_text
from dao_bot.app.planning import chosen
from dao_bot.app.wiring import Desk, make_assembly, open_desk
from dao_bot.cards.text import clean, utc
from dao_bot.domain.addresses import Address
from dao_bot.domain.errors import NotFound
from dao_bot.domain.hashing import digest
from dao_bot.domain.units import format_usd, parse_duration, parse_ratio, parse_usd
from dao_bot.suggest import did_you_mean
from governance.acts.mandates import Mandate
from governance.wallets.statement import Deed

Bounds = tuple[str, str, str, str, str, str]
"""Tokens, total, per window, window, worst price, validity: as they were written."""


def propose(path: Path, strategy: str, bounds: Bounds, key_reference: str, yes: bool, as_facts: bool) -> int:
    """Make it, show it, sign it, hand it in."""
    with open_desk(path) as desk:
        assembly = make_assembly(desk)
        made = _mandate(desk, strategy, bounds)
        if not yes:
            print_text(f"{made.title}, until {utc(made.expires)}")
        proposed = sign_statement(
            assembly,
            Deed.MANDATE,
            key_reference,
            made.hash,
            "",
            yes,
            lambda statement, signature: assembly.propose_mandate_signed(made, statement, signature),
        )
    if as_facts:
        print_json({"mandate": made.hash, "bounds": made.record(), "by": proposed.by})
    else:
        print_text(f"Proposed: {made.title}. Approve it as {made.hash[2:14]}.")
    return DONE


def mandates(path: Path, as_facts: bool) -> int:
    """All of them, oldest first."""
    with open_desk(path) as desk:
        states = make_assembly(desk).mandates()
    if as_facts:
        print_json([{"mandate": one.proposed.mandate.hash, "state": one.state, "spent": one.spent} for one in states])
        return DONE
    lines = [
        f"{one.proposed.mandate.hash[2:14]}  {clean(one.state, 60)}  until {utc(one.proposed.mandate.expires)}\n"
        f"    {one.proposed.mandate.title}; {'unknown' if one.spent is None else format_usd(one.spent)} taken"
        for one in states
    ]
    print_text("\n".join(lines) or "No mandates.")
    return DONE


def _mandate(desk: Desk, strategy: str, bounds: Bounds) -> Mandate:
    plan = chosen(desk, strategy)
    tokens, total, per_window, window, worst_price, valid_for = bounds
    treasury = desk.services.treasury
    return Mandate(
        chain_id=treasury.chain_id,
        safe=treasury.safe,
        strategy=plan.name,
        rule=plan.approval,
        parameters=digest(desk.config.strategies[plan.name].params),
        policy_hash=desk.services.policy_hash,
        tokens=tuple(sorted({_token(desk, symbol.strip()) for symbol in tokens.split(",")})),
        total=parse_usd(total),
        window=parse_duration(window),
        per_window=parse_usd(per_window),
        worst_price=parse_ratio(worst_price),
        expires=desk.services.endpoints.pin().timestamp + parse_duration(valid_for),
    )


def _token(desk: Desk, symbol: str) -> Address:
    treasury = desk.services.treasury
    known = {**treasury.tokens, treasury.native.symbol: treasury.native}
    if symbol not in known:
        raise NotFound("there is no such token", value=symbol[:40], next_step=did_you_mean(symbol, known) or None)
    return known[symbol].address
