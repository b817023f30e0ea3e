"""No delegatecall but to the pinned MultiSendCallOnly, with exactly the calls that were decoded."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from dao_bot.domain.calls import CallType
from dao_bot.domain.multisend import encode_multi_send
from dao_bot.domain.verdict import RuleReport
from dao_bot.fields import Settings
from dao_bot.policy.facts import PolicyFacts
from dao_bot.policy.report import broken, kept


class NoDelegatecallParams(Settings):
    """The rule `no_delegatecall` has no parameters."""


class NoDelegatecall:
    """Mandatory. The bytes that are approved are the calls that the other rules judged, and nothing else.

    The whole batch is encoded again from the decoded calls and compared byte for byte, so nothing can hide behind it.
    """

    name: ClassVar[str] = "no_delegatecall"
    Params: ClassVar[type[Settings]] = NoDelegatecallParams

    def __init__(self, params: NoDelegatecallParams) -> None:
        del params

    def check(self, facts: PolicyFacts) -> Iterator[RuleReport]:
        problem = _problem(facts)
        if problem is None:
            yield kept(self.name, "", f"{len(facts.decoded)} plain calls through the pinned MultiSendCallOnly.")
        else:
            yield broken(self.name, "", problem, after=facts.batch.transaction.to)


def _problem(facts: PolicyFacts) -> str | None:
    transaction = facts.executed or facts.batch.transaction
    if facts.executed is None and transaction.route != "multisig":
        return f"The policy does not know what the route {transaction.route} makes of the calls; it refuses it."
    if transaction.operation is not CallType.DELEGATECALL or transaction.to != facts.trusted_multisend:
        return (
            f"The Safe would {transaction.operation.name.lower()} {transaction.to}; "
            f"a batch goes by delegatecall to MultiSendCallOnly at {facts.trusted_multisend}, and to nothing else."
        )
    if transaction.value:
        return f"The batch carries {transaction.value} wei that no call receives."
    if not facts.decoded:
        return "The batch has no calls."
    if transaction.data != encode_multi_send(decoded.call for decoded in facts.decoded):
        return "The bytes of the batch are not the calls that were decoded: something may hide in them. Do not sign it."
    return None
