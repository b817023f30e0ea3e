"""The policy hash changes with everything that it covers, and with nothing else."""

from __future__ import annotations

from dao_bot.policy.policy_hash import policy_hash


def test_it_changes_with_the_rules_with_the_code_and_with_the_locked_dependencies() -> None:
    rules = [{"use": "slippage", "max": 5 * 10**15}]
    hashes = {
        policy_hash(rules, {"strategy:a": "0x1"}, "0x2"),
        policy_hash([{"use": "slippage", "max": 6 * 10**15}], {"strategy:a": "0x1"}, "0x2"),
        policy_hash(rules, {"strategy:a": "0x3"}, "0x2"),
        policy_hash(rules, {"strategy:b": "0x1"}, "0x2"),
        policy_hash(rules, {"strategy:a": "0x1"}, "0x4"),
    }
    assert len(hashes) == 5


def test_it_does_not_depend_on_the_order_of_keys() -> None:
    one = policy_hash({"a": 1, "b": 2}, {"x": "0x1", "y": "0x2"}, "0x3")
    other = policy_hash({"b": 2, "a": 1}, {"y": "0x2", "x": "0x1"}, "0x3")
    assert one == other
    assert len(bytes.fromhex(one[2:])) == 32
