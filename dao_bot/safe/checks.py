"""Whether a Safe is what it should be, line by line and in words, for the start-up self-test."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from dao_bot.domain.addresses import ZERO_ADDRESS, Address
from dao_bot.domain.errors import DaoBotError
from dao_bot.domain.simulation import SafeState
from dao_bot.safe.deployments import FALLBACK_HANDLERS, PROXY_CODE_HASHES, SINGLETONS
from dao_bot.safe.state import control_changes, require_supported


@dataclass(frozen=True, slots=True)
class SafeCheck:
    """One line.

    Attributes:
        found: what is there, in words.
        problem: what is wrong with it and what to do; None when all is well.
    """

    subject: str
    found: str
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class SafeCode:
    """Keccak-256 of code on the chain, as 0x-hex; of the Safe's own address and of its singleton."""

    proxy: str
    singleton: str


def check_safe(
    state: SafeState, code: SafeCode, labels: Mapping[str, str], known: SafeState | None = None
) -> Iterator[SafeCheck]:
    """Every aspect of the Safe.

    Args:
        labels: names that the config gives to addresses; a module, guard or handler without a name is a problem.
        known: the Safe as it was when the record last saw it.
    """
    yield _version(state)
    yield _proxy(code)
    yield _singleton(state, code)
    yield _owners(state)
    yield _threshold(state)
    yield _modules(state, labels)
    yield _guard("guard", state.guard, labels)
    yield _guard("module guard", state.module_guard, labels)
    yield _fallback_handler(state, labels)
    if known is not None:
        differences = control_changes(known, state)
        advice = "; make sure that the owners did this, then accept it with `dao-bot doctor --accept`"
        problem = "; ".join(differences) + advice if differences else None
        yield SafeCheck("changes since it was accepted", "; ".join(differences) or "none", problem)


def _version(state: SafeState) -> SafeCheck:
    try:
        require_supported(state.version)
    except DaoBotError as error:
        return SafeCheck("version", state.version, str(error))
    return SafeCheck("version", state.version)


def _proxy(code: SafeCode) -> SafeCheck:
    version = PROXY_CODE_HASHES.get(code.proxy)
    if version is None:
        problem = f"the code at the Safe's address is no Safe proxy's (code hash {code.proxy}); it may answer anything"
        return SafeCheck("proxy", code.proxy, problem)
    return SafeCheck("proxy", f"made by the factory of Safe {version}")


def _singleton(state: SafeState, code: SafeCode) -> SafeCheck:
    known = SINGLETONS.get(state.singleton)
    if known is None:
        problem = f"{state.singleton} is no singleton of Safe 1.3.0, 1.4.1 or 1.5.0; it decides all that the Safe does"
    elif not state.version.startswith(known.version):
        problem = f"the singleton is of version {known.version}, the Safe says {state.version}"
    elif known.code_hash != code.singleton:
        problem = f"the singleton's code is not {known.kind} {known.version} (code hash {code.singleton})"
    else:
        return SafeCheck("singleton", f"{known.kind} {known.version}, {state.singleton}")
    return SafeCheck("singleton", state.singleton, problem)


def _owners(state: SafeState) -> SafeCheck:
    found = ", ".join(state.owners)
    if len(set(state.owners)) != len(state.owners) or not state.owners:
        return SafeCheck("owners", found or "none", "a Safe has at least one owner, and each once")
    if ZERO_ADDRESS in state.owners or state.address in state.owners:
        return SafeCheck("owners", found, "an owner that nobody can sign for makes the threshold harder to reach")
    return SafeCheck("owners", found)


def _threshold(state: SafeState) -> SafeCheck:
    found = f"{state.threshold} of {len(state.owners)}"
    if not 1 <= state.threshold <= len(state.owners):
        return SafeCheck("threshold", found, "the threshold cannot be met")
    return SafeCheck("threshold", found)


def _modules(state: SafeState, labels: Mapping[str, str]) -> SafeCheck:
    found = ", ".join(_named(module, labels) for module in state.modules) or "none"
    unnamed = [module for module in state.modules if module not in labels]
    problem = (
        f"{', '.join(unnamed)} can move everything without the owners, and the config does not name it; "
        "disable it, or give it a label in the address book"
        if unnamed
        else None
    )
    return SafeCheck("modules", found, problem)


def _guard(subject: str, guard: Address, labels: Mapping[str, str]) -> SafeCheck:
    if guard == ZERO_ADDRESS:
        return SafeCheck(subject, "none")
    problem = None
    if guard not in labels:
        problem = f"{guard} can stop every transaction, and the config does not name it; remove it, or label it"
    return SafeCheck(subject, _named(guard, labels), problem)


def _fallback_handler(state: SafeState, labels: Mapping[str, str]) -> SafeCheck:
    handler = state.fallback_handler
    known = FALLBACK_HANDLERS.get(handler)
    if handler == ZERO_ADDRESS or known is not None:
        found = f"{known.kind} {known.version}, {handler}" if known else "none"
        return SafeCheck("fallback handler", found)
    problem = None
    if handler not in labels:
        problem = f"{handler} answers for the Safe when it is asked for a signature, and nobody named it; replace it"
    return SafeCheck("fallback handler", _named(handler, labels), problem)


def _named(address: str, labels: Mapping[str, str]) -> str:
    return f"{labels[address]} ({address})" if address in labels else address
