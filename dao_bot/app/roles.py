"""`dao-bot roles plan` and `roles diff`: the module's role, derived, shown to owners, and compared with the chain."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from dao_bot.app.collecting import make_collection, require_service
from dao_bot.app.exits import DONE, FAILED
from dao_bot.app.output import print_json, print_shown, print_text
from dao_bot.app.role_notes import looser_than_policy
from dao_bot.app.showing import terminal_width, write_file
from dao_bot.app.wiring import Desk, open_desk
from dao_bot.cards.tables import Column, table
from dao_bot.cards.text import duration
from dao_bot.chain.hexes import to_data
from dao_bot.domain.calls import Call
from dao_bot.domain.errors import BadInput, Refused
from dao_bot.domain.runs import RunId
from dao_bot.domain.tokens import Amount, Token, usd_value
from dao_bot.domain.units import format_usd
from dao_bot.engine.draft import deadline_call
from dao_bot.engine.look import Look, look
from dao_bot.engine.routes.module import MODULE, Module
from dao_bot.engine.routes.module_role import (
    derived_permissions,
    derived_role,
    module_on_chain,
    role_differences,
)
from dao_bot.safe.batch import wrap_multisig
from dao_bot.safe.builder import write_batch_file
from dao_bot.safe.hashes import safe_tx_hash
from dao_bot.safe.roles.changes import changes
from dao_bot.safe.roles.contract import ENABLE_MODULE
from dao_bot.safe.roles.role import Role
from dao_bot.safe.roles.words import Way, ways
from dao_bot.safe.transaction import safe_transaction

_SIGNABLE = 14 * 86_400
"""Seconds for the owners, after which what they signed is worth nothing."""

_COLUMNS = (
    Column("Contract: function", flexible=True, most=26),
    Column("Each argument", flexible=True),
    Column("At most", flexible=True, most=24),
)


@dataclass(frozen=True, slots=True)
class Exposure:
    """What a thief with the signer's key can take of one token, whatever price he accepts.

    Attributes:
        period: seconds.
        per_period, at_once: base units; at once is across a refill: twice the allowance.
        usd_at_once: WAD, at today's price; None without one.
    """

    token: Token
    period: int
    per_period: int
    at_once: int
    usd_at_once: int | None


def plan(path: Path, out: Path | None, propose: bool, as_facts: bool) -> int:
    """The derived role, what it exposes, and the calls of the Safe that make the chain's role exactly this one."""
    with open_desk(path) as desk:
        module, services = module_of(desk), desk.services
        seen = look(services, RunId("roles", 0), any_safe=True)
        wanted, calls = derived_role(module, services), calls_of_owners(desk, module, seen)
        if out is not None and calls:
            write_file(out, _batch_file(desk, seen, calls).decode())
        proposed = propose_to_owners(desk, seen, calls) if propose and calls else None
        exposed = exposures(module, seen)
        notes = list(looser_than_policy(desk, module.limits, seen))
        tokens = {token.address: token for token in seen.prices}
    labels = services.labels

    def called(address: str) -> str:
        return labels.get(address, address)

    found = [(way, [_limit(tokens[token], module) for token in way.tokens]) for way in _ways(desk, wanted, called)]
    if as_facts:
        functions = [
            {
                "target": way.target,
                "label": labels.get(way.target),
                "function": way.function,
                "arguments": way.arguments,
                "at_most": limits,
            }
            for way, limits in found
        ]
        shown = [{"to": call.to, "value": call.value, "data": "0x" + call.data.hex()} for call in calls]
        facts = {"module": module.address, "functions": functions, "exposure": exposed, "looser_than_policy": notes}
        print_json({**facts, "calls": shown, "proposed": proposed})
        return DONE
    width = terminal_width()
    print_text(f"The role of the module {module.address}; its one member is {module.signer}.\n")
    rows = [
        (f"{called(way.target)}:\n{way.function}", "\n".join(way.arguments), "\n".join(limits) or "-")
        for way, limits in found
    ]
    print_shown(table(_COLUMNS, rows, width), width)
    named = sorted({(labels[way.target], way.target) for way, _ in found if way.target in labels})
    lines = ["", *(f"{label} is {address}" for label, address in named)]
    lines += ["What is at most is for a token in all rows together."]
    lines += ["", "Whoever has the member's key can take at most, whatever price he accepts:"]
    lines += [f"  {_told(each)}" for each in exposed]
    lines += [f"Larger than it is good for: {note}." for note in notes]
    lines += ["", _to_do(calls, out, proposed)]
    print_text("\n".join(lines))
    return DONE


def propose_to_owners(desk: Desk, seen: Look, calls: tuple[Call, ...]) -> str:
    """Put the change into the owners' queue, where they sign and execute it; its safeTxHash.

    The keeper does not execute it: no policy lets a batch change who may act for the Safe.

    Raises:
        BadInput: no transaction service is configured, or nothing may leave in this mode.
        Refused: a proposal waits at the same nonce.
        ServiceUnavailable, ServiceRefused: it cannot be proposed now.
    """
    services, treasury = desk.services, desk.services.treasury
    require_service(desk)
    collection = make_collection(desk)
    if collection is None:
        raise BadInput("nothing leaves this machine in mode plan", next_step="Write the file with --out instead")
    if desk.store.is_another_queued("", treasury.safe, seen.safe.nonce):
        raise Refused(
            "a proposal waits at the Safe's nonce, and only one of both could be executed",
            next_step="Execute or cancel it (`dao-bot proposals`), then propose the role",
        )
    deadline = deadline_call(services, seen.block.timestamp + _SIGNABLE)
    wrapped = wrap_multisig([deadline, *calls], services.multi_send_call_only)
    transaction = safe_transaction(wrapped, collection.next_nonce(seen))
    collection.propose(transaction, seen, "Role of the module, as dao-bot derives it: dao-bot roles plan")
    return to_data(safe_tx_hash(treasury.chain_id, treasury.safe, transaction))


def calls_of_owners(desk: Desk, module: Module, seen: Look) -> tuple[Call, ...]:
    """After these the Safe has enabled the module, and its role is exactly the derived one; empty when that is so."""
    there = module_on_chain(module, desk.services, seen.block)
    calls = changes(there.role, derived_role(module, desk.services), module.address, there.callers)
    if module.address in seen.safe.modules:
        return calls
    return (Call(seen.safe.address, ENABLE_MODULE.encode(module.address)), *calls)


def diff(path: Path, as_facts: bool) -> int:
    """In what the role on the chain is not the derived one; exit code 1 when it is not."""
    with open_desk(path) as desk:
        module, services = module_of(desk), desk.services
        seen = look(services, RunId("roles", 0), any_safe=True)
        found = list(role_differences(module, services, seen.block))
        if module.address not in seen.safe.modules:
            found.append("the Safe has not enabled the module")
    if as_facts:
        print_json({"exact": not found, "differences": found})
    else:
        print_text("\n".join(found) if found else "The chain has exactly the derived role.")
    return FAILED if found else DONE


def exposures(module: Module, seen: Look) -> list[Exposure]:
    """By token, in the order of the configuration."""
    tokens = {token.address: token for token in seen.prices}
    found = []
    for address, allowance in module.limits.items():
        token, price = tokens[address], seen.prices[tokens[address]].usd
        at_once = allowance.most + allowance.refill
        usd = None if price is None else usd_value(Amount(token, at_once), price)
        found.append(Exposure(token, allowance.period, min(allowance.refill, allowance.most), at_once, usd))
    return found


def module_of(desk: Desk) -> Module:
    """The configured module.

    Raises:
        BadInput: there is none.
    """
    module = desk.services.routes.get(MODULE)
    if not isinstance(module, Module):
        raise BadInput(
            "no module is configured, so there is no role",
            next_step="Add routes.module to the configuration; docs/module-route.md says how",
        )
    return module


def _ways(desk: Desk, role: Role, called: Callable[[str], str]) -> list[Way]:
    names = {each.function.selector: each.function.signature for each in derived_permissions(desk.services)}
    return list(ways(role, names, called))


def _limit(token: Token, module: Module) -> str:
    allowance = module.limits[token.address]
    return f"{token.amount(allowance.most)} in {duration(allowance.period)}"


def _told(each: Exposure) -> str:
    usd = f", {format_usd(each.usd_at_once)}" if each.usd_at_once is not None else ""
    return (
        f"{each.token.amount(each.at_once)}{usd} at once, across a refill; "
        f"{each.token.amount(each.per_period)} more in every {duration(each.period)} until the key is taken away"
    )


def _to_do(calls: tuple[Call, ...], out: Path | None, proposed: str | None) -> str:
    if not calls:
        return "The chain has exactly this role; there is nothing to do."
    what = f"{len(calls)} calls of the Safe make the chain's role exactly this one"
    if proposed is not None:
        return f"{what}. They wait in the owners' queue as {proposed}; `dao-bot verify` shows what owners sign."
    if out is None:
        return (
            f"{what}. Put them into the owners' queue with --propose, or write them for the Transaction Builder with "
            "--out FILE; the owners sign and execute them there."
        )
    return f"{what}. They stand in {out}: load it in the Transaction Builder; `dao-bot verify` shows what owners sign."


def _batch_file(desk: Desk, seen: Look, calls: tuple[Call, ...]) -> bytes:
    treasury = desk.services.treasury
    return write_batch_file(
        calls,
        chain_id=treasury.chain_id,
        safe=treasury.safe,
        name="Role of the module",
        description="Makes the role of the Roles module exactly the one that dao-bot derives.",
        created_at=seen.block.timestamp,
    )
