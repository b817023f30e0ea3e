"""The module as it is on the chain: its events from every operator's node, held against what the contract answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dao_bot.chain.endpoints import Endpoints
from dao_bot.chain.executions import logs_between
from dao_bot.chain.logs import parse_log
from dao_bot.chain.plan import Answer, Plan
from dao_bot.chain.rpc import Endpoint
from dao_bot.domain.addresses import Address, checksum
from dao_bot.domain.errors import BadInput, RpcDisagreement
from dao_bot.domain.runs import Block
from dao_bot.safe.roles.contract import AVATAR, CONSUMED, FIRST_MODULE, MODULES, OWNER, TARGET
from dao_bot.safe.roles.events import replay
from dao_bot.safe.roles.role import Role

_MOST_CALLERS = 100
_PROXY_HEAD = bytes.fromhex("363d3d373d3d3d363d73")
_PROXY_TAIL = bytes.fromhex("5af43d82803e903d91602b57fd5bf3")
"""EIP-1167, around the address of the code."""


@dataclass(frozen=True, slots=True)
class OnChain:
    """A module at one block. `callers` in the order in which it lists them."""

    role: Role
    callers: tuple[Address, ...]


def read_module(endpoints: Endpoints, module: Address, first_block: int, block: Block) -> OnChain:
    """Everything that the module may do at `block`.

    Args:
        first_block: one before or in which it was created.

    Raises:
        RpcDisagreement: two operators show other events, or the events do not lead to what the contract answers.
        ChainError: its events are not complete, or it is no Roles v2 module.
    """
    shown = {endpoint: _role(endpoint, module, first_block, block) for endpoint in _operators(endpoints)}
    role, *others = shown.values()
    if any(other != role for other in others):
        raise RpcDisagreement(
            "two nodes do not show the same events of the Roles module",
            value=module,
            limit="the same on both",
            next_step="Wait until both have indexed their logs, or use another node",
        )
    (told,) = endpoints.read(block, [_read_state(module)])
    owner, avatar, target, callers = told
    if (owner, avatar, target, frozenset(callers)) != (role.owner, role.avatar, role.target, role.callers):
        raise RpcDisagreement(
            "the events of the Roles module do not lead to what it says of itself, so some of them are missing",
            value=f"owner {owner}, avatar {avatar}, target {target}, {len(callers)} callers",
            limit=f"owner {role.owner}, avatar {role.avatar}, target {role.target}, {len(role.callers)} callers",
            next_step="Use a node that has all logs since routes.module.from_block",
        )
    return OnChain(role, callers)


def read_consumed(module: Address, signer: Address, digest: bytes) -> Plan[bool]:
    """Whether this signed module transaction was executed or invalidated. One round."""
    (answer,) = yield [CONSUMED.read(module, signer, digest)]
    return bool(CONSUMED.decode(_required(answer, module))[0])


def proxied(code: bytes) -> Address | None:
    """What a minimal proxy (EIP-1167) points to; None for any other code."""
    inside = code[len(_PROXY_HEAD) : -len(_PROXY_TAIL)]
    return checksum(inside) if code == _PROXY_HEAD + inside + _PROXY_TAIL and len(inside) == 20 else None


def _operators(endpoints: Endpoints) -> tuple[Endpoint, ...]:
    return (endpoints.primary,) if endpoints.second is None else (endpoints.primary, endpoints.second)


def _role(endpoint: Endpoint, module: Address, first_block: int, block: Block) -> Role:
    raw = logs_between(endpoint, module, [], first_block, block.number)
    return replay(parse_log(each, endpoint.name) for each in raw)


def _read_state(module: Address) -> Plan[tuple[Address, Address, Address, tuple[Address, ...]]]:
    answers: Sequence[Answer] = yield [
        OWNER.read(module),
        AVATAR.read(module),
        TARGET.read(module),
        MODULES.read(module, FIRST_MODULE, _MOST_CALLERS),
    ]
    owner, avatar, target, page = (_required(answer, module) for answer in answers)
    callers, following = MODULES.decode(page)
    if int(following, 16) > 1:
        raise BadInput("the Roles module has too many members to check", value=module, limit=_MOST_CALLERS)
    return OWNER.decode(owner)[0], AVATAR.decode(avatar)[0], TARGET.decode(target)[0], tuple(callers)


def _required(answer: Answer, module: Address) -> bytes:
    if not answer.success:
        raise BadInput(
            "there is no Roles v2 module at this address",
            value=module,
            next_step="Correct routes.module.roles; a module is created with the Zodiac app or its factory",
        )
    return answer.data
