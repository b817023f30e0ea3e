"""Roles as values: derived, flattened, compared and put into words without a chain."""

from __future__ import annotations

import pytest

from dao_bot.chain.abi import function
from dao_bot.chain.logs import Log
from dao_bot.chain.reverts import explain_revert
from dao_bot.domain.addresses import Address, address_bytes, checksum
from dao_bot.domain.errors import BadInput, ChainError
from dao_bot.domain.hashing import keccak
from dao_bot.domain.units import parse_amount
from dao_bot.safe.roles.changes import changes, differences
from dao_bot.safe.roles.conditions import (
    ANYTHING,
    THE_SAFE,
    Node,
    allowance_key,
    calldata,
    equal,
    flatten,
    one_of,
    structure,
    within,
)
from dao_bot.safe.roles.contract import ASSIGN_ROLES, DISABLE_MODULE, EXECUTE, SET_ALLOWANCE, module_tx_hash
from dao_bot.safe.roles.events import replay
from dao_bot.safe.roles.reading import proxied
from dao_bot.safe.roles.role import Allowance, Permission, Role, derive, role_key

SAFE, MODULE, MEMBER, TOKEN, BATCHES, ADAPTER, OTHER = (checksum(f"0x{n:040x}") for n in range(0xA0, 0xA7))
PAY = function("transfer(address,uint256)")
KEY = role_key("dao-bot")
LIMIT = Allowance(100, 100, 86_400)


def pays(to: Address = OTHER, token: Address = TOKEN) -> Permission:
    return Permission(token, PAY, (equal("address", to), within(token)))


def role(*permissions: Permission, limit: Allowance = LIMIT) -> Role:
    return derive(SAFE, MEMBER, KEY, permissions or (pays(),), {TOKEN: limit}, (BATCHES, b"\x8d\x80\xff\x0a", ADAPTER))


def fresh() -> Role:
    """As the module is after its set-up."""
    return Role(SAFE, SAFE, SAFE)


def named(address: str) -> str:
    return {TOKEN: "TOK", MEMBER: "the member", OTHER: "the other"}.get(Address(address), address)


def test_conditions_are_flat_breadth_first_each_after_its_parent() -> None:
    tree = calldata([structure(ANYTHING, one_of([equal("uint256", 2), equal("uint256", 1)])), THE_SAFE])
    assert [flat[:3] for flat in flatten(tree)] == [
        (0, 5, 5),
        (0, 3, 5),
        (0, 1, 15),
        (1, 1, 0),
        (1, 0, 2),
        (4, 1, 16),
        (4, 1, 16),
    ]


def test_the_same_alternatives_are_the_same_condition_whatever_their_order() -> None:
    one, other = equal("uint256", 1), equal("uint256", 2)
    assert one_of([one, other, one]) == one_of([other, one])
    assert one_of([one, one]) == one


def test_one_function_that_two_strategies_need_is_one_scope_with_both_ways() -> None:
    derived = role(pays(OTHER), pays(SAFE), pays(OTHER))
    ((place, scope),) = derived.functions.items()
    assert place == (KEY, TOKEN, PAY.selector)
    assert scope.conditions is not None and scope.conditions[0][2] == 2
    assert [flat[2] for flat in scope.conditions].count(28) == 2


def test_a_token_that_is_spent_has_a_limit_and_a_limit_has_a_token_that_is_spent() -> None:
    with pytest.raises(BadInput, match="nothing limits how much"):
        derive(SAFE, MEMBER, KEY, [pays()], {}, (BATCHES, b"abcd", ADAPTER))
    with pytest.raises(BadInput, match="that no strategy may spend"):
        derive(SAFE, MEMBER, KEY, [pays()], {TOKEN: LIMIT, OTHER: LIMIT}, (BATCHES, b"abcd", ADAPTER))


@pytest.mark.parametrize("name", ["", "x" * 33, "ü" * 17])
def test_a_role_has_a_name_of_at_most_32_bytes(name: str) -> None:
    with pytest.raises(BadInput):
        role_key(name)


def test_from_the_derived_role_to_itself_there_is_nothing_to_say_and_nothing_to_do() -> None:
    assert differences(role(), role(), named) == ()
    assert changes(role(), role(), MODULE, [MEMBER]) == ()


def test_a_changed_limit_is_one_difference_and_one_call() -> None:
    less = role(limit=Allowance(50, 50, 3600))
    assert differences(role(), less, named) == (
        "allowance of TOK: it is 100 base units, 100 back every 86400 s, not 50 base units, 50 back every 3600 s",
    )
    (call,) = changes(role(), less, MODULE, [MEMBER])
    assert (call.to, SET_ALLOWANCE.arguments(call.data)) == (MODULE, (allowance_key(TOKEN), 50, 50, 50, 3600, 3600))


def test_strangers_are_put_out_of_the_list_from_the_right_places() -> None:
    first, second, third = (checksum(f"0x{n:040x}") for n in (0xB1, 0xB2, 0xB3))
    crowded = Role(SAFE, SAFE, SAFE, callers=frozenset({first, MEMBER, second, third}))
    calls = changes(crowded, role(), MODULE, [first, MEMBER, second, third])
    put_out = [DISABLE_MODULE.arguments(each.data) for each in calls if each.data[:4] == DISABLE_MODULE.selector]
    sentinel = checksum(f"0x{1:040x}")
    assert put_out == [(sentinel, first), (MEMBER, second), (MEMBER, third)]
    assert ASSIGN_ROLES.arguments(calls[-1].data) == (MEMBER, (KEY,), (True,))


def test_what_takes_rights_away_stands_before_what_gives_them() -> None:
    calls = changes(role(pays(OTHER)), role(pays(SAFE, TOKEN)), MODULE, [MEMBER])
    assert len(calls) == 1, "the same function under another condition is set once"
    open_ = Role(SAFE, SAFE, SAFE, open_targets={(KEY, TOKEN): 0})
    first, *_ = changes(open_, role(), MODULE, [])
    assert first.data[:4] == function("revokeTarget(bytes32,address)").selector


def test_a_member_that_was_disabled_is_assigned_again() -> None:
    there = role()
    disabled = Role(
        SAFE,
        SAFE,
        SAFE,
        members=there.members,
        scoped_targets=there.scoped_targets,
        functions=there.functions,
        allowances=there.allowances,
        unwrappers=there.unwrappers,
    )
    assert differences(disabled, there, named) == ("the member may not call it",)
    (call,) = changes(disabled, there, MODULE, [])
    assert call.data[:4] == ASSIGN_ROLES.selector


def event(name: str, data: bytes = b"", *topics: Address) -> Log:
    return Log(MODULE, (keccak(name.encode()), *(address_bytes(each).rjust(32, b"\0") for each in topics)), data)


SET_UP = event(
    "RolesModSetup(address,address,address,address)", address_bytes(SAFE).rjust(32, b"\0"), OTHER, SAFE, SAFE
)


def test_events_without_the_set_up_are_not_believed() -> None:
    assert replay([SET_UP]) == fresh()
    for logs in ([], [SET_UP, SET_UP]):
        with pytest.raises(ChainError, match="do not hold its set-up"):
            replay(logs)


@pytest.mark.parametrize(
    "log", [event("SetGuard(address)"), Log(MODULE, (), b""), event("EnabledModule(address)", b"\1")]
)
def test_an_event_that_is_not_understood_is_not_skipped(log: Log) -> None:
    with pytest.raises(ChainError):
        replay([SET_UP, log])


@pytest.mark.parametrize(
    ("status", "info", "words"),
    [
        (17, allowance_key(TOKEN), f"of the token {TOKEN}, until it is refilled"),
        (17, b"\1" * 32, "the allowance of the role is used up (0x0101"),
        (2, bytes(32), "the role may not call this contract"),
        (99, bytes(32), "status 99"),
    ],
)
def test_refusals_of_the_module_are_told_in_words(status: int, info: bytes, words: str) -> None:
    assert words in explain_revert(bytes.fromhex("d0a9bf58") + status.to_bytes(32, "big") + info)


def test_the_hash_binds_chain_module_call_and_salt() -> None:
    call = EXECUTE.encode(TOKEN, 0, b"", 0, KEY, True)
    hashes = {
        module_tx_hash(1, MODULE, call, bytes(32)),
        module_tx_hash(2, MODULE, call, bytes(32)),
        module_tx_hash(1, OTHER, call, bytes(32)),
        module_tx_hash(1, MODULE, call + b"\0", bytes(32)),
        module_tx_hash(1, MODULE, call, b"\1" * 32),
    }
    assert len(hashes) == 5


def test_only_a_minimal_proxy_points_anywhere() -> None:
    code = (
        bytes.fromhex("363d3d373d3d3d363d73") + address_bytes(OTHER) + bytes.fromhex("5af43d82803e903d91602b57fd5bf3")
    )
    assert proxied(code) == OTHER
    for wrong in (b"", code[:-1], code + b"\0", b"\0" + code[1:]):
        assert proxied(wrong) is None


@pytest.mark.parametrize(("text", "units"), [("5000", 5_000_000_000), ("0.5", 500_000), ("1_000", 1_000_000_000)])
def test_an_amount_is_written_in_whole_tokens(text: str, units: int) -> None:
    assert parse_amount(text, 6) == units


@pytest.mark.parametrize("text", ["", "1e3", "5 USDC", "0.0000001", "0x10", "1.", "five"])
def test_what_is_no_amount_is_refused(text: str) -> None:
    with pytest.raises(BadInput):
        parse_amount(text, 6)


def test_a_node_is_a_value() -> None:
    assert Node(ANYTHING.kind, ANYTHING.operator) == ANYTHING
