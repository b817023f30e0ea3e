"""Safes on the local chain."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from dao_bot.devnet.abi import encode_call
from dao_bot.devnet.accounts import DEPLOYER
from dao_bot.devnet.anvil import Anvil
from dao_bot.devnet.artifacts import npm_artifact
from dao_bot.devnet.canonical import SAFE_CONTRACTS
from dao_bot.devnet.transactions import send
from dao_bot.domain.addresses import ZERO_ADDRESS, Address, checksum
from dao_bot.domain.hashing import keccak

_PROXY_CREATION = "0x" + keccak(b"ProxyCreation(address,address)").hex()


def deploy_safe(
    anvil: Anvil, packages: Path, *, version: str, owners: Sequence[str], threshold: int, salt_nonce: int = 0
) -> Address:
    """A new Safe without modules or guard; the same arguments lead to the same address.

    `version` is "1.3.0", "1.4.1" or "1.5.0"; `packages` is `Toolchain.packages`.
    """
    contracts = SAFE_CONTRACTS[version]
    setup = encode_call(
        npm_artifact(packages, f"SafeL2-{version}"),
        "setup",
        list(owners),
        threshold,
        ZERO_ADDRESS,
        b"",
        contracts.fallback_handler,
        ZERO_ADDRESS,
        0,
        ZERO_ADDRESS,
    )
    receipt = send(
        anvil,
        DEPLOYER.address,
        contracts.proxy_factory,
        npm_artifact(packages, f"SafeProxyFactory-{version}"),
        "createProxyWithNonce",
        contracts.singleton,
        bytes.fromhex(setup[2:]),
        salt_nonce,
    )
    created = next(log for log in receipt["logs"] if log["topics"][0] == _PROXY_CREATION)
    # 1.3.0 has the proxy in the data, later versions in the first indexed topic.
    word = created["topics"][1] if len(created["topics"]) > 1 else created["data"][:66]
    return checksum("0x" + word[-40:])
