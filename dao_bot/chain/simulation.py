"""The simulation of a batch by two independent witnesses, who must agree on success and on every asset change."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from dao_bot.chain.abi import function
from dao_bot.chain.assets import NATIVE, Asset, Standard, erc20
from dao_bot.chain.positions import PositionBook
from dao_bot.chain.provider import Treasury
from dao_bot.chain.rpc import Endpoint
from dao_bot.chain.safe_state import SINGLETON_SLOT, THRESHOLD_SLOT
from dao_bot.chain.simulate_v1 import StateOverrides, Trial
from dao_bot.chain.witness import Allowance, Scene, Testimony, Watched, testify
from dao_bot.domain.addresses import ZERO_ADDRESS, Address, address_bytes, checksum
from dao_bot.domain.calls import Call, DecodedCall, WrappedTransaction
from dao_bot.domain.errors import RpcDisagreement
from dao_bot.domain.runs import Block
from dao_bot.domain.simulation import ResidualAllowance, SafeState, Simulation, Witness

SPLIT = "each call from the Safe (eth_simulateV1)"
FULL = "the whole transaction (eth_simulateV1)"

_EXEC_TRANSACTION = function(
    "execTransaction(address,uint256,bytes,uint8,uint256,uint256,uint256,address,address,bytes)", "(bool)"
)
_APPROVING = (bytes.fromhex("095ea7b3"), bytes.fromhex("39509351"))
"""`approve(address,uint256)` and `increaseAllowance(address,uint256)`."""


@dataclass(frozen=True, slots=True)
class Execution:
    """The whole transaction as it would be sent.

    Attributes:
        overrides: of the state, where signatures are still missing.
        threshold_overridden: the threshold that this witness sees is not the real one.
        limited: it passes limits (of a module's role) that the calls by themselves do not, and may be refused by them.
    """

    trial: Trial
    overrides: StateOverrides = field(default_factory=dict)
    threshold_overridden: bool = False
    limited: bool = False


def execution_by_owner(safe: SafeState, wrapped: WrappedTransaction) -> Execution:
    """`execTransaction` sent by the first owner alone, with the threshold overridden to 1.

    The sender's own pre-validated signature (v = 1) needs no key, so this works before anybody has signed.
    """
    owner = safe.owners[0]
    signature = address_bytes(owner).rjust(32, b"\0") + b"\0" * 32 + b"\1"
    data = _EXEC_TRANSACTION.encode(
        wrapped.to,
        wrapped.value,
        wrapped.data,
        int(wrapped.operation),
        0,
        0,
        0,
        ZERO_ADDRESS,
        ZERO_ADDRESS,
        signature,
    )
    slot, one = (f"0x{number:064x}" for number in (THRESHOLD_SLOT, 1))
    return Execution(Trial(owner, safe.address, data), {safe.address: {"stateDiff": {slot: one}}}, True)


def simulate(
    first: Endpoint,
    second: Endpoint,
    treasury: Treasury,
    block: Block,
    safe: SafeState,
    wrapped: WrappedTransaction,
    calls: Sequence[Call],
    decoded: Sequence[DecodedCall] = (),
    *,
    execution: Execution | None = None,
    timestamp: int | None = None,
    books: Sequence[PositionBook] = (),
) -> Simulation:
    """Try a batch on two nodes, on top of `block`.

    The first witness makes each of `calls` from the Safe itself; what is left of allowances and who controls the Safe
    afterwards is read there. The second makes the whole transaction, and gives the gas. Both measure the Safe's
    balances before and after, of every configured token and of every asset that a log names; where a token's logs
    and its balances differ, the batch has failed.

    Args:
        first, second: nodes of two operators; or a node and a local fork of it.
        safe: as it is at `block`.
        wrapped: what the route made of `calls`.
        decoded: names approvals that calldata alone does not show.
        execution: the transaction that will be sent; by default that of `execution_by_owner`.
        timestamp: block time in the simulation; by default one second after `block`.
        books: read back the positions that `decoded` names and that the batch makes.

    Raises:
        RpcDisagreement: the witnesses do not say the same.
        RpcUnavailable, RpcFault: one of them cannot testify.
    """
    known = {book.manager: book for book in books}
    now = block.timestamp + 1 if timestamp is None else timestamp
    scene = Scene(block, now, safe.address, treasury.multicall3, known)
    whole = execution or execution_by_owner(safe, wrapped)
    watched = Watched(
        frozenset([NATIVE, *(erc20(token.address) for token in treasury.tokens.values())]),
        frozenset(_approvals(calls, decoded)),
        frozenset(_named_positions(decoded, known)),
    )
    # Inside execTransaction the Safe's proxy and singleton are warm: a plain `transfer` of coins to it, as by WETH9's
    # withdraw, has gas enough for that only.
    warm = ((safe.address, (SINGLETON_SLOT,)), (safe.singleton, ()))
    split_trials = [Trial(safe.address, call.to, call.data, call.value, warm) for call in calls]
    split = testify(first, scene, split_trials, watched)
    full = testify(second, scene, [whole.trial], split.watched, whole.overrides)
    witnesses = (
        Witness(SPLIT, first.name, split.reason is None, split.changes, None, split.reason),
        Witness(FULL, second.name, full.reason is None, full.changes, full.gas_used, full.reason),
    )
    refused = whole.limited and split.reason is None and full.reason is not None
    if not refused:
        _require_agreement(split, full, witnesses, whole)
    after = None
    if split.safe is not None and full.safe is not None:
        after = dataclasses.replace(split.safe, nonce=full.safe.nonce)
    return Simulation(
        block_number=block.number,
        block_hash=block.hash,
        timestamp=scene.timestamp,
        success=full.reason is None,
        changes=full.changes,
        gas_used=full.gas_used,
        revert_reason=split.reason or full.reason,
        residual_allowances=_residual(full.allowances),
        safe_after=after,
        witnesses=witnesses,
        positions=full.positions,
    )


def _approvals(calls: Iterable[Call], decoded: Iterable[DecodedCall]) -> Iterable[Allowance]:
    for call in calls:
        if call.selector in _APPROVING and len(call.data) >= 36:
            yield Asset(Standard.ERC20, call.to), checksum(call.data[16:36])
    for each in decoded:
        if each.approves is not None:
            token, spender, _ = each.approves
            yield Asset(Standard.ERC20, token), spender


def _named_positions(
    decoded: Iterable[DecodedCall], books: Mapping[Address, PositionBook]
) -> Iterable[tuple[Address, int]]:
    for each in decoded:
        change = each.position
        if change is not None and change.token_id is not None and change.manager in books:
            yield change.manager, change.token_id


def _residual(allowances: Mapping[Allowance, int]) -> tuple[ResidualAllowance, ...]:
    return tuple(
        ResidualAllowance(asset.token, spender, units) for (asset, spender), units in sorted(allowances.items())
    )


def _require_agreement(split: Testimony, full: Testimony, witnesses: tuple[Witness, Witness], whole: Execution) -> None:
    difference = _difference(split, full, whole)
    if difference is None:
        return
    what, ours, theirs = difference
    raise RpcDisagreement(
        f"the two witnesses of the simulation disagree on {what}",
        value=f"{witnesses[1].method} on {witnesses[1].endpoint}: {theirs}",
        limit=f"{witnesses[0].method} on {witnesses[0].endpoint}: {ours}",
        next_step="Nothing was proposed or sent. Simulate again; if it stays, one node, or the wrapping, is wrong",
    )


def _difference(split: Testimony, full: Testimony, whole: Execution) -> tuple[str, object, object] | None:
    if (split.reason is None) != (full.reason is None):
        return "success", split.reason or "it succeeds", full.reason or "it succeeds"
    if split.changes != full.changes:
        return "asset changes", split.changes, full.changes
    if split.allowances != full.allowances:
        return "allowances", _residual(split.allowances), _residual(full.allowances)
    if split.positions != full.positions:
        return "the positions afterwards", split.positions, full.positions
    if split.safe is None or full.safe is None:
        return None
    theirs = dataclasses.replace(full.safe, nonce=split.safe.nonce)
    if whole.threshold_overridden:
        theirs = dataclasses.replace(theirs, threshold=split.safe.threshold)
    return None if split.safe == theirs else ("the Safe's state afterwards", split.safe, theirs)
