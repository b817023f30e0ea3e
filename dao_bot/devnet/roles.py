"""Zodiac Roles v2 on the local chain: its singletons, and one module for a Safe, owned by it but not yet enabled."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from eth_abi.abi import encode

from dao_bot.devnet.abi import encode_call, encode_creation
from dao_bot.devnet.accounts import DEPLOYER
from dao_bot.devnet.anvil import Anvil
from dao_bot.devnet.artifacts import Artifact
from dao_bot.devnet.errors import DevnetError
from dao_bot.devnet.transactions import Transaction, send, transact_all
from dao_bot.devnet.typechain import read_factory
from dao_bot.domain.addresses import Address, checksum
from dao_bot.domain.hashing import keccak

SINGLETON_FACTORY = Address("0xce0042B868300000d44A59004Da54A005ffdcf9f")
"""ERC-2470. Roles writes its conditions as contracts, which this factory creates."""

MULTI_SEND_UNWRAPPER = Address("0x93B7fCbc63ED8a3a24B59e1C3e6649D50B7427c0")
"""On every public chain (zodiac-roles-sdk); the same bytecode leads to it here."""

_FACTORY_DEPLOYER = Address("0xBb6e024b9cFFACB947A71991E386681B1Cd1477D")
_FACTORY_FUNDING = 247 * 10**14
_FACTORY_TRANSACTION = "@gnosis-guild/zodiac-core/dist/esm/factory/erc2470Factory.js"
_FACTORIES = "zodiac-roles-sdk/build/cjs/evm/typechain-types/factories"
_FILES = {
    "Integrity": "contracts/Integrity__factory.js",
    "Packer": "contracts/packers/Packer__factory.js",
    "Roles": "contracts/Roles__factory.js",
    "MultiSendUnwrapper": "contracts/adapters/MultiSendUnwrapper__factory.js",
    "AvatarIsOwnerOfERC721": "contracts/adapters/AvatarIsOwnerOfERC721.sol/AvatarIsOwnerOfERC721__factory.js",
    "ModuleProxyFactory": "@gnosis-guild/zodiac-core/contracts/factory/ModuleProxyFactory__factory.js",
}
_LIBRARIES = {"Integrity": "contracts/Integrity.sol:Integrity", "Packer": "contracts/packers/Packer.sol:Packer"}
_SALT = bytes(32)
_NOBODY = Address("0x0000000000000000000000000000000000000001")
_PROXY_CREATION = "0x" + keccak(b"ModuleProxyCreation(address,address)").hex()
_FACTORY_ABI = [
    {
        "type": "function",
        "name": "deploy",
        "inputs": [{"name": "code", "type": "bytes"}, {"name": "salt", "type": "bytes32"}],
        "outputs": [{"name": "", "type": "address"}],
    }
]


@dataclass(frozen=True, slots=True)
class RolesContracts:
    """What a role is made with.

    Attributes:
        mastercopy: the code that every module points to.
        unwrapper: takes a MultiSend batch apart, so that each of its calls is judged.
        position_owner: the condition that a position (ERC-721) is the Safe's.
        module: a proxy whose owner, avatar and target is the Safe.
    """

    mastercopy: Address
    unwrapper: Address
    position_owner: Address
    module: Address


@cache
def roles_artifact(packages: Path, name: str, libraries: tuple[tuple[str, Address], ...] = ()) -> Artifact:
    """A contract of `zodiac-roles-sdk`, its libraries linked; `packages` is `Toolchain.packages`."""
    abi, code = read_factory(packages / _FACTORIES / _FILES[name])
    for library, address in libraries:
        placeholder = f"__${keccak(_LIBRARIES[library].encode()).hex()[:34]}$__"
        code = code.replace(placeholder, address[2:].lower())
    if "$" in code and libraries:
        raise DevnetError("a library of a contract is not linked", value=name)
    return Artifact(name, abi, b"" if "$" in code else bytes.fromhex(code))


def deploy_roles(anvil: Anvil, packages: Path, safe: Address) -> RolesContracts:
    """The singletons through ERC-2470, then a module for `safe`. The same arguments lead to the same addresses."""
    _deploy_factory(anvil, packages)
    plain = ("Integrity", "Packer", "MultiSendUnwrapper", "AvatarIsOwnerOfERC721", "ModuleProxyFactory")
    made = _create(anvil, {name: encode_creation(roles_artifact(packages, name)) for name in plain})
    if made["MultiSendUnwrapper"] != MULTI_SEND_UNWRAPPER:
        raise DevnetError("MultiSendUnwrapper did not land on its public address", value=made["MultiSendUnwrapper"])
    roles = roles_artifact(packages, "Roles", (("Integrity", made["Integrity"]), ("Packer", made["Packer"])))
    mastercopy = _create(anvil, {"Roles": encode_creation(roles, _NOBODY, _NOBODY, _NOBODY)})["Roles"]
    set_up = encode_call(roles, "setUp", encode(["address", "address", "address"], [safe, safe, safe]))
    factory = roles_artifact(packages, "ModuleProxyFactory")
    receipt = send(
        anvil,
        DEPLOYER.address,
        made["ModuleProxyFactory"],
        factory,
        "deployModule",
        mastercopy,
        bytes.fromhex(set_up[2:]),
        0,
    )
    created = next(log for log in receipt["logs"] if log["topics"][0] == _PROXY_CREATION)
    module = checksum("0x" + created["topics"][1][-40:])
    return RolesContracts(mastercopy, made["MultiSendUnwrapper"], made["AvatarIsOwnerOfERC721"], module)


def _deploy_factory(anvil: Anvil, packages: Path) -> None:
    """By the transaction that was signed for all chains, from an account whose key nobody has."""
    source = (packages / _FACTORY_TRANSACTION).read_text()
    found = re.search(r'signedDeployTransaction = "(0x[0-9a-f]+)"', source)
    if found is None:
        raise DevnetError("the transaction that deploys the ERC-2470 factory is not in its package")
    anvil.rpc("anvil_setBalance", _FACTORY_DEPLOYER, hex(_FACTORY_FUNDING))
    anvil.rpc("eth_sendRawTransaction", found.group(1))
    anvil.mine()
    if anvil.rpc("eth_getCode", SINGLETON_FACTORY, "latest") == "0x":
        raise DevnetError("the ERC-2470 factory was not created")


def _create(anvil: Anvil, creations: Mapping[str, str]) -> dict[str, Address]:
    factory = Artifact("SingletonFactory", _FACTORY_ABI, b"")
    made: dict[str, Address] = {}
    transactions = []
    for name, creation in creations.items():
        code = bytes.fromhex(creation[2:])
        transactions.append(
            Transaction(DEPLOYER.address, SINGLETON_FACTORY, encode_call(factory, "deploy", code, _SALT))
        )
        made[name] = checksum(keccak(b"\xff" + bytes.fromhex(SINGLETON_FACTORY[2:]) + _SALT + keccak(code))[12:])
    transact_all(anvil, transactions)
    missing = [name for name, address in made.items() if anvil.rpc("eth_getCode", address, "latest") == "0x"]
    if missing:
        raise DevnetError("these contracts were not created", value=", ".join(missing))
    return made
