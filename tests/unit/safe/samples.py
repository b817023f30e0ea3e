"""A Safe, its owners and a transaction, for tests without a chain."""

from __future__ import annotations

from dao_bot.domain.addresses import ZERO_ADDRESS, Address, checksum
from dao_bot.domain.calls import CallType
from dao_bot.domain.simulation import SafeState
from dao_bot.safe.hashes import safe_tx_hash
from dao_bot.safe.signing import key_address
from dao_bot.safe.transaction import SafeTransaction

CHAIN_ID = 31337
SAFE = checksum("0x" + "5afe" * 10)
MULTI_SEND = Address("0x9641d764fc13c8B624c04430C7356C1C7C8102e2")
SINGLETON = Address("0x29fcB43b46531BcA003ddC8FCB67FFE91900C762")
TARGET = Address("0x49d4450977E2c95362C13D3a31a09311E0Ea26A6")
KEYS = tuple(bytes([number]) * 32 for number in (1, 2, 3))
STRANGER_KEY = b"\x09" * 32
OWNERS = tuple(key_address(key) for key in KEYS)
TRANSACTION = SafeTransaction(TARGET, 0, b"\x12\x34\x56\x78", CallType.CALL, 7)
HASH = safe_tx_hash(CHAIN_ID, SAFE, TRANSACTION)
STATE = SafeState(
    address=SAFE,
    version="1.4.1",
    singleton=SINGLETON,
    owners=OWNERS,
    threshold=2,
    nonce=7,
    modules=(),
    guard=ZERO_ADDRESS,
    fallback_handler=Address("0xfd0732Dc9E303f09fCEf3a7388Ad10A83459Ec99"),
)
