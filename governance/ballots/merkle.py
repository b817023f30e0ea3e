"""A Merkle tree over receipts: twenty hashes show a voter that one vote among a million is in the tally.

The event's own hash in the record would show no more than that the vote was recorded, and only to who holds the whole
record. The tree is over the votes that count, and its root stands in the tally. Its form (leaves hashed twice, pairs
sorted) is that of OpenZeppelin's MerkleProof, so that a contract can check it too.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from dao_bot.domain.hashing import keccak
from governance.ballots.errors import InvalidVote

EMPTY_ROOT = "0x" + "0" * 64


def merkle_root(receipts: Iterable[str]) -> str:
    """0x-hex root of a set of receipts, in any order; `EMPTY_ROOT` of none."""
    level = _leaves(receipts)
    while len(level) > 1:
        level = _parents(level)
    return "0x" + level[0].hex() if level else EMPTY_ROOT


def prove(receipts: Iterable[str], receipt: str) -> tuple[str, ...]:
    """The 0x-hex hashes beside the way from a receipt to the root.

    Raises:
        InvalidVote: the receipt is not among them: the vote was late, or replaced by a later one of the same wallet.
    """
    level, node = _leaves(receipts), _leaf(receipt)
    if node not in level:
        raise InvalidVote(
            "no counted vote has this receipt",
            value=receipt,
            next_step="If you voted again, use the receipt of your last vote",
        )
    position, path = level.index(node), []
    while len(level) > 1:
        beside = position ^ 1
        if beside < len(level):
            path.append("0x" + level[beside].hex())
        level, position = _parents(level), position // 2
    return tuple(path)


def verify(receipt: str, path: Sequence[str], root: str) -> bool:
    """Whether the path leads from the receipt to the root."""
    node = _leaf(receipt)
    for beside in path:
        node = _pair(node, bytes.fromhex(beside[2:]))
    return "0x" + node.hex() == root


def _leaves(receipts: Iterable[str]) -> list[bytes]:
    return sorted(_leaf(receipt) for receipt in receipts)


def _leaf(receipt: str) -> bytes:
    return keccak(keccak(bytes.fromhex(receipt[2:])))


def _pair(one: bytes, other: bytes) -> bytes:
    return keccak(min(one, other) + max(one, other))


def _parents(level: list[bytes]) -> list[bytes]:
    """An odd last one moves up as it is."""
    pairs = [_pair(level[i], level[i + 1]) for i in range(0, len(level) - 1, 2)]
    return pairs + level[len(pairs) * 2 :]
