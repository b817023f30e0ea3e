"""The functions of a Roles v2 module, and the hash that its members sign (zodiac-core `SignatureChecker`)."""

from __future__ import annotations

from dao_bot.chain.abi import function
from dao_bot.domain.addresses import Address, address_bytes
from dao_bot.domain.hashing import keccak

ASSIGN_ROLES = function("assignRoles(address,bytes32[],bool[])")
ENABLE_MODULE = function("enableModule(address)")
DISABLE_MODULE = function("disableModule(address,address)")
SET_ALLOWANCE = function("setAllowance(bytes32,uint128,uint128,uint128,uint64,uint64)")
SCOPE_TARGET = function("scopeTarget(bytes32,address)")
REVOKE_TARGET = function("revokeTarget(bytes32,address)")
SCOPE_FUNCTION = function("scopeFunction(bytes32,address,bytes4,(uint8,uint8,uint8,bytes)[],uint8)")
REVOKE_FUNCTION = function("revokeFunction(bytes32,address,bytes4)")
SET_UNWRAPPER = function("setTransactionUnwrapper(address,bytes4,address)")
SET_DEFAULT_ROLE = function("setDefaultRole(address,bytes32)")
INVALIDATE = function("invalidate(bytes32)")
EXECUTE = function("execTransactionWithRole(address,uint256,bytes,uint8,bytes32,bool)", "(bool)")

OWNER = function("owner()", "(address)")
AVATAR = function("avatar()", "(address)")
TARGET = function("target()", "(address)")
MODULES = function("getModulesPaginated(address,uint256)", "(address[],address)")
CONSUMED = function("consumed(address,bytes32)", "(bool)")
ALLOWANCES = function("allowances(bytes32)", "(uint128,uint128,uint64,uint128,uint64)")
"""Refill, most, period, balance at the last change, and its time."""

FIRST_MODULE = Address("0x0000000000000000000000000000000000000001")
"""Where the list of members begins."""

_DOMAIN_TYPEHASH = keccak(b"EIP712Domain(uint256 chainId,address verifyingContract)")
_MODULE_TX_TYPEHASH = keccak(b"ModuleTx(bytes data,bytes32 salt)")


def module_tx_hash(chain_id: int, roles: Address, calldata: bytes, salt: bytes) -> bytes:
    """`moduleTxHash(data, salt)` of the module: what a member signs. Once it is consumed, it never executes again."""
    domain = keccak(_DOMAIN_TYPEHASH + chain_id.to_bytes(32, "big") + address_bytes(roles).rjust(32, b"\0"))
    return keccak(b"\x19\x01" + domain + keccak(_MODULE_TX_TYPEHASH + keccak(calldata) + salt))


def signed_calldata(calldata: bytes, salt: bytes, signature: bytes) -> bytes:
    """What anybody may send to the module: the call, its salt, and 65 bytes r, s, v behind it."""
    return calldata + salt + signature
