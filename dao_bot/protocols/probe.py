"""Tokens tried out on a simulated block: does what is sent arrive, and can somebody stop it?

Nothing is sent: transfers are made with `eth_simulateV1` on the state of a block, on a node or on a local fork.
"""

from __future__ import annotations

import enum
from collections.abc import Sequence
from dataclasses import dataclass

from dao_bot.chain.abi import Function, function
from dao_bot.chain.plan import Answer
from dao_bot.chain.reverts import explain_revert
from dao_bot.chain.rpc import Endpoint
from dao_bot.chain.simulate_v1 import READER, Trial, Tried, simulate_block
from dao_bot.domain.addresses import Address, checksum
from dao_bot.domain.hashing import keccak
from dao_bot.domain.runs import Block
from dao_bot.domain.tokens import Token
from dao_bot.protocols.erc20 import APPROVE, TRANSFER, TRANSFER_FROM
from dao_bot.protocols.reading import told, told_units
from dao_bot.protocols.token_code import IS_BLOCKED, IS_PAUSED, TokenCode, read_token_code

_BALANCE_OF = function("balanceOf(address)", "(uint256)")
_DAY = 86_400
_FIRST, _SECOND = (checksum(keccak(name)[12:]) for name in (b"dao-bot probe 1", b"dao-bot probe 2"))
"""Accounts of nobody, between which the token is moved."""


class TokenVerdict(enum.StrEnum):
    """What a treasury may do with a token."""

    TRADABLE = "tradable"
    HOLD_ONLY = "hold_only"


@dataclass(frozen=True, slots=True)
class TokenProbe:
    """What was found.

    Attributes:
        reasons: why it may only be held; empty for a tradable one.
        notes: what is unusual or in somebody's power, and no reason against trading.
        needs_zero_first: an allowance can only be changed from zero.
    """

    token: Token
    verdict: TokenVerdict
    reasons: tuple[str, ...]
    notes: tuple[str, ...]
    needs_zero_first: bool


@dataclass(frozen=True, slots=True)
class _Transfer:
    """A transfer to be tried; balances of both sides are read before and after it."""

    what: str
    sender: Address
    receiver: Address
    units: int
    spender: Address | None = None

    @property
    def trial(self) -> tuple[Address, bytes]:
        if self.spender is not None:
            return self.spender, TRANSFER_FROM.encode(self.sender, self.receiver, self.units)
        return self.sender, TRANSFER.encode(self.receiver, self.units)


def probe_token(
    endpoint: Endpoint, block: Block, token: Token, safe: Address, holders: Sequence[Address] = ()
) -> TokenProbe:
    """Try a token as the treasury would use it: in to the Safe, out of it, and by an allowance.

    A token that nobody of `safe` and `holders` holds cannot be tried and is hold-only.

    Args:
        endpoint: a node, or a fork; it must offer `eth_simulateV1`.
        holders: others who may hold it, such as the pools it is traded in.

    Raises:
        RpcUnavailable: the node does not answer, or cannot simulate.
    """
    code = read_token_code(endpoint, block, token.address)
    if not code.exists:
        return _found(token, [f"there is no token at {token.address}"], [])
    reasons, notes = _powers(endpoint, block, token, safe, code)
    people = list(dict.fromkeys((safe, *holders)))
    now, later = (_balances(endpoint, block, at, token, people) for at in (1, _DAY))
    holder = next((person for person, units in zip(people, now, strict=True) if units), None)
    if now != later:
        reasons.append("balances change as time passes, without a transfer")
    if holder is None:
        reasons.append("nobody who was asked holds any, so it cannot be tried; name a holder")
        return _found(token, reasons, notes)
    tried = _try_transfers(endpoint, block, token, safe, holder, now[people.index(holder)] or 0)
    return _found(token, [*reasons, *tried.reasons], [*notes, *tried.notes], tried.needs_zero_first)


@dataclass(frozen=True, slots=True)
class _Outcome:
    reasons: tuple[str, ...]
    notes: tuple[str, ...]
    needs_zero_first: bool


def _found(token: Token, reasons: list[str], notes: list[str], needs_zero_first: bool = False) -> TokenProbe:
    verdict = TokenVerdict.HOLD_ONLY if reasons else TokenVerdict.TRADABLE
    return TokenProbe(token, verdict, tuple(dict.fromkeys(reasons)), tuple(dict.fromkeys(notes)), needs_zero_first)


def _powers(
    endpoint: Endpoint, block: Block, token: Token, safe: Address, code: TokenCode
) -> tuple[list[str], list[str]]:
    """What others can do to the token's holders, and whether they are doing it now."""
    reasons: list[str] = []
    notes: list[str] = []
    pausing, blocking = code.has(IS_PAUSED), code.has(IS_BLOCKED)
    reads = [Trial(READER, token.address, each.encode()) for each in pausing]
    reads += [Trial(READER, token.address, each.encode(safe)) for each in blocking]
    answers = simulate_block(endpoint, block, block.timestamp + 1, reads) if reads else []
    held = [_is_true(each, answer) for each, answer in zip((*pausing, *blocking), answers, strict=True)]
    if any(held[: len(pausing)]):
        reasons.append("it is paused now")
    if any(held[len(pausing) :]):
        reasons.append("the Safe is on its blacklist")
    if pausing:
        notes.append("its issuer can pause all transfers")
    if blocking:
        notes.append("its issuer can block single holders")
    if code.is_proxy:
        notes.append("its code can be exchanged (a proxy)")
    if code.can_charge:
        notes.append("its issuer can let it keep a part of each transfer")
    if code.can_change_balances:
        reasons.append("its code can change balances without a transfer (rebasing)")
    return reasons, notes


def _is_true(question: Function, answer: Tried) -> bool:
    values = told(question, Answer(answer.success, answer.data))
    return values is not None and bool(values[0])


def _balances(
    endpoint: Endpoint, block: Block, after: int, token: Token, people: Sequence[Address]
) -> list[int | None]:
    reads = [Trial(READER, token.address, _BALANCE_OF.encode(person)) for person in people]
    answers = simulate_block(endpoint, block, block.timestamp + after, reads)
    return [_units(answer) for answer in answers]


def _units(answer: Tried) -> int | None:
    return told_units(_BALANCE_OF, Answer(answer.success, answer.data))


def _try_transfers(
    endpoint: Endpoint, block: Block, token: Token, safe: Address, holder: Address, held: int
) -> _Outcome:
    """In to the Safe, out of it, and by an allowance, each with half of what arrived before."""
    units = [max(held >> shift, 1) for shift in (1, 2, 3, 4)]
    by_hand = (
        _Transfer("from a holder", holder, _FIRST, units[0]),
        _Transfer("into the Safe", _FIRST, safe, units[1]),
        _Transfer("out of the Safe", safe, _SECOND, units[2]),
    )
    taken = _Transfer("by an allowance", _SECOND, holder, units[3], spender=_FIRST)
    allowances = (taken.units + 1, taken.units, 0, taken.units)
    trials = [trial for transfer in by_hand for trial in _watched(token, transfer)]
    trials += [Trial(_SECOND, token.address, APPROVE.encode(_FIRST, allowed)) for allowed in allowances]
    trials += _watched(token, taken)
    answers = simulate_block(endpoint, block, block.timestamp + 1, trials)
    reasons: list[str] = []
    notes: list[str] = []
    width = len(_watched(token, taken))
    start = 0
    for transfer in (*by_hand, taken):
        if transfer is taken:
            start += len(allowances)
        _judge(transfer, answers[start : start + width], reasons, notes)
        start += width
    approvals = answers[width * len(by_hand) : width * len(by_hand) + len(allowances)]
    first, changed, _, again = (approval.success for approval in approvals)
    if not (first and again):
        reasons.append(f"an allowance cannot be set: {explain_revert(approvals[0].data or approvals[3].data)}")
    needs_zero_first = first and again and not changed
    if needs_zero_first:
        notes.append("an allowance can only be changed from zero")
    return _Outcome(tuple(reasons), tuple(notes), needs_zero_first)


def _watched(token: Token, transfer: _Transfer) -> list[Trial]:
    """The transfer between readings of both sides."""
    readings = [Trial(READER, token.address, _BALANCE_OF.encode(side)) for side in (transfer.sender, transfer.receiver)]
    sender, data = transfer.trial
    return [*readings, Trial(sender, token.address, data), *readings]


def _judge(transfer: _Transfer, answers: Sequence[Tried], reasons: list[str], notes: list[str]) -> None:
    sender_before, receiver_before, moved, sender_after, receiver_after = answers
    if not moved.success:
        reasons.append(f"a transfer {transfer.what} fails: {explain_revert(moved.data)}")
        return
    if not moved.data:
        notes.append("its transfers return nothing, where the standard wants true")
    elif int.from_bytes(moved.data, "big") != 1:
        reasons.append(f"a transfer {transfer.what} does not return true")
    left = _difference(sender_after, sender_before)
    arrived = _difference(receiver_before, receiver_after)
    if left != transfer.units or arrived != transfer.units:
        reasons.append(f"of {transfer.units} units sent {transfer.what}, {left} leave and {arrived} arrive")


def _difference(low: Tried, high: Tried) -> int | None:
    first, second = _units(low), _units(high)
    return None if first is None or second is None else second - first
