"""`dao-bot doctor`: the start-up self-test against the chain, line by line."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from dao_bot.app.collecting import make_api
from dao_bot.app.doctor_nodes import NODE_SECONDS, ask_each
from dao_bot.app.exits import DONE, FAILED
from dao_bot.app.keeping import make_signer
from dao_bot.app.keys import read_key
from dao_bot.app.output import print_json, print_text
from dao_bot.app.wiring import Desk, open_desk
from dao_bot.chain.hexes import quantity
from dao_bot.chain.pinned import settle_at
from dao_bot.chain.rpc import Endpoint
from dao_bot.config.settings import RpcSettings
from dao_bot.domain.addresses import Address
from dao_bot.domain.errors import DaoBotError, RpcUnavailable
from dao_bot.domain.hashing import keccak
from dao_bot.domain.runs import Block, RunId
from dao_bot.domain.simulation import SafeState
from dao_bot.domain.units import format_units
from dao_bot.engine.acceptance import accept_safe
from dao_bot.engine.fitness import check_contracts
from dao_bot.engine.look import look, look_at_safe
from dao_bot.policy.rules.burn import BurnParams
from dao_bot.protocols.burn_check import burn_problem
from dao_bot.protocols.probe import probe_token
from dao_bot.protocols.token_check import check_tokens
from dao_bot.safe.checks import SafeCode, check_safe
from dao_bot.safe.signing import key_address
from dao_bot.safe.transaction_service.delegates import Delegates

_LEAST_BALANCE_GAS = 5_000_000


@dataclass(frozen=True, slots=True)
class Line:
    """One test: what was looked at, what is there, what is wrong with it (None: nothing) and whether that stops."""

    subject: str
    found: str
    problem: str | None = None
    fatal: bool = True


def doctor(path: Path, accept: bool, as_json: bool) -> int:
    """Print every line; exit code 1 when one that matters fails.

    Args:
        accept: first record the Safe, as it is now, as the one that the stewards want.
    """
    with open_desk(path, NODE_SECONDS) as desk:
        lines = examine_desk(desk, accept=accept)
    failed = any(line.problem and line.fatal for line in lines)
    if as_json:
        print_json({"ok": not failed, "checks": lines})
    else:
        for line in lines:
            mark = "ok  " if line.problem is None else ("FAIL" if line.fatal else "warn")
            print_text(f"{mark}  {line.subject}: {line.problem or line.found}")
        print_text("Something must be mended first." if failed else "All is well.")
    return FAILED if failed else DONE


def examine_desk(desk: Desk, *, accept: bool = False) -> list[Line]:
    """All tests that can be made; when the chain cannot be reached, what each node said."""
    services, lines = desk.services, _nodes(desk)
    dead = any(line.problem for line in lines)
    try:
        block = services.endpoints.pin()
    except DaoBotError as error:
        return [*lines, Line("nodes", "", f"nothing else was tested: {error}", fatal=not dead)]
    if accept:
        seen_at, safe = look_at_safe(services, any_safe=True)
        accept_safe(desk.store, safe, seen_at.timestamp)
    together = ", ".join(node.name for node in services.endpoints.witnesses())
    lines += [
        Line("nodes", f"block {block.number} of {together}"),
        Line("second witness", _second_witness(desk)),
    ]
    for test in (
        _safe,
        _tokens,
        _behaviour,
        _burning,
        _contracts,
        _protocols,
        _routes,
        _prices,
        _people,
        _keeper,
        _service,
    ):
        try:
            lines += test(desk, block)
        except DaoBotError as error:
            lines.append(Line(test.__name__.strip("_"), "", str(error)))
            if isinstance(error, RpcUnavailable) and (died := [line for line in _nodes(desk) if line.problem]):
                return [*lines, *died, Line("nodes", "", "what comes next was not tested", fatal=False)]
    return lines


def _nodes(desk: Desk) -> list[Line]:
    """Each for itself. Who fails is asked no more, so that nothing else waits for it."""
    endpoints, lines = desk.services.endpoints, []
    for node, said in ask_each(endpoints):
        if isinstance(said, DaoBotError):
            endpoints.leave_out(node)
            lines.append(Line(f"node {node.name}", "", str(said)))
        else:
            lines.append(Line(f"node {node.name}", f"chain {said.chain_id}, block {said.number}"))
    return lines


def _second_witness(desk: Desk) -> str:
    services = desk.services
    two = len({node.operator for node in services.endpoints.all}) > 1
    return services.second_witness.description + ("" if two else "; mode live needs nodes of two operators")


def _safe(desk: Desk, block: Block) -> list[Line]:
    services = desk.services
    _, state = look_at_safe(services, any_safe=True)
    accepted = services.accepted_safe()
    proxy, singleton = settle_at(
        services.endpoints.primary, block, [("eth_getCode", [state.address]), ("eth_getCode", [state.singleton])]
    )
    code = SafeCode(_code_hash(proxy), _code_hash(singleton))
    lines = [
        Line(f"Safe: {check.subject}", check.found, check.problem)
        for check in check_safe(state, code, services.labels, accepted)
    ]
    if accepted is None:
        lines.append(Line("Safe: changes since it was accepted", "not accepted yet; the first `dao-bot run` does that"))
    return lines


def _tokens(desk: Desk, block: Block) -> list[Line]:
    services = desk.services
    (checks,) = services.endpoints.read(block, [check_tokens(services.treasury)])
    return [Line(check.subject, "as configured", check.problem, check.fatal) for check in checks]


def _behaviour(desk: Desk, block: Block) -> list[Line]:
    """Every token tried out on the second witness, with balances of the Safe and of the pools."""
    services = desk.services
    witness, pools = services.second_witness.at(block), _pools(desk)
    lines = []
    for token in services.treasury.tokens.values():
        probe = probe_token(witness, block, token, services.treasury.safe, pools)
        found = "what is sent arrives" if not probe.reasons else "only held: " + "; ".join(probe.reasons)
        surprise = bool(probe.reasons) and token.address not in services.hold_only
        problem = f"{'; '.join(probe.reasons)}: write `hold_only: true` beside it" if surprise else None
        lines.append(Line(f"{token.symbol} tried out", "; ".join((found, *probe.notes)), problem))
    return lines


def _burning(desk: Desk, block: Block) -> list[Line]:
    """Tokens that the policy lets burn can be burned."""
    services = desk.services
    rules = (plugin.settings for plugin in desk.config.rules)
    symbols = dict.fromkeys(symbol for rule in rules if isinstance(rule, BurnParams) for symbol in rule.tokens)
    holders = (services.treasury.safe, *_pools(desk))
    lines = []
    for symbol in symbols:
        problem = burn_problem(services.second_witness.at(block), block, services.treasury.tokens[symbol], holders)
        advice = f"{problem}; take it out of the rule `burn`, and send the tokens to an address instead"
        lines.append(Line(f"{symbol} burned", "balance and supply fall by what is burned", advice if problem else None))
    return lines


def _pools(desk: Desk) -> list[Address]:
    return [pool.address for protocol in desk.services.protocols for pool in getattr(protocol, "pools", ())]


def _contracts(desk: Desk, block: Block) -> list[Line]:
    checks = check_contracts(desk.services, block)
    return [Line(check.subject, "its code is there", check.problem, check.fatal) for check in checks]


def _protocols(desk: Desk, block: Block) -> list[Line]:
    plans = [protocol.check() for protocol in desk.services.protocols if hasattr(protocol, "check")]
    return [
        Line(check.subject, "as configured", check.problem, check.fatal)
        for checks in desk.services.endpoints.read(block, plans)
        for check in checks
    ]


def _routes(desk: Desk, block: Block) -> list[Line]:
    services = desk.services
    _, state = look_at_safe(services, any_safe=True)
    return [
        Line(check.subject, "as derived from the configuration", check.problem, check.fatal)
        for route in services.routes.values()
        for check in route.check(services, block, state)
    ]


def _prices(desk: Desk, block: Block) -> list[Line]:
    seen = look(desk.services, RunId("doctor", 0), block=block, any_safe=True)
    return [
        Line(
            f"price of {token.symbol}",
            f"{format_units(price.usd, 18, 4)} USD" if price.usd is not None else "",
            None if price.usd is not None else "; ".join(price.problems) or "no source is configured",
            fatal=token.address not in desk.services.hold_only,
        )
        for token, price in seen.prices.items()
    ]


def _people(desk: Desk, block: Block) -> list[Line]:
    from dao_bot.app.doctor_people import people_findings

    return [Line(each.subject, each.found, each.problem, each.fatal) for each in people_findings(desk, block)]


def _keeper(desk: Desk, block: Block) -> list[Line]:
    settings = desk.config.treasury.keeper
    if settings is None:
        return [Line("keeper", "none is configured: nothing can be sent")]
    address = make_signer(settings, timeout=NODE_SECONDS).address
    _, state = look_at_safe(desk.services, any_safe=True)
    node = desk.services.endpoints.primary
    balance = quantity(
        settle_at(node, block, [("eth_getBalance", [address])])[0], f"the keeper's balance at {node.name}"
    )
    lines = [_keeper_is_no_owner(address, state), _keeper_can_pay(address, balance, settings.max_fee_per_gas, desk)]
    return [*lines, *([_relay(settings.relay, desk)] if settings.relay else [])]


def _relay(settings: RpcSettings, desk: Desk) -> Line:
    """A private endpoint that is configured is asked, because nothing is sent without it."""
    relay = Endpoint(settings.url.resolve(), settings.operator, NODE_SECONDS)
    try:
        desk.services.endpoints.check_chain(relay, relay.request("eth_chainId"))
    except DaoBotError as error:
        return Line("relay", "", str(error))
    return Line("relay", f"{relay.name} takes the keeper's transactions, alone")


def _service(desk: Desk, block: Block) -> list[Line]:
    """One request: whether the transaction service answers, and lets the configured account propose."""
    settings = desk.config.treasury.service
    if settings is None:
        return []
    api, proposer = make_api(desk), key_address(read_key(settings.proposer))
    _, state = look_at_safe(desk.services, any_safe=True)
    registered = any(each.delegate == proposer for each in Delegates(api, state.address).all())
    owner = "it belongs to an owner, so that proposing would approve; use another account"
    unknown = f"{proposer} is not registered; an owner signs for it: `dao-bot delegates message`"
    problem = owner if proposer in state.owners else None if registered else unknown
    spent = f"{api.budget.spent()} of {settings.monthly_requests} requests of this month"
    return [Line("transaction service", f"{api.host}; {spent}"), Line("proposer", f"{proposer} may propose", problem)]


def _keeper_is_no_owner(address: str, state: SafeState) -> Line:
    problem = "it is an owner of the Safe, so its sending would count as a signature; use another account"
    return Line("keeper", f"{address} is no owner", problem if address in state.owners else None)


def _keeper_can_pay(address: str, balance: int, max_fee: int, desk: Desk) -> Line:
    native = desk.services.treasury.native
    needed = _LEAST_BALANCE_GAS * max_fee
    shown = f"{format_units(balance, native.decimals, 4)} {native.symbol}"
    short = f"{shown} may not pay for gas at the cap; send it {format_units(needed - balance, native.decimals, 4)} more"
    return Line("keeper's balance", shown, short if balance < needed else None, fatal=balance == 0)


def _code_hash(raw: object) -> str:
    return "0x" + keccak(bytes.fromhex(str(raw)[2:])).hex()
