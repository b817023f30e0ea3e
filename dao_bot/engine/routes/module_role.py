"""The module's role as the configuration asks for it, and whether the chain has exactly that."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from dao_bot.chain import hexes
from dao_bot.chain.pinned import settle_at
from dao_bot.domain.errors import BadInput, DaoBotError
from dao_bot.domain.grants import Grant
from dao_bot.domain.runs import Block
from dao_bot.domain.simulation import SafeState
from dao_bot.protocols.port import Check
from dao_bot.safe.roles.changes import differences
from dao_bot.safe.roles.reading import OnChain, proxied, read_module
from dao_bot.safe.roles.role import Permission, Role, derive

if TYPE_CHECKING:
    from dao_bot.engine.routes.module import Module
    from dao_bot.engine.services import Services


def derived_role(module: Module, services: Services) -> Role:
    """The smallest module with which the strategies can do what stands under their `may`.

    Raises:
        BadInput: no configured protocol can do it, or a token has no limit.
    """
    permissions = derived_permissions(services)
    return derive(services.treasury.safe, module.signer, module.role, permissions, module.limits, module.unwrapper)


def derived_permissions(services: Services) -> tuple[Permission, ...]:
    """Every function that a strategy may have called, with its conditions; raises as `derived_role`."""
    return tuple(
        permission
        for plan in services.strategies.values()
        for grant in plan.may
        for permission in _permissions(grant, plan.name, services)
    )


def module_on_chain(module: Module, services: Services, block: Block) -> OnChain:
    """As `read_module`, of the configured one."""
    return read_module(services.endpoints, module.address, module.from_block, block)


def role_differences(module: Module, services: Services, block: Block) -> tuple[str, ...]:
    """In what the role on the chain is not the derived one, in words.

    Whether one role contains another is hard to decide, so only the derived one itself is accepted.
    """
    actual = module_on_chain(module, services, block).role
    return differences(actual, derived_role(module, services), lambda address: name_of(services, address))


def name_of(services: Services, address: str) -> str:
    """As people call it."""
    label = services.labels.get(address)
    return f"{label} ({address})" if label else address


def check_module(module: Module, services: Services, block: Block, safe: SafeState) -> tuple[Check, ...]:
    """Lines of the self-test. A module that is not enabled is no danger: what waits for it waits."""
    return tuple(_checks(module, services, block, safe))


def _checks(module: Module, services: Services, block: Block, safe: SafeState) -> Iterator[Check]:
    yield _code(module, services, block)
    if module.address not in safe.modules:
        advice = "the Safe has not enabled it; have the owners execute what `dao-bot roles plan` writes"
        yield Check("Roles module", advice, fatal=False)
        return
    try:
        found = role_differences(module, services, block)
    except DaoBotError as error:
        yield Check("role of the module", str(error))
        return
    advice = "; let the owners mend it with what `dao-bot roles plan` writes, or disable the module"
    yield Check("role of the module", "; ".join(found) + advice if found else None)
    yield Check(
        "module signer", "it is an owner of the Safe; use another account" if module.signer in safe.owners else None
    )


def _code(module: Module, services: Services, block: Block) -> Check:
    node = services.endpoints.primary
    (answer,) = settle_at(node, block, [("eth_getCode", [module.address])])
    code = hexes.data(answer, f"the code of the Roles module at {node.name}")
    points_to = proxied(code)
    if points_to == module.mastercopy:
        return Check("code of the Roles module")
    what = f"it points to {points_to}" if points_to else ("it is no minimal proxy" if code else "there is no code")
    return Check("code of the Roles module", f"{what}, not to the mastercopy {module.mastercopy} of the configuration")


def _permissions(grant: Grant, strategy: str, services: Services) -> tuple[Permission, ...]:
    found: list[Permission] = []
    for protocol in services.protocols:
        permissions = getattr(protocol, "permissions", None)
        if permissions is not None:
            found += permissions(grant)
    if not found:
        raise BadInput(
            "no configured protocol can be allowed to do this through the module",
            value=f"strategy {strategy}: {grant}",
            next_step="Correct `may` of the strategy, or configure the protocol and its pools",
        )
    return tuple(found)
