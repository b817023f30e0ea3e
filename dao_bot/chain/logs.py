"""Event logs: parsed strictly, and read for what they say happened to one Safe."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from dao_bot.chain import hexes
from dao_bot.chain.assets import NATIVE, Asset, Standard
from dao_bot.domain.addresses import Address, address_bytes, checksum
from dao_bot.domain.hashing import keccak

NATIVE_LOGS = Address("0xEeeeeEeeeEeEeeEeEeEeeEEEeeeeEeeeeeeeEEeE")
"""Where `eth_simulateV1` with `traceTransfers` puts movements of the native coin, as ERC-20 Transfer logs."""

_TRANSFER = keccak(b"Transfer(address,address,uint256)")
_DEPOSIT = keccak(b"Deposit(address,uint256)")
_WITHDRAWAL = keccak(b"Withdrawal(address,uint256)")
_APPROVAL = keccak(b"Approval(address,address,uint256)")
_APPROVAL_FOR_ALL = keccak(b"ApprovalForAll(address,address,bool)")
_TRANSFER_SINGLE = keccak(b"TransferSingle(address,address,address,uint256,uint256)")
_TRANSFER_BATCH = keccak(b"TransferBatch(address,address,address,uint256[],uint256[])")


@dataclass(frozen=True, slots=True)
class Log:
    """One event of one contract."""

    address: Address
    topics: tuple[bytes, ...]
    data: bytes


@dataclass(frozen=True, slots=True)
class Told:
    """What logs say about one Safe. Tokens can lie in them: they are held against balances before they count.

    Attributes:
        moved: net movement of each asset by transfer logs.
        wrapped: net movement by `Deposit` and `Withdrawal` logs, with which WETH9 mints and burns without a Transfer;
            of other contracts they may mean anything.
        approved: (asset, spender) to which the Safe gave an allowance; an ERC-721 or ERC-1155 asset without an id
            stands for all of the Safe's.
    """

    moved: Counter[Asset] = field(default_factory=Counter)
    wrapped: Counter[Asset] = field(default_factory=Counter)
    approved: set[tuple[Asset, Address]] = field(default_factory=set)


def parse_log(raw: object, node: str) -> Log:
    """A log of a receipt, of `eth_getLogs` or of a simulation.

    Raises:
        RpcUnavailable: it is none.
    """
    what = f"a log of {node}"
    topics = raw.get("topics") if isinstance(raw, dict) else None
    if not isinstance(raw, dict) or not isinstance(topics, list) or len(topics) > 4:
        raise hexes.nonsense(what, raw, "an address, at most four topics, and data")
    return Log(
        hexes.address(raw.get("address"), what),
        tuple(hexes.data(topic, what, 32) for topic in topics),
        hexes.data(raw.get("data"), what),
    )


def read_logs(logs: Iterable[Log], safe: Address) -> Told:
    """What `logs` say about `safe`. Logs of unknown shape say nothing; the balances will show what they hid."""
    told = Told()
    for log in logs:
        words = [*log.topics[1:], *_words(log.data)]
        kind = log.topics[0] if log.topics else b""
        if kind == _TRANSFER and len(words) == 3:
            _transfer(told, log, words, safe)
        elif kind == _TRANSFER_SINGLE and len(words) == 5:
            _move(told, Asset(Standard.ERC1155, log.address, _int(words[3])), words[1], words[2], _int(words[4]), safe)
        elif kind == _TRANSFER_BATCH and len(log.topics) == 4:
            _transfer_batch(told, log, safe)
        elif kind in (_DEPOSIT, _WITHDRAWAL) and len(words) == 2 and _is(words[0], safe):
            sign = 1 if kind == _DEPOSIT else -1
            told.wrapped[Asset(Standard.ERC20, log.address)] += sign * _int(words[1])
        elif kind == _APPROVAL and len(words) == 3 and _is(words[0], safe):
            asset = Asset(Standard.ERC20, log.address)
            if len(log.topics) == 4:
                asset = Asset(Standard.ERC721, log.address, _int(words[2]))
            told.approved.add((asset, checksum(words[1][12:])))
        elif kind == _APPROVAL_FOR_ALL and len(words) == 3 and _is(words[0], safe):
            # ERC-721 and ERC-1155 share this event and the question that is asked about it.
            told.approved.add((Asset(Standard.ERC721, log.address), checksum(words[1][12:])))
    return told


def _transfer(told: Told, log: Log, words: list[bytes], safe: Address) -> None:
    if len(log.topics) == 4:
        _move(told, Asset(Standard.ERC721, log.address, _int(words[2])), words[0], words[1], 1, safe)
    else:
        asset = NATIVE if log.address == NATIVE_LOGS else Asset(Standard.ERC20, log.address)
        _move(told, asset, words[0], words[1], _int(words[2]), safe)


def _transfer_batch(told: Told, log: Log, safe: Address) -> None:
    from dao_bot.chain.abi import decode

    try:
        ids, units = decode(("uint256[]", "uint256[]"), log.data)
    except ValueError:
        return
    for token_id, count in zip(ids, units, strict=False):
        _move(told, Asset(Standard.ERC1155, log.address, token_id), log.topics[2], log.topics[3], count, safe)


def _move(told: Told, asset: Asset, sender: bytes, receiver: bytes, units: int, safe: Address) -> None:
    if _is(sender, safe):
        told.moved[asset] -= units
    if _is(receiver, safe):
        told.moved[asset] += units


def _words(data: bytes) -> list[bytes]:
    return [data[start : start + 32] for start in range(0, len(data), 32)]


def _int(word: bytes) -> int:
    return int.from_bytes(word, "big")


def _is(word: bytes, safe: Address) -> bool:
    return word[12:] == address_bytes(safe)
