"""Only contracts of the configured protocols and tokens are called, and only functions that a protocol understands."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import ClassVar

from pydantic import Field

from dao_bot.domain.calls import DecodedCall
from dao_bot.domain.verdict import RuleReport
from dao_bot.fields import Settings
from dao_bot.policy.facts import PolicyFacts
from dao_bot.policy.report import broken, kept
from dao_bot.policy.words import call_subject, label_of, token_at


class AllowedTargetsParams(Settings):
    """Parameters of the rule `allowed_targets`."""

    only: Mapping[str, tuple[str, ...]] = Field(
        default={},
        description="further restriction: contract label or token symbol to the functions that may be called, such as "
        "`USDC: [approve(address,uint256)]`; a contract that is not named keeps all decoded functions",
    )


class AllowedTargets:
    """Mandatory. Calls to the Safe itself are left to `safe_unchanged`, which is mandatory too."""

    name: ClassVar[str] = "allowed_targets"
    Params: ClassVar[type[Settings]] = AllowedTargetsParams

    def __init__(self, params: AllowedTargetsParams) -> None:
        self._only = params.only

    def check(self, facts: PolicyFacts) -> Iterator[RuleReport]:
        problems = 0
        for position, decoded in enumerate(facts.decoded, 1):
            problem = self._problem(facts, decoded)
            if problem is not None:
                problems += 1
                target = label_of(facts, decoded.call.to)
                yield broken(self.name, call_subject(position, decoded), problem, after=target)
        if not problems:
            yield kept(self.name, "", f"All {len(facts.decoded)} calls go to configured contracts, and are understood.")

    def _problem(self, facts: PolicyFacts, decoded: DecodedCall) -> str | None:
        target = decoded.call.to
        if target == facts.batch.safe:
            return None
        if decoded.function is None:
            return "No configured protocol knows this call; nobody can say what it does."
        token = token_at(facts, target)
        is_bare_payment = not decoded.call.data and target in facts.address_book
        if target not in facts.contracts and token is None and not is_bare_payment:
            return "The target is no contract of a configured protocol or token."
        if decoded.approves is not None and decoded.approves[1] not in facts.contracts:
            spender = label_of(facts, decoded.approves[1])
            return f"The allowance goes to {spender}, which is no contract of a configured protocol."
        label = facts.contracts.get(target) or (token.symbol if token else "")
        allowed = self._only.get(label)
        if allowed is not None and decoded.function not in allowed:
            return f"The policy allows only {', '.join(allowed) or 'nothing'} on {label}."
        return None
