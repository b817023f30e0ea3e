"""Zodiac Roles v2 on the local chain: what is there, and the two facts that the module route is built on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from eth_account import Account

from dao_bot.devnet import Anvil, Toolchain, World
from dao_bot.devnet.abi import encode_call
from dao_bot.devnet.artifacts import own_artifact
from dao_bot.devnet.errors import DevnetError
from dao_bot.devnet.roles import SINGLETON_FACTORY, roles_artifact
from dao_bot.devnet.scenarios import balance_of
from dao_bot.devnet.transactions import Transaction, read, transact
from dao_bot.domain.addresses import ZERO_ADDRESS, Address

ROLE = b"test".ljust(32, b"\0")
RECEIVER = Address("0x00000000000000000000000000000000000D0A01")
SALT = b"\7" * 32


@pytest.fixture
def by_safe(anvil: Anvil, world: World) -> Callable[[str, str], dict[str, Any]]:
    """A call as if the owners had executed it."""
    anvil.rpc("anvil_impersonateAccount", world.safe)
    anvil.rpc("anvil_setBalance", world.safe, hex(10**18))
    return lambda to, data: transact(anvil, Transaction(world.safe, to, data))


@pytest.fixture
def payment(anvil: Anvil, world: World, toolchain: Toolchain, by_safe: Callable[[str, str], Any]) -> bytes:
    """Calldata with which the module signer pays 10 base units, once the role is there."""
    roles = roles_artifact(toolchain.packages, "Roles")
    usdc = world.tokens["USDC"].address
    transfer = encode_call(own_artifact("Token"), "transfer", RECEIVER, 10)
    by_safe(world.safe, "0x610b5925" + world.roles[2:].lower().rjust(64, "0"))
    for function, arguments in (
        ("assignRoles", (world.module_signer, [ROLE], [True])),
        ("scopeTarget", (ROLE, usdc)),
        ("allowFunction", (ROLE, usdc, bytes.fromhex(transfer[2:10]), 0)),
    ):
        by_safe(world.roles, encode_call(roles, function, *arguments))
    call = (usdc, 0, bytes.fromhex(transfer[2:]), 0, ROLE, True)
    return bytes.fromhex(encode_call(roles, "execTransactionWithRole", *call)[2:])


def signed(anvil: Anvil, world: World, toolchain: Toolchain, calldata: bytes) -> str:
    digest = read(anvil, world.roles, roles_artifact(toolchain.packages, "Roles"), "moduleTxHash", calldata, SALT)
    made = Account.from_key(world.module_signer_key).unsafe_sign_hash(digest)
    signature = made.r.to_bytes(32, "big") + made.s.to_bytes(32, "big") + bytes([made.v])
    full: bytes = calldata + SALT + signature
    return "0x" + full.hex()


def test_the_module_belongs_to_the_safe_which_has_not_enabled_it(
    anvil: Anvil, world: World, toolchain: Toolchain
) -> None:
    roles = roles_artifact(toolchain.packages, "Roles")
    assert {read(anvil, world.roles, roles, name) for name in ("owner", "avatar", "target")} == {world.safe.lower()}
    assert anvil.rpc("eth_getCode", SINGLETON_FACTORY, "latest") != "0x"
    modules = anvil.rpc(
        "eth_call", {"to": world.safe, "data": "0xcc2f8452" + "1".rjust(64, "0") + "a".rjust(64, "0")}, "latest"
    )
    assert int(modules[66:130], 16) == 1 and int(modules[130:194], 16) == 0
    assert ZERO_ADDRESS not in (world.roles, world.roles_mastercopy, world.position_owner_condition)


def test_a_signed_module_transaction_pays_once_whoever_relays_it(
    anvil: Anvil, world: World, toolchain: Toolchain, payment: bytes
) -> None:
    data = signed(anvil, world, toolchain, payment)
    transact(anvil, Transaction(world.keeper, world.roles, data))
    with pytest.raises(DevnetError, match="reverted"):
        transact(anvil, Transaction(world.stranger, world.roles, data))
    assert balance_of(anvil, world.tokens["USDC"].address, RECEIVER) == 10


def test_the_signer_itself_must_not_send_because_then_its_signature_and_salt_are_not_looked_at(
    anvil: Anvil, world: World, toolchain: Toolchain, payment: bytes
) -> None:
    data = signed(anvil, world, toolchain, payment)
    for _ in range(2):
        transact(anvil, Transaction(world.module_signer, world.roles, data))
    assert balance_of(anvil, world.tokens["USDC"].address, RECEIVER) == 20
