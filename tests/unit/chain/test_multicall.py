from __future__ import annotations

from contextlib import suppress

import pytest
from eth_abi.abi import decode, encode
from hypothesis import given
from hypothesis import strategies as st

from dao_bot.chain.multicall import decode_aggregate3, encode_aggregate3, portions
from dao_bot.chain.plan import Answer, Read
from dao_bot.domain.addresses import checksum
from dao_bot.domain.errors import ChainError

ADDRESSES = st.binary(min_size=20, max_size=20).map(checksum)
READS = st.lists(st.builds(Read, ADDRESSES, st.binary(max_size=100), st.integers(1, 20_000_000)), max_size=8)


@given(READS)
def test_calldata_is_what_the_abi_says(reads: list[Read]) -> None:
    calldata = encode_aggregate3(reads)
    assert calldata[:4].hex() == "82ad56cb"
    (calls,) = decode(["(address,bool,bytes)[]"], calldata[4:])
    assert [(checksum(to), allow, data) for to, allow, data in calls] == [(r.to, True, r.data) for r in reads]
    assert calldata[4:] == encode(["(address,bool,bytes)[]"], [[(r.to, True, r.data) for r in reads]])


@given(st.lists(st.tuples(st.booleans(), st.binary(max_size=100)), max_size=8))
def test_answers_come_back_in_order(answers: list[tuple[bool, bytes]]) -> None:
    data = encode(["(bool,bytes)[]"], [answers])
    # A success without data met no contract.
    assert decode_aggregate3(data, len(answers)) == [Answer(ok and bool(raw), raw) for ok, raw in answers]


@given(st.binary(min_size=1, max_size=400), st.integers(0, 4))
def test_any_bytes_decode_or_are_refused(data: bytes, count: int) -> None:
    with suppress(ChainError):
        assert len(decode_aggregate3(data, count)) == count


def test_another_number_of_answers_is_refused() -> None:
    data = encode(["(bool,bytes)[]"], [[(True, b"x")]])
    with pytest.raises(ChainError, match="does not decode"):
        decode_aggregate3(data, 2)


@given(READS)
def test_portions_keep_every_read_in_its_order_and_fit(reads: list[Read]) -> None:
    cut = list(portions(reads))
    assert [read for portion in cut for read in portion] == reads
    assert all(len(portion) == 1 or sum(read.gas for read in portion) <= 15_000_000 for portion in cut)
