"""What the codec must keep, what it must refuse, and what it must not load."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import pytest

from dao_bot.domain.addresses import ZERO_ADDRESS
from dao_bot.domain.decisions import Decision, Evidence
from dao_bot.domain.errors import BadInput, StoreError
from dao_bot.domain.lifecycle import State
from dao_bot.domain.tokens import Amount, Token
from dao_bot.store.codec import Codec, UnknownOperation

ETH = Token(1, ZERO_ADDRESS, "ETH", 18)


@dataclass(frozen=True, slots=True)
class Leg:
    amount: Amount
    state: State


@dataclass(frozen=True, slots=True)
class AddLiquidity:
    """An operation such as a protocol of a third party brings."""

    kind: ClassVar[str] = "add_liquidity"
    legs: tuple[Leg, ...]
    ticks: tuple[int, int]
    salt: bytes
    notes: Mapping[str, object]
    position: int | None = None


@dataclass(frozen=True, slots=True)
class AnotherSwap:
    kind: ClassVar[str] = "swap"


@dataclass(frozen=True, slots=True)
class WithSet:
    kind: ClassVar[str] = "with_set"
    things: frozenset[str]


def operation() -> AddLiquidity:
    return AddLiquidity((Leg(ETH.amount(10**30), State.READY),), (-5, 7), b"\x00\xff", {"deep": ({"a": b"b"},)})


def decision(*operations: Any) -> Decision:
    return Decision(operations=operations, reason="because")


def test_an_operation_of_a_configured_protocol_is_read_back_equal() -> None:
    codec = Codec([AddLiquidity])
    assert codec.decode(codec.encode(decision(operation()), Decision), Decision) == decision(operation())


def test_an_operation_whose_protocol_is_gone_keeps_its_fields_and_its_text() -> None:
    text = Codec([AddLiquidity]).encode(decision(operation()), Decision)
    [unknown] = (read := Codec().decode(text, Decision)).operations
    assert isinstance(unknown, UnknownOperation)
    assert (unknown.kind, unknown.fields["ticks"]) == ("add_liquidity", [-5, 7])
    assert Codec().encode(read, Decision) == text
    assert Codec([AddLiquidity]).decode(Codec().encode(read, Decision), Decision) == decision(operation())


def test_an_operation_of_no_configured_protocol_is_not_stored() -> None:
    for stranger in (operation(), AnotherSwap(), object()):
        with pytest.raises(BadInput, match="no configured protocol"):
            Codec().encode(decision(stranger), Decision)


def test_two_operations_of_one_kind_are_refused() -> None:
    with pytest.raises(BadInput, match="two operations have the kind 'swap'"):
        Codec([AnotherSwap])
    Codec([AddLiquidity, AddLiquidity])


def test_an_operation_that_cannot_be_stored_is_refused_when_the_store_is_opened() -> None:
    with pytest.raises(BadInput, match="'with_set' cannot be stored"):
        Codec([WithSet])


@pytest.mark.parametrize(
    "value",
    [
        2**256 - 1,
        -(2**300),
        0.1,
        -0.0,
        1e300,
        1.0,
        True,
        None,
        "\x00\ud800\N{SNOWMAN}",
        b"",
        (),
        ((1, "a"), [2, b"\x00"]),
        {"$tuple": [1]},
        {"$bytes": "0x00", "x": (1,)},
        {"$mapping": {"$tuple": 1}},
        {"": [{}]},
    ],
)
def test_a_value_without_a_type_comes_back_as_it_was(value: object) -> None:
    codec = Codec()
    back = codec.decode_free(codec.encode(value))
    assert back == value
    assert type(back) is type(value)


@pytest.mark.parametrize(
    "value", [float("inf"), float("nan"), {1: 2}, {1, 2}, object(), pytest.param(10**5000, id="huge")]
)
def test_a_value_without_a_form_in_json_is_bad_input(value: object) -> None:
    with pytest.raises(BadInput, match="cannot be stored"):
        Codec().encode({"deep": [value]})


def test_the_text_is_canonical() -> None:
    assert Codec().encode({"b": 1, "a": "\N{SNOWMAN}"}) == '{"a":"\\u2603","b":1}'


@pytest.mark.parametrize(
    "wrong",
    [
        Evidence("cost", 1.0, unit=5),  # type: ignore[arg-type]  # wrong on purpose
        Evidence("cost", None),  # type: ignore[arg-type]  # wrong on purpose
        Evidence("cost", [1]),  # type: ignore[arg-type]  # wrong on purpose
    ],
)
def test_a_value_that_does_not_fit_its_type_is_named_with_its_path(wrong: Evidence) -> None:
    with pytest.raises(BadInput, match="evidence: 0: (unit|value)"):
        Codec().encode(Decision((), "because", evidence=(wrong,)), Decision)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "null",
        '{"operations":[]}',
        '{"operations":[],"reason":1}',
        '{"operations":{},"reason":"x"}',
        '{"operations":[{}],"reason":"x"}',
        '{"operations":[{"kind":"swap"}],"reason":"x"}',
        '{"operations":[],"reason":"x","unheard_of":1}',
        '{"operations":[],"reason":"x","urgent":1}',
        pytest.param("[" * 100_000, id="deep"),
    ],
)
def test_a_text_that_is_no_such_value_is_a_store_error(text: str) -> None:
    with pytest.raises(StoreError, match="stored Decision cannot be read"):
        Codec().decode(text, Decision)


def test_a_row_older_than_a_field_reads_the_fields_default() -> None:
    assert Codec().decode('{"operations":[],"reason":"x"}', Decision) == Decision((), "x")


def test_alembic_is_loaded_only_to_migrate_and_sqlalchemy_only_by_the_store(tmp_path: Any) -> None:
    program = (
        "import sys\n"
        "import dao_bot.domain.failpoints, dao_bot.strategy, dao_bot.store.values, dao_bot.store\n"
        "assert 'sqlalchemy' not in sys.modules\n"
        "from dao_bot.store.store import open_store\n"
        f"url = 'sqlite:///{tmp_path}/store.sqlite3'\n"
        "open_store(url).close()\n"
        "assert 'alembic' in sys.modules\n"
        "for name in [name for name in sys.modules if name.startswith('alembic')]: del sys.modules[name]\n"
        "open_store(url).close()\n"
        "assert 'alembic' not in sys.modules\n"
        "assert 'web3' not in sys.modules and 'cvxpy' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60)
