"""From shares to integers: a budget in base units over recipients, no cap passed, nothing rounded up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

SCALE = 2**53


def split(budget: int, weights: Sequence[float], recipients: Sequence[str], caps: Mapping[str, int]) -> list[int]:
    """Base units for each weight, at most `budget` together and at most the cap of its recipient.

    What a cap cuts off goes to the others in proportion to their weights; what nobody may take is not spent.

    Args:
        weights: not negative.
        recipients: who is paid by each weight; several weights may pay one recipient.
        caps: base units by recipient.
    """
    total = max(sum(weights), 0.0)
    if budget <= 0 or total <= 0.0:
        return [0] * len(weights)
    exact = [int(weight / total * SCALE) for weight in weights]
    by_recipient: dict[str, int] = {}
    for recipient, weight in zip(recipients, exact, strict=True):
        by_recipient[recipient] = by_recipient.get(recipient, 0) + weight
    granted = _filled(budget, by_recipient, caps)
    return [
        granted[recipient] * weight // by_recipient[recipient] if weight else 0
        for recipient, weight in zip(recipients, exact, strict=True)
    ]


def _filled(budget: int, weights: Mapping[str, int], caps: Mapping[str, int]) -> dict[str, int]:
    granted: dict[str, int] = {}
    left, waiting = budget, {recipient: weight for recipient, weight in weights.items() if weight}
    while waiting:
        whole = sum(waiting.values())
        full = [recipient for recipient, weight in waiting.items() if left * weight >= caps[recipient] * whole]
        if not full:
            return granted | {recipient: left * weight // whole for recipient, weight in waiting.items()}
        for recipient in full:
            granted[recipient] = min(caps[recipient], left)
            left -= granted[recipient]
            del waiting[recipient]
    return granted
