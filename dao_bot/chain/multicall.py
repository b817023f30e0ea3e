"""Multicall3: many reads in one call (github.com/mds1/multicall3). Encoded by hand, because it is the hot path."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dao_bot.chain.plan import Answer, Read
from dao_bot.domain.addresses import Address, address_bytes
from dao_bot.domain.errors import ChainError

_AGGREGATE3 = bytes.fromhex("82ad56cb")
"""`aggregate3((address target, bool allowFailure, bytes callData)[])`."""

_GET_ETH_BALANCE = bytes.fromhex("4d2301cc")
_WORD = 32
_GAS_OF_ONE_CALL = 15_000_000
"""Below the gas that nodes allow to one `eth_call`, and below the cap of one transaction (EIP-7825)."""
_BYTES_OF_ONE_CALL = 120_000


def balance_read(multicall3: Address, holder: Address) -> Read:
    """The native balance of `holder`, which only Multicall3 can tell inside a batch (`getEthBalance(address)`)."""
    return Read(multicall3, _GET_ETH_BALANCE + _word(int.from_bytes(address_bytes(holder), "big")), gas=30_000)


def portions(reads: Sequence[Read]) -> Iterator[Sequence[Read]]:
    """`reads` in their order, cut so that each portion fits into one `eth_call`."""
    start, gas, size = 0, 0, 0
    for position, read in enumerate(reads):
        length = len(read.data) + 6 * _WORD
        if position > start and (gas + read.gas > _GAS_OF_ONE_CALL or size + length > _BYTES_OF_ONE_CALL):
            yield reads[start:position]
            start, gas, size = position, 0, 0
        gas += read.gas
        size += length
    if start < len(reads):
        yield reads[start:]


def encode_aggregate3(reads: Sequence[Read]) -> bytes:
    """Calldata for all reads; each may fail by itself."""
    offsets: list[bytes] = []
    tuples: list[bytes] = []
    position = len(reads) * _WORD
    for read in reads:
        padding = b"\0" * (-len(read.data) % _WORD)
        encoded = (
            address_bytes(read.to).rjust(_WORD, b"\0")
            + _word(1)
            + _word(3 * _WORD)
            + _word(len(read.data))
            + read.data
            + padding
        )
        offsets.append(_word(position))
        tuples.append(encoded)
        position += len(encoded)
    return b"".join([_AGGREGATE3, _word(_WORD), _word(len(reads)), *offsets, *tuples])


def decode_aggregate3(data: bytes, count: int) -> list[Answer]:
    """The answers in order. A call that succeeded without return data met no contract: that is a failure.

    Raises:
        ChainError: the data is not `(bool success, bytes returnData)[]` with `count` entries.
    """
    if not data:
        raise ChainError(
            "there is no Multicall3 contract at the configured address",
            next_step="Correct `multicall3` in the treasury's settings, or deploy it",
        )
    start = _int(data, 0) + _WORD
    if _int(data, start - _WORD) != count:
        raise _malformed(data)
    return [_answer(data, start + _int(data, start + number * _WORD)) for number in range(count)]


def _answer(data: bytes, start: int) -> Answer:
    success = _int(data, start)
    content = start + _int(data, start + _WORD)
    length = _int(data, content)
    returned = data[content + _WORD : content + _WORD + length]
    if success not in (0, 1) or len(returned) != length:
        raise _malformed(data)
    return Answer(bool(success and returned), returned)


def _int(data: bytes, start: int) -> int:
    word = data[start : start + _WORD]
    if len(word) != _WORD:
        raise _malformed(data)
    return int.from_bytes(word, "big")


def _word(number: int) -> bytes:
    return number.to_bytes(_WORD, "big")


def _malformed(data: bytes) -> ChainError:
    return ChainError(
        "the answer of Multicall3 does not decode",
        value=f"{len(data)} bytes: 0x{data[:68].hex()}",
        next_step="Check that `multicall3` names the right contract, and that the node is honest",
    )
