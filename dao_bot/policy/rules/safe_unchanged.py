"""Who controls the Safe stays as it is: owners, threshold, modules, guard, fallback handler, singleton."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import ClassVar, Literal

from pydantic import Field

from dao_bot.domain.simulation import SafeState
from dao_bot.domain.verdict import RuleReport
from dao_bot.fields import Settings
from dao_bot.policy.facts import PolicyFacts
from dao_bot.policy.report import broken, kept
from dao_bot.policy.words import call_subject

Aspect = Literal["owners", "threshold", "modules", "guard", "fallback_handler", "module_guard"]

FUNCTIONS: Mapping[str, frozenset[str]] = {
    "addOwnerWithThreshold(address,uint256)": frozenset({"owners", "threshold"}),
    "removeOwner(address,address,uint256)": frozenset({"owners", "threshold"}),
    "swapOwner(address,address,address)": frozenset({"owners"}),
    "changeThreshold(uint256)": frozenset({"threshold"}),
    "enableModule(address)": frozenset({"modules"}),
    "disableModule(address,address)": frozenset({"modules"}),
    "setGuard(address)": frozenset({"guard"}),
    "setFallbackHandler(address)": frozenset({"fallback_handler"}),
    "setModuleGuard(address)": frozenset({"module_guard"}),
}
"""What each function of the Safe may change; a function that is not here is never allowed."""

_ASPECTS = ("version", "singleton", "owners", "threshold", "modules", "guard", "fallback_handler", "module_guard")


class SafeUnchangedParams(Settings):
    """Parameters of the rule `safe_unchanged`."""

    allow: tuple[Aspect, ...] = Field(default=(), description="what a batch may change; leave empty for a trading bot")


class SafeUnchanged:
    """Mandatory. Compares the Safe before and after, and refuses calls to the Safe itself even if they change nothing.

    Only what the stewards name under `allow` may change; the singleton and the version never.
    """

    name: ClassVar[str] = "safe_unchanged"
    Params: ClassVar[type[Settings]] = SafeUnchangedParams

    def __init__(self, params: SafeUnchangedParams) -> None:
        self._allowed = frozenset[str](params.allow)

    def check(self, facts: PolicyFacts) -> Iterator[RuleReport]:
        reports = [*self._calls(facts), *self._changes(facts)]
        yield from reports
        if not reports:
            state = _summary(facts.safe_before)
            yield kept(self.name, "", "Nobody gains or loses control of the Safe.", before=state, after=state)

    def _calls(self, facts: PolicyFacts) -> Iterator[RuleReport]:
        for position, decoded in enumerate(facts.decoded, 1):
            if decoded.call.to != facts.batch.safe:
                continue
            changes = FUNCTIONS.get(decoded.function or "")
            if changes is None or not changes <= self._allowed:
                yield broken(
                    self.name,
                    call_subject(position, decoded),
                    "The Safe would call itself, which is how control over it changes; the policy names no exception.",
                    after=decoded.summary,
                )

    def _changes(self, facts: PolicyFacts) -> Iterator[RuleReport]:
        before, after = facts.safe_before, facts.simulation.safe_after
        if after is None:
            yield broken(self.name, "", "What the Safe is after the batch is unknown, so it may have changed.")
            return
        if before.address != facts.batch.safe or after.address != facts.batch.safe:
            yield broken(self.name, "", "The state that was read is of another Safe.", after=after.address)
        if not before.nonce <= after.nonce <= before.nonce + 1:
            yield broken(
                self.name, "nonce", "The batch uses up nonces.", before=str(before.nonce), after=str(after.nonce)
            )
        for aspect in _ASPECTS:
            old, new = getattr(before, aspect), getattr(after, aspect)
            if _same(old, new) or aspect in self._allowed:
                continue
            yield broken(
                self.name,
                aspect.replace("_", " "),
                "This decides who controls the Safe, and no rule of the policy names its change.",
                before=_text(old),
                after=_text(new),
                limit="unchanged",
            )


def _same(old: object, new: object) -> bool:
    """Owners and modules are linked lists on the chain; their order means nothing."""
    if isinstance(old, tuple) and isinstance(new, tuple):
        return sorted(old) == sorted(new)
    return old == new


def _text(value: object) -> str:
    return (", ".join(map(str, value)) or "none") if isinstance(value, tuple) else str(value)


def _summary(state: SafeState) -> str:
    modules = f"{len(state.modules)} modules" if state.modules else "no modules"
    return f"{state.threshold} of {len(state.owners)} owners, {modules}, Safe {state.version}"
