from __future__ import annotations

import pytest
from eth_abi import abi as eth_abi
from hypothesis import given, settings
from hypothesis import strategies as st

from dao_bot.chain.abi import decode, encode, function
from dao_bot.chain.plan import Answer
from dao_bot.domain.addresses import Address, checksum
from dao_bot.domain.errors import BadInput, ChainError

VITALIK = Address("0xd8dA6BF26964aF9D7eEd9e03E53415D37aA96045")
SWAP = function("swap((address,uint24,bytes)[],int256)", "(address[],(address,bool))")


def test_selectors_are_those_of_the_contracts() -> None:
    assert function("transfer(address,uint256)", "(bool)").selector.hex() == "a9059cbb"
    assert function("balanceOf(address)").selector.hex() == "70a08231"


@settings(deadline=None)
@given(
    st.lists(st.tuples(st.just(VITALIK), st.integers(0, 2**24 - 1), st.binary(max_size=80)), max_size=4),
    st.integers(-(2**255), 2**255 - 1),
)
def test_arguments_come_back_from_calldata(orders: list[tuple[str, int, bytes]], number: int) -> None:
    assert SWAP.arguments(SWAP.encode(orders, number)) == (tuple(orders), number)


def test_addresses_in_answers_are_checksummed_at_every_depth() -> None:
    data = eth_abi.encode(["address[]", "(address,bool)"], [[VITALIK.lower()], (VITALIK.lower(), True)])
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
    with pytest.raises(ValueError, match="not an? "):
        function(signature)


def test_types_are_split_at_every_depth() -> None:
    nested = function("f(address,(uint8,bytes32[2],(string,bool)[])[],int256[][3],bytes)")
    assert nested.inputs == ("address", "(uint8,bytes32[2],(string,bool)[])[]", "int256[][3]", "bytes")
    assert function("f()").inputs == ()


LEAVES = st.one_of(
    st.tuples(st.just("address"), st.binary(min_size=20, max_size=20).map(checksum)),
    st.tuples(st.just("bool"), st.booleans()),
    st.integers(1, 32).flatmap(lambda n: st.tuples(st.just(f"uint{8 * n}"), st.integers(0, 2 ** (8 * n) - 1))),
    st.integers(1, 32).flatmap(
        lambda n: st.tuples(st.just(f"int{8 * n}"), st.integers(-(2 ** (8 * n - 1)), 2 ** (8 * n - 1) - 1))
    ),
    st.integers(1, 32).flatmap(lambda n: st.tuples(st.just(f"bytes{n}"), st.binary(min_size=n, max_size=n))),
)
DYNAMIC = st.one_of(
    st.tuples(st.just("bytes"), st.binary(max_size=70)),
    st.tuples(st.just("string"), st.text(max_size=20)),
)


def arrays(of: st.SearchStrategy[tuple[str, object]]) -> st.SearchStrategy[tuple[str, object]]:
    """Arrays of equal values: what counts is where they stand."""
    return st.tuples(of, st.integers(0, 3), st.booleans()).map(
        lambda given: (f"{given[0][0]}[{given[1] if given[2] and given[1] else ''}]", (given[0][1],) * given[1])
    )


def tuples(of: st.SearchStrategy[tuple[str, object]]) -> st.SearchStrategy[tuple[str, object]]:
    return st.lists(of, min_size=1, max_size=3).map(
        lambda parts: (f"({','.join(kind for kind, _ in parts)})", tuple(value for _, value in parts))
    )


TYPED = st.recursive(LEAVES | DYNAMIC, lambda inner: arrays(inner) | tuples(inner), max_leaves=5)


@settings(deadline=None)
@given(st.lists(TYPED, min_size=1, max_size=4))
def test_the_encoding_is_that_of_eth_abi_and_comes_back(typed: list[tuple[str, object]]) -> None:
    kinds, values = [kind for kind, _ in typed], tuple(value for _, value in typed)
    encoded = encode(kinds, values)
    assert encoded == eth_abi.encode(kinds, values)
    assert decode(kinds, encoded) == values


def lowered(value: object) -> object:
    """eth_abi gives addresses in lowercase."""
    if isinstance(value, tuple):
        return tuple(map(lowered, value))
    return value.lower() if isinstance(value, str) and len(value) == 42 else value


@settings(deadline=None)
@given(st.lists(TYPED, min_size=1, max_size=3), st.data())
def test_damaged_data_decodes_as_in_eth_abi_or_is_refused(typed: list[tuple[str, object]], data: st.DataObject) -> None:
    kinds, values = [kind for kind, _ in typed], tuple(value for _, value in typed)
    damaged = bytearray(encode(kinds, values))
    if damaged:
        damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))
    damaged = damaged[: data.draw(st.integers(0, len(damaged)))]
    try:
        ours = decode(kinds, bytes(damaged))
    except ValueError:
        return
    assert lowered(ours) == lowered(eth_abi.decode(kinds, bytes(damaged)))


def test_data_that_repeats_itself_by_its_offsets_is_refused() -> None:
    kind = "uint256" + "[]" * 12
    # An array of twenty pointers, all to the array itself, twelve times deep: 20^12 values in 672 bytes.
    bomb = (32).to_bytes(32, "big") + (20).to_bytes(32, "big") + (0).to_bytes(32, "big") * 20
    with pytest.raises(ValueError, match="too short"):
        decode([kind], bomb)


def test_an_array_longer_than_the_data_is_refused_at_once() -> None:
    with pytest.raises(ValueError, match="longer than the data"):
        decode(["uint256[]"], (32).to_bytes(32, "big") + (2**200).to_bytes(32, "big"))


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        *(("uint8", value) for value in (-1, 256, True, 1.0, "1", None)),
        *(("int8", value) for value in (-129, 128, False, 0.0)),
        *(("bool", value) for value in (0, 1, None)),
        *(("bytes4", value) for value in (b"abc", b"abcde", "abcd", bytearray(4))),
        *(("address", value) for value in ("0x12", b"\0" * 20, None, "0xD8dA6BF26964aF9D7eEd9e03E53415D37aA96045")),
        *(("(uint8,bool)", value) for value in ((1,), (1, True, 2), 5)),
        *(("uint8[2]", value) for value in ((1,), (1, 2, 3), b"ab", 5)),
        *(("uint8[]", value) for value in ((256,), "ab", None)),
        *(("bytes", value) for value in ("ab", None, (1, 2))),
        *(("string", value) for value in (b"ab", None, "\ud800")),
    ],
)
def test_values_without_their_type_are_refused(kind: str, value: object) -> None:
    with pytest.raises(BadInput, match="do not fit"):
        encode([kind], [value])
