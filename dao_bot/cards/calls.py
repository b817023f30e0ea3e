"""The decoded calls in order, with labels for every address that has one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from dao_bot.cards.model import CallRow
from dao_bot.cards.money import party
from dao_bot.cards.text import LINE, SHORT, clean, named, utc, with_labels, with_moments
from dao_bot.domain.calls import Argument, DecodedCall
from dao_bot.domain.proposals import Proposal

_LONGEST_BYTES = 74
_DEEPEST = 6


def call_rows(proposal: Proposal) -> tuple[CallRow, ...]:
    """One row for each call of the batch, counted from 1."""
    return rows_of(proposal.decoded, proposal.labels)


def rows_of(calls: Sequence[DecodedCall], labels: Mapping[str, str]) -> tuple[CallRow, ...]:
    """The same for calls of no proposal."""
    return tuple(
        CallRow(
            number=number,
            to=party(decoded.call.to, labels),
            protocol=clean(decoded.protocol, SHORT),
            function=clean(decoded.function, LINE) if decoded.function else None,
            summary=clean(_summary(decoded, labels), 300),
            arguments=tuple(_argument(argument, labels) for argument in decoded.arguments),
            value=decoded.call.value,
            selector="0x" + decoded.call.selector.hex(),
            data_size=len(decoded.call.data),
        )
        for number, decoded in enumerate(calls, 1)
    )


def _summary(decoded: DecodedCall, labels: Mapping[str, str]) -> str:
    said = with_moments(with_labels(decoded.summary, labels), None)
    if decoded.deadline is None or utc(decoded.deadline) in said:
        return said
    return f"{said}: {utc(decoded.deadline)}"


def _argument(argument: Argument, labels: Mapping[str, str]) -> tuple[str, str, str]:
    return (
        clean(argument.name, SHORT),
        clean(argument.type, SHORT),
        clean(_shown(argument.value, labels), 400),
    )


def _shown(value: object, labels: Mapping[str, str], depth: int = 0) -> str:
    """Integers in full, bytes cut in the middle, addresses with their label."""
    if isinstance(value, bytes):
        value = "0x" + value.hex()
    if isinstance(value, str):
        if value in labels:
            return named(value, labels[value])
        if value.startswith("0x") and len(value) > _LONGEST_BYTES:
            return f"{value[:42]}…{value[-16:]} ({(len(value) - 2) // 2:,} bytes)"
        return value
    if isinstance(value, (tuple, list)) and depth < _DEEPEST:
        return "(" + ", ".join(_shown(item, labels, depth + 1) for item in value) + ")"
    return str(value)
