"""One witness: tries transactions on one node and measures, inside the simulation, what they did to the Safe."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from dao_bot.chain.answers import RpcFault
from dao_bot.chain.assets import Asset, Standard, change_order
from dao_bot.chain.logs import Told, read_logs
from dao_bot.chain.multicall import decode_aggregate3, encode_aggregate3, portions
from dao_bot.chain.plan import Answer, Read
from dao_bot.chain.positions import PositionBook
from dao_bot.chain.reverts import explain_revert
from dao_bot.chain.rpc import Endpoint
from dao_bot.chain.safe_state import parse_safe, safe_reads
from dao_bot.chain.simulate_v1 import READER, StateOverrides, Trial, Tried, simulate_block
from dao_bot.domain.addresses import Address
from dao_bot.domain.errors import ChainError
from dao_bot.domain.positions import Position
from dao_bot.domain.runs import Block
from dao_bot.domain.simulation import AssetChange, SafeState

_SIMULATION_ERRORS = range(-38026, -38009)
"""Codes with which `eth_simulateV1` refuses transactions that cannot stand in a block at all (execution-apis)."""
_ROUNDS = 3

Allowance = tuple[Asset, Address]
"""An asset of the Safe, and who may take of it."""


@dataclass(frozen=True, slots=True)
class Watched:
    """What is measured: balances of `assets`, what is left of `allowances`, and `positions` by manager and id."""

    assets: frozenset[Asset]
    allowances: frozenset[Allowance]
    positions: frozenset[tuple[Address, int]] = frozenset()

    def with_told(self, told: Told, books: Mapping[Address, PositionBook]) -> Watched:
        """Also everything that logs name."""
        moved = (asset for asset in told.moved if asset.standard is Standard.ERC721 and asset.token in books)
        return Watched(
            self.assets | told.moved.keys() | told.wrapped.keys(),
            self.allowances | told.approved,
            self.positions | {(asset.token, asset.token_id) for asset in moved if asset.token_id is not None},
        )


@dataclass(frozen=True, slots=True)
class Testimony:
    """What one witness saw.

    Attributes:
        reason: why it failed, in words; None when it succeeded.
        changes: of the Safe, by balances, sorted; empty when it failed.
        gas_used: of all tried transactions together.
        allowances: what is left of those that are not zero.
        safe: afterwards; None when it failed.
        watched: what was measured in the end.
        positions: those of the watched ones that the Safe owns afterwards.
    """

    reason: str | None
    changes: tuple[AssetChange, ...]
    gas_used: int
    allowances: Mapping[Allowance, int]
    safe: SafeState | None
    watched: Watched
    positions: tuple[Position, ...] = ()


@dataclass(frozen=True, slots=True)
class Scene:
    """Where a trial takes place. `books` read positions back, by their manager."""

    block: Block
    timestamp: int
    safe: Address
    multicall3: Address
    books: Mapping[Address, PositionBook] = field(default_factory=dict)


def testify(
    endpoint: Endpoint,
    scene: Scene,
    trials: Sequence[Trial],
    watched: Watched,
    overrides: StateOverrides | None = None,
) -> Testimony:
    """Try `trials` and measure. One round trip; one more when logs name assets that were not watched yet.

    Raises:
        RpcUnavailable, RpcDisagreement, RpcFault: the node cannot do it.
    """
    for _ in range(_ROUNDS):
        try:
            before, tried, after = _try(endpoint, scene, trials, watched, overrides)
        except RpcFault as fault:
            if fault.code not in _SIMULATION_ERRORS and "insufficient funds" not in fault.message.lower():
                raise
            return _failed(f'it cannot stand in a block: "{fault.message}"', 0, watched)
        gas_used = sum(each.gas_used for each in tried)
        for number, each in enumerate(tried, start=1):
            if not each.success:
                place = f"call {number} of {len(tried)} reverted: " if len(tried) > 1 else ""
                return _failed(place + explain_revert(each.data), gas_used, watched)
        told = read_logs((log for each in tried for log in each.logs), scene.safe)
        complete = watched.with_told(told, scene.books)
        if complete == watched:
            return _measure(scene, watched, told, before, after, gas_used)
        watched = complete
    return _failed("every new trial names other assets", gas_used, watched)


def _try(
    endpoint: Endpoint, scene: Scene, trials: Sequence[Trial], watched: Watched, overrides: StateOverrides | None
) -> tuple[list[Answer], list[Tried], list[Answer]]:
    balances = [asset.balance(scene.safe, scene.multicall3) for asset in sorted(watched.assets)]
    allowances = [asset.allowance(scene.safe, spender) for asset, spender in sorted(watched.allowances)]
    positions = [
        read for manager, token_id in sorted(watched.positions) for read in scene.books[manager].reads(token_id)
    ]
    reads_before = list(portions(balances))
    reads_after = list(portions([*balances, *allowances, *positions, *safe_reads(scene.safe)]))
    readers = [_reader(scene, portion) for portion in reads_before]
    tried = simulate_block(
        endpoint,
        scene.block,
        scene.timestamp,
        [*readers, *trials, *(_reader(scene, portion) for portion in reads_after)],
        overrides,
    )
    end = len(readers) + len(trials)
    return (
        _answers(reads_before, tried[: len(readers)]),
        tried[len(readers) : end],
        _answers(reads_after, tried[end:]),
    )


def _reader(scene: Scene, portion: Sequence[Read]) -> Trial:
    return Trial(READER, scene.multicall3, encode_aggregate3(portion))


def _answers(reads: Sequence[Sequence[Read]], tried: Iterable[Tried]) -> list[Answer]:
    answers: list[Answer] = []
    for portion, each in zip(reads, tried, strict=True):
        if not each.success:
            raise ChainError(
                f"the balances cannot be read inside the simulation: {explain_revert(each.data)}",
                next_step="A token that burns all gas when it is asked can do this: take it out of the config",
            )
        answers += decode_aggregate3(each.data, len(portion))
    return answers


def _measure(
    scene: Scene, watched: Watched, told: Told, before: list[Answer], after: list[Answer], gas_used: int
) -> Testimony:
    assets, allowances = sorted(watched.assets), sorted(watched.allowances)
    after_allowances = after[len(assets) : len(assets) + len(allowances)]
    changes: list[AssetChange] = []
    for asset, first, second in zip(assets, before, after, strict=False):
        held, holds = asset.units(first, scene.safe), asset.units(second, scene.safe)
        if held is None or holds is None:
            if asset not in told.moved and asset in told.wrapped:
                # `Deposit` and `Withdrawal` of a contract that is no token: they say nothing about assets.
                continue
            return _failed(f"{asset} does not tell the Safe's balance", gas_used, watched)
        delta = holds - held
        moved = told.moved[asset]
        if delta not in (moved, moved + told.wrapped[asset]):
            reason = f"{asset} says in its logs that the Safe's balance changed by {moved}, but it changed by {delta}"
            return _failed(reason + " (a fee, a rebase, or a lie)", gas_used, watched)
        if delta:
            changes.append(AssetChange(asset.token, delta, asset.token_id))
    left: dict[Allowance, int] = {}
    for (asset, spender), answer in zip(allowances, after_allowances, strict=True):
        units = asset.allowed(answer, spender)
        if units is None:
            return _failed(f"{asset} does not tell what {spender} may take", gas_used, watched)
        if units:
            left[asset, spender] = units
    positions, rest = _positions(scene, watched, after[len(assets) + len(allowances) :])
    try:
        safe = parse_safe(scene.safe, rest)
    except ChainError as error:
        return _failed(f"afterwards the Safe is none: {error.what}", gas_used, watched)
    return Testimony(None, tuple(sorted(changes, key=change_order)), gas_used, left, safe, watched, positions)


def _positions(scene: Scene, watched: Watched, answers: list[Answer]) -> tuple[tuple[Position, ...], list[Answer]]:
    """The Safe's positions, and the answers that are left."""
    found: list[Position] = []
    for manager, token_id in sorted(watched.positions):
        book = scene.books[manager]
        count = len(book.reads(token_id))
        position = book.position(token_id, scene.safe, answers[:count])
        answers = answers[count:]
        if position is not None:
            found.append(position)
    return tuple(found), answers


def _failed(reason: str, gas_used: int, watched: Watched) -> Testimony:
    return Testimony(reason, (), gas_used, {}, None, watched)
