"""The self-test of contracts' code: it is there, and it is the code whose hash is pinned in the configuration."""

from __future__ import annotations

from collections.abc import Mapping

from dao_bot.chain import hexes
from dao_bot.chain.answers import RpcFault
from dao_bot.chain.pinned import settle_at
from dao_bot.chain.rpc import Endpoint
from dao_bot.domain.addresses import Address
from dao_bot.domain.hashing import keccak
from dao_bot.domain.runs import Block
from dao_bot.protocols.port import Check


def check_code(
    endpoint: Endpoint, block: Block, contracts: Mapping[Address, tuple[str, str | None]]
) -> tuple[Check, ...]:
    """One line for each contract, in one round trip.

    Args:
        contracts: label and pinned Keccak-256 of the runtime code (0x-hex, None when it is not pinned) by address.
    """
    answers = settle_at(endpoint, block, [("eth_getCode", [address]) for address in contracts])
    checks = []
    for (address, (label, pinned)), answer in zip(contracts.items(), answers, strict=True):
        if isinstance(answer, RpcFault):
            raise answer
        code = hexes.data(answer, f"the code of {label} at {endpoint.name}")
        checks.append(_check(address, label, pinned, code))
    return tuple(checks)


def _check(address: Address, label: str, pinned: str | None, code: bytes) -> Check:
    subject = f"code of {label}"
    if not code:
        return Check(subject, f"there is no code at {address}; correct the address, or the chain")
    actual = "0x" + keccak(code).hex()
    if pinned is None:
        return Check(subject, f"not pinned; its hash is {actual}: write it under code_hashes", fatal=False)
    if actual != pinned:
        return Check(subject, f"the code at {address} has the hash {actual}, pinned is {pinned}: do not run")
    return Check(subject)
