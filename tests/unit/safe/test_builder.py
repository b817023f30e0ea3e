"""Transaction Builder files: the builder's own checksum and encoding, and what is refused."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from eth_abi.abi import encode

from dao_bot.domain.errors import BadInput
from dao_bot.domain.hashing import keccak
from dao_bot.safe.builder import checksum_of, parse_batch_file
from dao_bot.safe.builder_values import encode_method
from tests.unit.safe.samples import TARGET

# The file of the builder's own test (safe-global/safe-react-apps, apps/tx-builder/src/lib/checksum.test.js).
SAMPLE: dict[str, Any] = {
    "version": "1.0",
    "chainId": "4",
    "createdAt": 1646321521061,
    "meta": {
        "name": "test batch file",
        "txBuilderVersion": "1.4.0",
        "createdFromSafeAddress": "0xDF8a1Ce35c9a6ACE153B4e0767942f1E2291a1Aa",
        "createdFromOwnerAddress": TARGET,
    },
    "transactions": [
        {
            "to": TARGET,
            "value": "0",
            "contractMethod": {
                "inputs": [{"internalType": "address", "name": "paramAddress", "type": "address"}],
                "name": "testAddress",
                "payable": False,
            },
            "contractInputsValues": {"paramAddress": TARGET},
        },
        {
            "to": TARGET,
            "value": "0",
            "contractMethod": {
                "inputs": [{"internalType": "bool", "name": "paramBool", "type": "bool"}],
                "name": "testBool",
                "payable": False,
            },
            "contractInputsValues": {"paramAddress": "", "paramBool": "false"},
        },
        {
            "to": TARGET,
            "value": "2000000000000000000",
            "data": "0x42f4579000000000000000000000000049d4450977e2c95362c13d3a31a09311e0ea26a6",
        },
    ],
}


def written(**changes: Any) -> bytes:
    """The sample with other top-level values, and a checksum that fits."""
    content = {**copy.deepcopy(SAMPLE), **changes}
    content["meta"]["checksum"] = checksum_of(content)
    return json.dumps(content).encode()


def with_transaction(**fields: Any) -> bytes:
    return written(transactions=[{"to": TARGET, "value": "0", "data": "0x", **fields}])


def test_the_serialisation_gives_the_checksums_of_the_builders_own_tests() -> None:
    """There the empty checksum is part of what is hashed; the older one was made when the name was as well."""
    from dao_bot.safe import builder

    meta = {**SAMPLE["meta"], "checksum": ""}
    current = builder._serialise({**SAMPLE, "meta": {**meta, "name": None}})
    older = builder._serialise({**SAMPLE, "meta": meta})
    assert keccak(current.encode()).hex() == "4ecbfd364aa6759983915644e73f8bd411e85a2dc306f252a387c2728c4db64c"
    assert keccak(older.encode()).hex() == "832ecdb6653751ed00b79dede73864163e46e71815b72e11e506d6399bedffc9"


def test_methods_are_encoded_as_solidity_would() -> None:
    calls = parse_batch_file(written(), 4).calls
    assert calls[0].data == keccak(b"testAddress(address)")[:4] + encode(["address"], [TARGET])
    assert calls[1].data == keccak(b"testBool(bool)")[:4] + encode(["bool"], [False])
    assert (calls[2].value, calls[2].data[:4].hex()) == (2 * 10**18, "42f45790")


def test_the_checksum_of_an_older_builder_is_accepted() -> None:
    content = copy.deepcopy(SAMPLE)
    content["meta"]["checksum"] = checksum_of(content, with_name=True)
    assert len(parse_batch_file(json.dumps(content).encode(), 4).calls) == 3


def test_the_checksum_does_not_depend_on_the_order_of_keys() -> None:
    reordered = dict(reversed(SAMPLE.items()))
    assert checksum_of(reordered) == checksum_of(SAMPLE)


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (b"", "no JSON"),
        (b"\xff\xfe", "no JSON"),
        (b"[]", "JSON list"),
        (b"{}", "is not a Safe Transaction Builder batch"),
        (b"[" * 100_000, "nested too deep"),
        (b'{"a": ' * 40 + b"1" + b"}" * 40, "nested too deep"),
        (b" " * 2_000_001, "too large"),
        (b'{"version": "1.0", "version": "1.0"}', "twice"),
        (b'{"version": 1.0}', "not whole"),
        (b'{"version": NaN}', "not whole"),
        (b'{"version": 9007199254740993}', "JavaScript"),
        (b'{"version": "\\ud800"}', "Unicode"),
        (json.dumps(SAMPLE).encode(), "never had a checksum"),
        (written().replace(b"2000000000000000000", b"3000000000000000000"), "changed after it was made"),
        (written(chainId="1"), "another chain"),
        (written(chainId="four"), "no whole number"),
        (written(version="2.0"), "version 1.0"),
        (written(transactions=[]), "number of transactions"),
        (written(transactions=[None]), "no transaction"),
        (written(transactions=SAMPLE["transactions"] * 200), "number of transactions"),
        (with_transaction(to="0x1234"), "not an address"),
        (with_transaction(to=TARGET[:-1] + "7"), "wrong checksum"),
        (with_transaction(value=5), "no text `value`"),
        (with_transaction(value="-1"), "no whole number"),
        (with_transaction(value="1e18"), "no whole number"),
        (with_transaction(value=str(2**256)), "256 bits"),
        (with_transaction(data="0x123"), "no data"),
        (with_transaction(data="1234"), "no data"),
        (with_transaction(data=["0x"]), "not text"),
    ],
)
def test_foreign_and_corrupt_files_are_refused_in_words(raw: bytes, words: str) -> None:
    with pytest.raises(BadInput, match=words):
        parse_batch_file(raw, 4)


def test_a_transaction_that_says_two_things_is_refused() -> None:
    method = {"name": "approve", "inputs": [{"name": "amount", "type": "uint256"}]}
    with pytest.raises(BadInput, match="two things"):
        parse_batch_file(
            with_transaction(data="0xdeadbeef", contractMethod=method, contractInputsValues={"amount": "1"}), 4
        )


def encoded(kind: str, value: Any, components: list[dict[str, Any]] | None = None) -> bytes:
    parameter = {"name": "x", "type": kind, **({"components": components} if components else {})}
    data = encode_method({"name": "f", "inputs": [parameter]}, {"x": value}, "transaction 1")
    assert data is not None
    return data[4:]


PAIR = [{"name": "a", "type": "address"}, {"name": "b", "type": "uint256[]"}]


@pytest.mark.parametrize(
    ("kind", "value", "canonical", "expected"),
    [
        (
            "uint",
            "115792089237316195423570985008687907853269984665640564039457584007913129639935",
            "uint256",
            2**256 - 1,
        ),
        ("int8", "-128", "int8", -128),
        ("uint256", "0xff", "uint256", 255),
        ("bool", "True", "bool", True),
        ("string", " [as it is] ", "string", " [as it is] "),
        ("bytes", "0xabcd", "bytes", b"\xab\xcd"),
        ("bytes4", "0x01020304", "bytes4", b"\1\2\3\4"),
        ("uint256[]", "[1, 6426191757410075707]", "uint256[]", [1, 6426191757410075707]),
        ("uint256[2][]", '[[1, "2"], [3, 4]]', "uint256[2][]", [[1, 2], [3, 4]]),
        ("address[]", f"[{TARGET}]", "address[]", [TARGET]),
        ("bool[]", '[true, "false", 1]', "bool[]", [True, False, True]),
        ("string[]", '["a, b", "[c]"]', "string[]", ["a, b", "[c]"]),
    ],
)
def test_values_are_read_as_the_builder_reads_them(kind: str, value: str, canonical: str, expected: Any) -> None:
    assert encoded(kind, value) == encode([canonical], [expected])


def test_tuples_are_read_by_their_components() -> None:
    assert encoded("tuple", f'["{TARGET}", [1, "2"]]', PAIR) == encode(["(address,uint256[])"], [(TARGET, [1, 2])])
    two = f'[["{TARGET}", []], ["{TARGET}", [3]]]'
    assert encoded("tuple[]", two, PAIR) == encode(["(address,uint256[])[]"], [[(TARGET, []), (TARGET, [3])]])


@pytest.mark.parametrize(
    ("kind", "value", "words"),
    [
        ("uint256", "", "no whole number"),
        ("uint256", "1.5", "no whole number"),
        ("uint8", "256", "do not fit"),
        ("uint256", "-1", "do not fit"),
        ("uint256", 5, "not written as text"),
        ("bool", "maybe", "neither true nor false"),
        ("bytes4", "0x0102", "wrong length"),
        ("uint256[2]", "[1]", "wrong length"),
        ("uint256[]", "1", "no list"),
        ("uint256[]", "[1", "no list"),
        ("tuple", f'["{TARGET}", [9007199254740993]]', "would change this number"),
        ("tuple", f'["{TARGET}"]', "number of parts"),
        ("address", "vitalik.eth", "not an address"),
        ("function", "0x", "unknown type"),
        ("uint7", "1", "unknown type"),
        ("bytes33", "0x", "unknown type"),
    ],
)
def test_values_that_are_not_of_their_type_are_refused(kind: str, value: Any, words: str) -> None:
    with pytest.raises(BadInput, match=words):
        encoded(kind, value, PAIR)


@pytest.mark.parametrize(
    "method",
    [
        "approve",
        {},
        {"name": "f"},
        {"name": "f(", "inputs": []},
        {"name": 5, "inputs": []},
        {"name": "f", "inputs": [1]},
        {"name": "f", "inputs": [{"type": 5}]},
    ],
)
def test_malformed_methods_are_refused(method: object) -> None:
    with pytest.raises(BadInput, match="contractMethod"):
        encode_method(method, {}, "transaction 1")


def test_a_value_that_is_missing_is_refused() -> None:
    with pytest.raises(BadInput, match="has no value"):
        encode_method({"name": "f", "inputs": [{"name": "x", "type": "uint256"}]}, {}, "transaction 1")
