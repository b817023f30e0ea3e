"""Domain values as canonical JSON text and back, equal to the last bit; operations are an open set tagged by `kind`."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterable
from functools import lru_cache
from typing import Any, TypeVar, cast

from dao_bot.domain.decisions import Decision, Memory
from dao_bot.domain.errors import BadInput, StoreError
from dao_bot.domain.json_depth import is_too_deep
from dao_bot.domain.operations import Operation, Swap, Transfer
from dao_bot.domain.proposals import Approval, Outcome, Proposal
from dao_bot.domain.tokens import Token
from dao_bot.domain.verdict import Verdict
from dao_bot.store.shapes import Shape, Unfit, shape_of

Value = TypeVar("Value")

_DEEPEST = 200

Fees = dict[str, int]
"""Wei by name."""


@dataclasses.dataclass(frozen=True, slots=True)
class UnknownOperation:
    """An operation whose protocol is not configured any more: its fields as the JSON that was stored, unread."""

    kind: str
    fields: dict[str, object]


PROPOSALS_KEPT = 4096


class Codec:
    """Encodes and decodes whole domain values. Thread-safe once made.

    Attributes:
        decode_proposal: a stored text as the proposal and its id; the latest ones are kept.

    Args:
        operations: types of the configured protocols besides `Swap` and `Transfer`; frozen dataclasses with a `kind`.

    Raises:
        BadInput: when two of them have one kind, or one of them has a field that cannot be stored.
    """

    def __init__(self, operations: Iterable[type[Operation]] = ()) -> None:
        self._shapes: dict[Any, Shape] = {Operation: Shape(self._encode_operation, self._decode_operation)}
        self._operations: dict[str, tuple[type[Operation], Shape]] = {}
        for kind_type in (Swap, Transfer, *operations):
            self._register(kind_type)
        # All shapes are built here, before several threads use them.
        for stored in (Proposal, Outcome, Approval, Decision, Verdict, Memory, Token, Fees, str):
            shape_of(stored, self._shapes)
        # A keeper reads every open proposal at each tick, and a proposal's text never changes.
        self.decode_proposal = lru_cache(PROPOSALS_KEPT)(self._decode_proposal)

    def _register(self, operation: type[Operation]) -> None:
        kind = operation.kind
        known = self._operations.get(kind)
        if known is not None and known[0] is not operation:
            raise BadInput(
                f"two operations have the kind {kind!r}",
                value=f"{known[0].__module__}.{known[0].__qualname__}, {operation.__module__}.{operation.__qualname__}",
                next_step="Rename one of them in its protocol",
            )
        if not dataclasses.is_dataclass(operation) or any(f.name == "kind" for f in dataclasses.fields(operation)):
            raise BadInput("an operation must be a dataclass whose `kind` is a class variable", value=operation)
        try:
            self._operations[kind] = (operation, shape_of(operation, self._shapes))
        except (Unfit, NameError) as error:
            raise BadInput(f"the operation {kind!r} cannot be stored", value=error) from error

    def encode(self, value: object, type_: Any = object) -> str:
        """Canonical JSON: keys sorted, no white space, ASCII, integers exact whatever their size.

        Raises:
            BadInput: names the field that does not fit its type or has no form in JSON.
        """
        try:
            return json.dumps(
                shape_of(type_, self._shapes).encode(value),
                sort_keys=True,
                separators=(",", ":"),
                ensure_ascii=True,
                allow_nan=False,
            )
        except Unfit as error:
            raise BadInput("the value cannot be stored", value=error) from error
        except (ValueError, RecursionError) as error:
            raise BadInput(
                "the value cannot be stored",
                value=error,
                limit="finite numbers, integers below 4300 digits, no endless nesting",
            ) from error

    def decode(self, text: str, type_: type[Value]) -> Value:
        """The value that was encoded.

        Raises:
            StoreError: when the text is no such value.
        """
        try:
            if is_too_deep(text, _DEEPEST):
                raise ValueError("it is nested too deep")
            return cast("Value", shape_of(type_, self._shapes).decode(json.loads(text)))
        except (Unfit, ValueError, TypeError, RecursionError) as error:
            raise StoreError(
                f"a stored {getattr(type_, '__name__', type_)} cannot be read",
                value=error,
                next_step="Run `dao-bot audit`; if the record was changed, restore the database from a copy",
            ) from error

    def _decode_proposal(self, text: str) -> tuple[Proposal, str]:
        proposal = self.decode(text, Proposal)
        return proposal, proposal.id

    def decode_free(self, text: str) -> Any:
        """A value that was encoded without a type: plain JSON, tuples and bytes."""
        return self.decode(text, object)

    def _encode_operation(self, operation: Any) -> object:
        if isinstance(operation, UnknownOperation):
            return {**operation.fields, "kind": operation.kind}
        kind = getattr(operation, "kind", None)
        known = self._operations.get(kind) if isinstance(kind, str) else None
        if known is None or type(operation) is not known[0]:
            raise Unfit(f"the operation {kind!r} ({type(operation).__name__}) is of no configured protocol")
        return {**cast("dict[str, object]", known[1].encode(operation)), "kind": kind}

    def _decode_operation(self, raw: object) -> object:
        if not isinstance(raw, dict) or not isinstance(raw.get("kind"), str):
            raise Unfit("an operation without its kind")
        fields = dict(raw)
        known = self._operations.get(fields.pop("kind"))
        if known is None:
            return UnknownOperation(raw["kind"], fields)
        return known[1].decode(fields)
