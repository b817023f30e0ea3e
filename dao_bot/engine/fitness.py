"""Whether the chain is what the configuration says: tokens with their decimals, contracts that belong together."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from dao_bot.chain.plan import Plan
from dao_bot.domain.addresses import Address
from dao_bot.domain.errors import BadInput
from dao_bot.domain.runs import Block
from dao_bot.engine.services import Services
from dao_bot.protocols.code_check import check_code
from dao_bot.protocols.port import Check
from dao_bot.protocols.token_check import check_tokens
from dao_bot.safe.deployments import MULTI_SEND_CALL_ONLY


def self_test(services: Services) -> list[Plan[tuple[Check, ...]]]:
    """Plans of one round each, which can share it with other reads."""
    testable: list[Any] = [protocol for protocol in services.protocols if hasattr(protocol, "check")]
    return [check_tokens(services.treasury), *(protocol.check() for protocol in testable)]


def check_contracts(services: Services, block: Block) -> tuple[Check, ...]:
    """Code of every contract that is called or relied on, against its pinned hash; one round trip.

    MultiSendCallOnly, the one target of a delegatecall, is always pinned.
    """
    multi_send = services.multi_send_call_only
    contracts: dict[Address, tuple[str, str | None]] = {
        multi_send: ("MultiSendCallOnly", MULTI_SEND_CALL_ONLY[multi_send].code_hash)
    }
    for protocol in services.protocols:
        contracts.update(getattr(protocol, "relied_on", protocol.contracts))
    return check_code(services.endpoints.primary, block, contracts)


def require_fit(tested: Iterable[Iterable[Check]]) -> None:
    """Refuse to decide on a chain that is another one than was configured.

    Raises:
        BadInput: with every problem that matters.
    """
    problems = [
        f"{check.subject}: {check.problem}" for checks in tested for check in checks if check.problem and check.fatal
    ]
    if problems:
        raise BadInput(
            "the chain is not what the configuration says",
            value="; ".join(problems),
            next_step="Correct the configuration; `dao-bot doctor` tests all of it",
        )
