"""Reading everything that a run needs, at one block, in as few round trips as its dependencies allow."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from dao_bot.chain.plan import Plan
from dao_bot.domain.addresses import Address
from dao_bot.domain.errors import BadInput
from dao_bot.domain.needs import Holding, Need
from dao_bot.domain.runs import Block, RunId
from dao_bot.domain.tokens import Token
from dao_bot.protocols.port import Provider, ReadContext, Treasury

Reader = Callable[[Sequence[Plan[Any]]], list[Any]]
"""Runs plans together at the pinned block."""


def observe(
    needs: Iterable[Need[Any]],
    providers: Mapping[type[Need[Any]], Provider],
    treasury: Treasury,
    run: RunId,
    block: Block,
    read: Reader,
    extra: Sequence[Plan[Any]] = (),
) -> tuple[dict[Need[Any], Any], list[Any]]:
    """What was seen for every need and for all that they require, and the results of the `extra` plans.

    Needs whose requirements are met are read together, so that the number of rounds is the depth of the
    requirements, not the number of needs. The extra plans go with the first round.

    Raises:
        BadInput: for a need that no configured protocol provides, or requirements that go in a circle.
    """
    waiting = _closure(needs, providers)
    seen: dict[Need[Any], Any] = {}
    extras: list[Any] | None = None
    while waiting or extras is None:
        ready = [need for need, required in waiting.items() if all(each in seen for each in required)]
        if waiting and not ready:
            raise BadInput("needs require each other in a circle", value=", ".join(map(repr, waiting)))
        context = ReadContext(treasury, run, block, seen)
        plans: list[Plan[Any]] = [providers[type(need)].read(need, context) for need in ready]
        results = read([*plans, *(extra if extras is None else ())])
        extras = results[len(plans) :] if extras is None else extras
        seen.update(zip(ready, results, strict=False))
        for need in ready:
            del waiting[need]
    return seen, extras


def _closure(
    needs: Iterable[Need[Any]], providers: Mapping[type[Need[Any]], Provider]
) -> dict[Need[Any], tuple[Need[Any], ...]]:
    found: dict[Need[Any], tuple[Need[Any], ...]] = {}
    stack = list(needs)
    while stack:
        need = stack.pop()
        if need in found:
            continue
        provider = providers.get(type(need))
        if provider is None:
            raise BadInput(
                f"nothing that is configured can read the need {need.kind!r}",
                limit=", ".join(sorted(each.kind for each in providers)),
                next_step="Configure the protocol or the source that provides it",
            )
        found[need] = provider.requires(need)
        stack.extend(found[need])
    return found


def hold_back(holdings: Mapping[Token, Holding], committed: Mapping[Address, int]) -> dict[Token, Holding]:
    """Balances less what open proposals will spend; never below zero, and expected receipts never count."""
    return {
        token: dataclasses.replace(
            holding,
            available=max(holding.available - committed.get(token.address, 0), 0),
            committed=committed.get(token.address, 0),
        )
        for token, holding in holdings.items()
    }
