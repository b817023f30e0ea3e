"""`dao-bot roles plan` and `roles diff`: the module's role, derived, shown to owners, and compared with the chain."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from dao_bot.app.exits import DONE, FAILED
from dao_bot.app.output import print_json, print_text
from dao_bot.app.role_notes import looser_than_policy
from dao_bot.app.showing import write_file
from dao_bot.app.wiring import Desk, open_desk
from dao_bot.cards.text import duration
from dao_bot.domain.calls import Call
from dao_bot.domain.errors import BadInput
from dao_bot.domain.runs import RunId
from dao_bot.domain.tokens import Amount, Token, usd_value
from dao_bot.domain.units import format_usd
from dao_bot.engine.look import Look, look
from dao_bot.engine.routes.module import MODULE, Module
from dao_bot.engine.routes.module_role import (
    derived_permissions,
    derived_role,
    module_on_chain,
    name_of,
    role_differences,
)
from dao_bot.safe.builder import write_batch_file
from dao_bot.safe.roles.changes import changes
from dao_bot.safe.roles.contract import ENABLE_MODULE
from dao_bot.safe.roles.role import Role
from dao_bot.safe.roles.words import function_lines


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


def plan(path: Path, out: Path | None, as_facts: bool) -> int:
    """The derived role, what it exposes, and the calls of the Safe that make the chain's role exactly this one."""
    with open_desk(path) as desk:
        module, services = module_of(desk), desk.services
        seen = look(services, RunId("roles", 0), any_safe=True)
        wanted, calls = derived_role(module, services), calls_of_owners(desk, module, seen)
        if out is not None and calls:
            write_file(out, _batch_file(desk, seen, calls).decode())
        exposed = exposures(module, seen)
        functions, notes = _functions(desk, wanted), list(looser_than_policy(desk, module.limits, seen))
    if as_facts:
        shown = [{"to": call.to, "value": call.value, "data": "0x" + call.data.hex()} for call in calls]
        facts = {"module": module.address, "functions": functions, "exposure": exposed, "looser_than_policy": notes}
        print_json({**facts, "calls": shown})
        return DONE
    lines = [f"The role of the module {module.address}; its one member is {module.signer}.", ""]
    lines += [f"  {line}" for line in functions]
    lines += ["", "Whoever has the member's key can take at most, whatever price he accepts:"]
    lines += [f"  {_told(each)}" for each in exposed]
    lines += [f"Larger than it is good for: {note}." for note in notes]
    lines += ["", _to_do(calls, out)]
    print_text("\n".join(lines))
    return DONE


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


def _functions(desk: Desk, role: Role) -> list[str]:
    names = {each.function.selector: each.function.signature for each in derived_permissions(desk.services)}
    return list(function_lines(role, names, lambda address: name_of(desk.services, address)))


def _told(each: Exposure) -> str:
    usd = f", {format_usd(each.usd_at_once)}" if each.usd_at_once is not None else ""
    return (
        f"{each.token.amount(each.at_once)}{usd} at once, across a refill; "
        f"{each.token.amount(each.per_period)} more in every {duration(each.period)} until the key is taken away"
    )


def _to_do(calls: tuple[Call, ...], out: Path | None) -> str:
    if not calls:
        return "The chain has exactly this role; there is nothing to do."
    what = f"{len(calls)} calls of the Safe make the chain's role exactly this one"
    if out is None:
        return (
            f"{what}. Write them for the Transaction Builder with --out FILE; the owners sign and execute them there."
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
