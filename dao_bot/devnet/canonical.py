"""Contracts at the addresses that they have on every public chain: Safe, Multicall3, the CREATE2 factories."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from dao_bot.devnet.abi import encode_creation
from dao_bot.devnet.accounts import DEPLOYER
from dao_bot.devnet.anvil import Anvil
from dao_bot.devnet.artifacts import npm_artifact
from dao_bot.devnet.errors import DevnetError
from dao_bot.devnet.transactions import Transaction, transact_all
from dao_bot.domain.addresses import Address

MULTICALL3 = Address("0xcA11bde05977b3631167028862bE2a173976CA11")
DETERMINISTIC_DEPLOYMENT_PROXY = Address("0x4e59b44847b379578588920cA78FbF26c0B4956C")
SAFE_SINGLETON_FACTORY = Address("0x914d7Fec6aaC8cd542e72Bca78B30650d45643d7")


@dataclass(frozen=True, slots=True)
class SafeContracts:
    """One version of Safe: what a Safe and its batches are made with."""

    version: str
    create2_factory: Address
    singleton: Address
    proxy_factory: Address
    multi_send: Address
    multi_send_call_only: Address
    fallback_handler: Address
    simulate_tx_accessor: Address

    def by_artifact(self) -> dict[str, Address]:
        """Address by the artifact's name."""
        return {
            f"SafeL2-{self.version}": self.singleton,
            f"SafeProxyFactory-{self.version}": self.proxy_factory,
            f"MultiSend-{self.version}": self.multi_send,
            f"MultiSendCallOnly-{self.version}": self.multi_send_call_only,
            f"CompatibilityFallbackHandler-{self.version}": self.fallback_handler,
            f"SimulateTxAccessor-{self.version}": self.simulate_tx_accessor,
        }


# From the safe-deployments registry: "canonical" of each version, the L2 singleton.
SAFE_CONTRACTS: dict[str, SafeContracts] = {
    contracts.version: contracts
    for contracts in (
        SafeContracts(
            version="1.3.0",
            create2_factory=DETERMINISTIC_DEPLOYMENT_PROXY,
            singleton=Address("0x3E5c63644E683549055b9Be8653de26E0B4CD36E"),
            proxy_factory=Address("0xa6B71E26C5e0845f74c812102Ca7114b6a896AB2"),
            multi_send=Address("0xA238CBeb142c10Ef7Ad8442C6D1f9E89e07e7761"),
            multi_send_call_only=Address("0x40A2aCCbd92BCA938b02010E17A5b8929b49130D"),
            fallback_handler=Address("0xf48f2B2d2a534e402487b3ee7C18c33Aec0Fe5e4"),
            simulate_tx_accessor=Address("0x59AD6735bCd8152B84860Cb256dD9e96b85F69Da"),
        ),
        SafeContracts(
            version="1.4.1",
            create2_factory=SAFE_SINGLETON_FACTORY,
            singleton=Address("0x29fcB43b46531BcA003ddC8FCB67FFE91900C762"),
            proxy_factory=Address("0x4e1DCf7AD4e460CfD30791CCC4F9c8a4f820ec67"),
            multi_send=Address("0x38869bf66a61cF6bDB996A6aE40D5853Fd43B526"),
            multi_send_call_only=Address("0x9641d764fc13c8B624c04430C7356C1C7C8102e2"),
            fallback_handler=Address("0xfd0732Dc9E303f09fCEf3a7388Ad10A83459Ec99"),
            simulate_tx_accessor=Address("0x3d4BA2E0884aa488718476ca2FB8Efc291A46199"),
        ),
        SafeContracts(
            version="1.5.0",
            create2_factory=SAFE_SINGLETON_FACTORY,
            singleton=Address("0xEdd160fEBBD92E350D4D398fb636302fccd67C7e"),
            proxy_factory=Address("0x14F2982D601c9458F93bd70B218933A6f8165e7b"),
            multi_send=Address("0x218543288004CD07832472D464648173c77D7eB7"),
            multi_send_call_only=Address("0xA83c336B20401Af773B6219BA5027174338D1836"),
            fallback_handler=Address("0x3EfCBb83A4A7AfcB4F68D501E2c2203a38be77f4"),
            simulate_tx_accessor=Address("0x07EfA797c55B5DdE3698d876b277aBb6B893654C"),
        ),
    )
}

_CREATE2_SALT = bytes(32)


def deploy_canonical(anvil: Anvil, packages: Path) -> None:
    """Multicall3 and Safe 1.3.0, 1.4.1, 1.5.0 at their public addresses.

    Raises:
        DevnetError: a package's bytecode does not lead to the public address.
    """
    # The two factories have the same code; the second one's key is not ours, so its code is set.
    factory_code = anvil.rpc("eth_getCode", DETERMINISTIC_DEPLOYMENT_PROXY, "latest")
    anvil.rpc("anvil_setCode", SAFE_SINGLETON_FACTORY, factory_code)
    anvil.rpc("anvil_setCode", MULTICALL3, anvil.rpc("eth_call", {"data": _multicall3_creation()}, "latest"))
    transactions = [
        Transaction(
            DEPLOYER.address,
            contracts.create2_factory,
            "0x" + _CREATE2_SALT.hex() + encode_creation(npm_artifact(packages, name))[2:],
        )
        for contracts in SAFE_CONTRACTS.values()
        for name in contracts.by_artifact()
    ]
    transact_all(anvil, transactions)
    expected = {
        name: address for contracts in SAFE_CONTRACTS.values() for name, address in contracts.by_artifact().items()
    }
    codes = anvil.batch([("eth_getCode", (address, "latest")) for address in expected.values()])
    missing = [name for name, code in zip(expected, codes, strict=True) if code == "0x"]
    if missing:
        raise DevnetError("these contracts did not land on their public addresses", value=", ".join(missing))


def _multicall3_creation() -> str:
    from safe_eth.eth.contracts.abis.multicall import multicall_v3_bytecode

    return "0x" + bytes(multicall_v3_bytecode).hex()
