"""EIP-712 for votes in Snapshot's format: exactly its types and their variants, nothing general."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

from dao_bot.domain.addresses import address_bytes
from dao_bot.domain.hashing import keccak

DOMAIN = {"name": "snapshot", "version": "0.1.4"}
"""Without a chain: Snapshot's votes say in `space` where they belong."""

DOMAIN_FIELDS = (("name", "string"), ("version", "string"))
PRIMARY_TYPE = "Vote"

SignedChoice = int | tuple[int, ...] | str
"""As it stands in the message: `uint32`, `uint32[]`, or a JSON text."""


@dataclass(frozen=True, slots=True)
class VoteType:
    """One of Snapshot's variants of `Vote`: ABI types of the three fields in which they differ."""

    sender: str
    proposal: str
    choice: str

    @property
    def fields(self) -> tuple[tuple[str, str], ...]:
        """(name, type) in the order that the hash depends on."""
        return (
            ("from", self.sender),
            ("space", "string"),
            ("timestamp", "uint64"),
            ("proposal", self.proposal),
            ("choice", self.choice),
            ("reason", "string"),
            ("app", "string"),
            ("metadata", "string"),
        )

    @property
    def type_hash(self) -> bytes:
        """Hash of `encodeType`."""
        members = ",".join(f"{kind} {name}" for name, kind in self.fields)
        return keccak(f"{PRIMARY_TYPE}({members})".encode())


VOTE_TYPES = tuple(
    VoteType(*kinds)
    for kinds in product(("address", "string"), ("bytes32", "string"), ("uint32", "uint32[]", "string"))
)


@dataclass(frozen=True, slots=True)
class VoteMessage:
    """The message of one vote, with the texts as they were signed.

    Attributes:
        sender: `from`: a checksummed address, whichever type it has.
        proposal: 0x and 64 lower-case hex digits, whichever type it has.
        timestamp: epoch seconds, by the voter's clock.
    """

    kind: VoteType
    sender: str
    space: str
    timestamp: int
    proposal: str
    choice: SignedChoice
    reason: str = ""
    app: str = ""
    metadata: str = ""

    @property
    def digest(self) -> bytes:
        """What the wallet signs: the hash of `0x19 0x01`, domain separator and message."""
        return keccak(b"\x19\x01" + _domain_separator() + keccak(self._encoded()))

    def _encoded(self) -> bytes:
        sender = address_bytes(self.sender).rjust(32, b"\0") if self.kind.sender == "address" else _text(self.sender)
        proposal = bytes.fromhex(self.proposal[2:]) if self.kind.proposal == "bytes32" else _text(self.proposal)
        return b"".join(
            [
                self.kind.type_hash,
                sender,
                _text(self.space),
                _number(self.timestamp),
                proposal,
                _choice(self.choice),
                _text(self.reason),
                _text(self.app),
                _text(self.metadata),
            ]
        )

    def typed_data(self) -> dict[str, object]:
        """For `eth_signTypedData_v4`."""
        return {
            "domain": DOMAIN,
            "types": {
                "EIP712Domain": [{"name": name, "type": kind} for name, kind in DOMAIN_FIELDS],
                PRIMARY_TYPE: [{"name": name, "type": kind} for name, kind in self.kind.fields],
            },
            "primaryType": PRIMARY_TYPE,
            "message": self.values(),
        }

    def values(self) -> dict[str, object]:
        """The message alone."""
        return {
            "from": self.sender,
            "space": self.space,
            "timestamp": self.timestamp,
            "proposal": self.proposal,
            "choice": list(self.choice) if isinstance(self.choice, tuple) else self.choice,
            "reason": self.reason,
            "app": self.app,
            "metadata": self.metadata,
        }


def _domain_separator() -> bytes:
    members = ",".join(f"{kind} {name}" for name, kind in DOMAIN_FIELDS)
    return keccak(keccak(f"EIP712Domain({members})".encode()) + b"".join(_text(value) for value in DOMAIN.values()))


def _choice(choice: SignedChoice) -> bytes:
    if isinstance(choice, str):
        return _text(choice)
    if isinstance(choice, int):
        return _number(choice)
    return keccak(b"".join(_number(number) for number in choice))


def _number(number: int) -> bytes:
    return number.to_bytes(32, "big")


def _text(text: str) -> bytes:
    return keccak(text.encode())
