"""Whether the chain is what the configuration says: tokens with their decimals, contracts that belong together."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from dao_bot.chain.plan import Plan
from dao_bot.domain.errors import BadInput
from dao_bot.engine.services import Services
from dao_bot.protocols.port import Check
from dao_bot.protocols.token_check import check_tokens


def self_test(services: Services) -> list[Plan[tuple[Check, ...]]]:
    """Plans of one round each, which can share it with other reads."""
    testable: list[Any] = [protocol for protocol in services.protocols if hasattr(protocol, "check")]
    return [check_tokens(services.treasury), *(protocol.check() for protocol in testable)]


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
