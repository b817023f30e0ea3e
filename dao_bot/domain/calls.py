"""Calls, what the chain will see of them, and the batch hash that approvals bind."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from dao_bot.domain.addresses import Address, address_bytes
from dao_bot.domain.hashing import keccak

MULTISIG = "multisig"
"""The route on which the Safe's owners sign."""


class CallType(enum.IntEnum):
    """Safe's `Enum.Operation`."""

    CALL = 0
    DELEGATECALL = 1


@dataclass(frozen=True, slots=True)
class Call:
    """One call of the Safe: plain, never a delegatecall."""

    to: Address
    data: bytes
    value: int = 0

    @property
    def selector(self) -> bytes:
        """First four bytes of the calldata, empty for a bare transfer of coins."""
        return self.data[:4]


@dataclass(frozen=True, slots=True)
class WrappedTransaction:
    """What a route makes of the calls: the inner transaction that the Safe will execute."""

    route: str
    to: Address
    value: int
    data: bytes
    operation: CallType


@dataclass(frozen=True, slots=True)
class Batch:
    """The bytes that people approve, and all that they are bound to. It has no nonce.

    Attributes:
        valid_until: epoch seconds (chain time); also stands in the bytes as an on-chain deadline.
        policy_hash: 0x-hex of 32 bytes.
    """

    chain_id: int
    safe: Address
    transaction: WrappedTransaction
    policy_hash: str
    valid_until: int

    @property
    def batch_hash(self) -> str:
        """keccak256(abi.encode(chainId, safe, keccak(route), to, value, keccak(data), operation, policyHash,
        validUntil)), 0x-hex."""
        tx = self.transaction
        words = (
            self.chain_id.to_bytes(32, "big"),
            address_bytes(self.safe).rjust(32, b"\0"),
            keccak(tx.route.encode()),
            address_bytes(tx.to).rjust(32, b"\0"),
            tx.value.to_bytes(32, "big"),
            keccak(tx.data),
            int(tx.operation).to_bytes(32, "big"),
            bytes.fromhex(self.policy_hash[2:]).rjust(32, b"\0"),
            self.valid_until.to_bytes(32, "big"),
        )
        return "0x" + keccak(b"".join(words)).hex()


@dataclass(frozen=True, slots=True)
class Argument:
    """One decoded argument: Solidity type, name, and value (addresses checksummed, bytes as 0x-hex)."""

    name: str
    type: str
    value: object


@dataclass(frozen=True, slots=True)
class PositionChange:
    """What a call does to a position of concentrated liquidity, as far as its bytes say.

    Attributes:
        manager: the contract of whose tokens the position is one.
        token_id: None when a new one is made; which range and tokens an existing one has, only the chain knows.
        lower, upper: ticks of a new one; None for an existing one.
        deposits: the most base units of token0 and token1 that are added; None when nothing is added.
        removed: liquidity that is taken out.
        least: the least base units of token0 and token1 that are added, or that the removed liquidity returns.
    """

    manager: Address
    token_id: int | None = None
    lower: int | None = None
    upper: int | None = None
    deposits: tuple[int, int] | None = None
    removed: int = 0
    least: tuple[int, int] = (0, 0)


@dataclass(frozen=True, slots=True)
class DecodedCall:
    """A call read back from its bytes by the protocol that knows it; the policy and the card see only this.

    Attributes:
        function: canonical signature such as `transfer(address,uint256)`; None when no protocol knows it,
            which no policy allows.
        recipients: every address that can receive assets through it.
        spends: (token, units) the call takes from the Safe by itself; empty when it takes nothing.
        approves: (token, spender, units) when it is an ERC-20 approval.
        burns: (token, units) when it destroys tokens of the Safe; nobody receives them. They are among `spends` too.
        minimum: (sold token, sold units, bought token, least bought units) when it is a swap.
        position: when it changes one.
        venue, pools: where it trades.
        deadline: epoch seconds after which it reverts, if it is a deadline.
    """

    call: Call
    protocol: str
    function: str | None
    arguments: tuple[Argument, ...]
    summary: str
    recipients: tuple[Address, ...] = ()
    spends: tuple[tuple[Address, int], ...] = ()
    approves: tuple[Address, Address, int] | None = None
    burns: tuple[Address, int] | None = None
    minimum: tuple[Address, int, Address, int] | None = None
    position: PositionChange | None = None
    venue: str | None = None
    pools: tuple[Address, ...] = ()
    deadline: int | None = None
