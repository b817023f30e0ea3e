"""Runs many plans in lockstep: one round of all of them is one round trip."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dao_bot.chain import hexes
from dao_bot.chain.answers import RpcFault
from dao_bot.chain.multicall import decode_aggregate3, encode_aggregate3, portions
from dao_bot.chain.pinned import settle_at
from dao_bot.chain.plan import Answer, Plan, Read
from dao_bot.chain.rpc import Endpoint
from dao_bot.domain.addresses import Address
from dao_bot.domain.errors import RpcDisagreement
from dao_bot.domain.runs import Block

Transcript = dict[tuple[Address, bytes], tuple[Read, Answer]]
"""Every read that was made, once each, with its answer."""


def run_plans(
    endpoint: Endpoint, block: Block, multicall3: Address, plans: Sequence[Plan[Any]]
) -> tuple[list[Any], Transcript]:
    """The results of all plans in their order, and what was read for them, all at `block`.

    Equal reads of different plans are made once. The number of round trips is the number of rounds of the longest
    plan. A read whose call fails is an `Answer` with `success` false; only a node that fails raises.

    Raises:
        RpcUnavailable, RpcDisagreement: as `settle_at`.
        RpcFault: the node refused a whole call, even of one read alone.
    """
    results: list[Any] = [None] * len(plans)
    transcript: Transcript = {}
    waiting: dict[int, Sequence[Read]] = {}
    try:
        for number, plan in enumerate(plans):
            _advance(number, plan, None, waiting, results)
        while waiting:
            missing = {
                (read.to, read.data): read
                for reads in waiting.values()
                for read in reads
                if (read.to, read.data) not in transcript
            }
            answers = read_all(endpoint, block, multicall3, tuple(missing.values()))
            for (key, read), answer in zip(missing.items(), answers, strict=True):
                transcript[key] = (read, answer)
            for number, reads in list(waiting.items()):
                del waiting[number]
                told = tuple(transcript[read.to, read.data][1] for read in reads)
                _advance(number, plans[number], told, waiting, results)
    finally:
        for plan in plans:
            plan.close()
    return results, transcript


def read_all(endpoint: Endpoint, block: Block, multicall3: Address, reads: Sequence[Read]) -> list[Answer]:
    """The answers of all reads in order, in one round trip; a portion that runs out of gas is halved and repeated."""
    waiting = list(portions(reads))
    answers: dict[tuple[Address, bytes], Answer] = {}
    while waiting:
        requests = [("eth_call", [_call(multicall3, portion)]) for portion in waiting]
        halves: list[Sequence[Read]] = []
        for portion, answer in zip(waiting, settle_at(endpoint, block, requests), strict=True):
            if isinstance(answer, RpcFault):
                halves += _halved(portion, answer, answers)
                continue
            returned = hexes.data(answer, f"eth_call of {endpoint.name}")
            for read, result in zip(portion, decode_aggregate3(returned, len(portion)), strict=True):
                answers[read.to, read.data] = result
        waiting = halves
    return [answers[read.to, read.data] for read in reads]


def cross_check(endpoint: Endpoint, block: Block, multicall3: Address, transcript: Transcript) -> None:
    """Make the same reads on another operator's node, in one round trip; every answer must be the same.

    Raises:
        RpcDisagreement: names the first read that differs.
    """
    reads = tuple(read for read, _ in transcript.values())
    again = read_all(endpoint, block, multicall3, reads)
    for (read, first), second in zip(transcript.values(), again, strict=True):
        if first != second:
            raise RpcDisagreement(
                f"two nodes give different answers to the same question at block {block.number}",
                value=f"{endpoint.name} says {_shown(second)} of 0x{read.data[:4].hex()} at {read.to}",
                limit=_shown(first),
                next_step="Nothing was done. Find out which node is wrong before running again",
            )


def _advance(
    number: int,
    plan: Plan[Any],
    told: Sequence[Answer] | None,
    waiting: dict[int, Sequence[Read]],
    results: list[Any],
) -> None:
    try:
        waiting[number] = next(plan) if told is None else plan.send(told)
    except StopIteration as end:
        results[number] = end.value


def _call(multicall3: Address, reads: Sequence[Read]) -> dict[str, str]:
    return {"to": multicall3, "data": hexes.to_data(encode_aggregate3(reads))}


def _halved(
    portion: Sequence[Read], fault: RpcFault, answers: dict[tuple[Address, bytes], Answer]
) -> list[Sequence[Read]]:
    """A node refuses a whole call when one read in it burns all gas; alone, that read has failed."""
    if "gas" not in fault.message.lower() and fault.revert_data is None:
        raise fault
    if len(portion) == 1:
        answers[portion[0].to, portion[0].data] = Answer(False, fault.revert_data or b"")
        return []
    middle = len(portion) // 2
    return [portion[:middle], portion[middle:]]


def _shown(answer: Answer) -> str:
    kind = "" if answer.success else "failure "
    return f"{kind}0x{answer.data[:36].hex()}" + ("…" if len(answer.data) > 36 else "")
