from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dao_bot.chain.abi import function
from dao_bot.chain.plan import Answer
from dao_bot.domain.addresses import Address
from dao_bot.domain.errors import BadInput, ChainError

VITALIK = Address("0xd8dA6BF26964aF9D7eEd9e03E53415D37aA96045")
SWAP = function("swap((address,uint24,bytes)[],int256)", "(address[],(address,bool))")


def test_selectors_are_those_of_the_contracts() -> None:
    assert function("transfer(address,uint256)", "(bool)").selector.hex() == "a9059cbb"
    assert function("balanceOf(address)").selector.hex() == "70a08231"


@given(
    st.lists(st.tuples(st.just(VITALIK), st.integers(0, 2**24 - 1), st.binary(max_size=80)), max_size=4),
    st.integers(-(2**255), 2**255 - 1),
)
def test_arguments_come_back_from_calldata(orders: list[tuple[str, int, bytes]], number: int) -> None:
    assert SWAP.arguments(SWAP.encode(orders, number)) == (tuple(orders), number)


def test_addresses_in_answers_are_checksummed_at_every_depth() -> None:
    from eth_abi.abi import encode

    data = encode(["address[]", "(address,bool)"], [[VITALIK.lower()], (VITALIK.lower(), True)])
    assert SWAP.decode(data) == ((VITALIK,), (VITALIK, True))


@pytest.mark.parametrize("data", [b"", b"\0" * 31, b"\xff" * 32, b"\0" * 31 + b"\2"])
def test_an_answer_of_another_shape_names_the_function(data: bytes) -> None:
    with pytest.raises(ChainError, match=r"did not answer isOwner\(address\)"):
        function("isOwner(address)", "(bool)").decode(data)


def test_calldata_with_something_hidden_in_it_is_refused() -> None:
    transfer = function("transfer(address,uint256)", "(bool)")
    honest = transfer.encode(VITALIK, 5)
    assert transfer.arguments(honest) == (VITALIK, 5)
    for hidden in (honest + b"\0", honest + b"\0" * 32, honest[:-1], honest[:4] + b"\1" + honest[5:]):
        with pytest.raises(BadInput):
            transfer.arguments(hidden)
    with pytest.raises(BadInput, match="not a call of transfer"):
        transfer.arguments(b"\0\0\0\0" + honest[4:])


@pytest.mark.parametrize("arguments", [(), (VITALIK,), (VITALIK, -1), (VITALIK, 2**256), ("0x12", 1), (VITALIK, 1.5)])
def test_arguments_of_other_types_are_refused(arguments: tuple[object, ...]) -> None:
    with pytest.raises(BadInput, match=r"transfer\(address,uint256\)"):
        function("transfer(address,uint256)").encode(*arguments)


def test_a_failed_answer_decodes_to_nothing() -> None:
    assert function("decimals()", "(uint8)").result(Answer(False, b"")) is None
    assert function("decimals()", "(uint8)").result(Answer(True, (6).to_bytes(32, "big"))) == (6,)


@pytest.mark.parametrize(
    "signature",
    ["f", "(address)", "a b()", "f(address", "f(uint256)[]", "f(uint)", "f(address,)", "f((bool)", "f(int7)", "f(x[])"],
)
def test_a_signature_that_does_not_parse_is_a_mistake_in_the_program(signature: str) -> None:
    with pytest.raises(ValueError, match="not a"):
        function(signature)


def test_types_are_split_at_every_depth() -> None:
    nested = function("f(address,(uint8,bytes32[2],(string,bool)[])[],int256[][3],bytes)")
    assert nested.inputs == ("address", "(uint8,bytes32[2],(string,bool)[])[]", "int256[][3]", "bytes")
    assert function("f()").inputs == ()
