"""A strategy's answer is outside input: parsed and bounded here, never trusted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dao_bot.domain.decisions import BindingConstraint, Decision, Evidence, Memory
from dao_bot.domain.errors import PluginFailed
from dao_bot.domain.needs import Need
from dao_bot.domain.operations import Operation
from dao_bot.domain.tokens import Token

_MOST_OPERATIONS = 100
_LONGEST_TEXT = 4_000
_MOST_LINES = 1_000


def need_from(raw: Any, kinds: Mapping[str, type[Need[Any]]], strategy: str) -> Need[Any]:
    """The need of a known kind; unknown kinds name the ones that the configured protocols provide."""
    need: Need[Any] = _typed(raw, kinds, strategy, "need")
    return need


def decision_from(raw: Any, kinds: Mapping[str, type], tokens: Mapping[str, Token], strategy: str) -> Decision:
    """The decision, with every operation of a known kind and every token one that is configured."""
    from pydantic import TypeAdapter, ValidationError

    try:
        if len(raw["operations"]) > _MOST_OPERATIONS:
            raise PluginFailed(f"strategy {strategy} wants too many operations", limit=_MOST_OPERATIONS)
        operations: tuple[Operation, ...] = tuple(
            _typed(item, kinds, strategy, "operation") for item in raw["operations"]
        )
        decision = Decision(
            operations=operations,
            reason=_text(raw["reason"]),
            summary=tuple(_text(line) for line in raw["summary"][:_MOST_LINES]),
            evidence=TypeAdapter(tuple[Evidence, ...]).validate_python(raw["evidence"][:_MOST_LINES]),
            binding=TypeAdapter(tuple[BindingConstraint, ...]).validate_python(raw["binding"][:_MOST_LINES]),
            memory=TypeAdapter(Memory | None).validate_python(raw["memory"]),
            wake_at=TypeAdapter(int | None).validate_python(raw["wake_at"]),
            urgent=raw["urgent"] is True,
        )
    except (KeyError, TypeError, ValidationError) as error:
        raise PluginFailed(f"strategy {strategy} returned what is no decision", value=str(error)) from error
    known = set(tokens.values())
    for operation in operations:
        for token in tokens_in(operation):
            if token not in known:
                raise PluginFailed(
                    f"strategy {strategy} wants to move a token that is not configured",
                    value=f"{token.symbol} at {token.address} with {token.decimals} decimals",
                    limit=", ".join(sorted(tokens)),
                )
    return decision


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"text expected, got {type(value).__name__}")
    return value[:_LONGEST_TEXT]


def _typed(raw: Any, kinds: Mapping[str, type], strategy: str, what: str) -> Any:
    from pydantic import TypeAdapter, ValidationError

    fields = dict(raw)
    kind = fields.pop("kind", None)
    if kind not in kinds:
        raise PluginFailed(
            f"strategy {strategy} uses {what} {kind!r}, which no configured protocol knows",
            limit=", ".join(sorted(kinds)),
            next_step="Configure its protocol under `protocols` in strategies.yaml",
        )
    try:
        return TypeAdapter(kinds[kind]).validate_python(fields)
    except ValidationError as error:
        raise PluginFailed(f"strategy {strategy} returned a malformed {what} {kind!r}", value=str(error)) from error


def tokens_in(value: Any) -> list[Token]:
    """Every token that an operation names, however deep."""
    if isinstance(value, Token):
        return [value]
    slots = getattr(type(value), "__dataclass_fields__", {})
    return [token for name in slots for token in tokens_in(getattr(value, name))]
