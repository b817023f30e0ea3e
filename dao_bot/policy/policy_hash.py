"""One hash over all that decides what the treasury may do: policy, plugins' code and locked dependencies."""

from __future__ import annotations

from collections.abc import Mapping

from dao_bot.domain.hashing import digest

SCHEMA = 1


def policy_hash(policy: object, code: Mapping[str, str], lock: str) -> str:
    """0x-hex of 32 bytes; the same on every machine that runs the same rules.

    Args:
        policy: the settings that the hash covers, as plain values (see `domain.hashing.canonical`).
        code: digest of each plugin's code by its name, such as `strategy:reserve-rebalance`.
        lock: digest of the locked dependencies.
    """
    return digest({"schema": SCHEMA, "policy": policy, "code": code, "lock": lock})
