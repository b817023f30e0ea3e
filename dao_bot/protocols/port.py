"""What a protocol offers the rest of the program: encode, decode, observe. Found by entry point `dao_bot.protocols`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

from dao_bot.chain.plan import Plan
from dao_bot.domain.addresses import Address
from dao_bot.domain.calls import Call, DecodedCall
from dao_bot.domain.needs import Need
from dao_bot.domain.operations import Operation
from dao_bot.domain.prices import TokenPrice
from dao_bot.domain.runs import Block, RunId
from dao_bot.domain.tokens import Token
from dao_bot.fields import Settings


@dataclass(frozen=True, slots=True)
class Treasury:
    """The fixed facts that every protocol is made with."""

    chain_id: int
    safe: Address
    tokens: Mapping[str, Token]
    native: Token
    multicall3: Address

    def token_at(self, address: Address) -> Token | None:
        """The configured token at `address`, or None."""
        return next((token for token in self.tokens.values() if token.address == address), None)


@dataclass(frozen=True, slots=True)
class ReadContext:
    """Where and for whom something is read. `seen` holds the needs that the provider requires."""

    treasury: Treasury
    run: RunId
    block: Block
    seen: Mapping[Need[Any], Any]


@dataclass(frozen=True, slots=True)
class EncodeContext:
    """What encoders may rely on.

    Attributes:
        slippage: WAD; the largest loss against the oracle prices, from which minimum outputs follow.
    """

    treasury: Treasury
    block: Block
    prices: Mapping[Token, TokenPrice]
    slippage: int
    valid_until: int


class Provider(Protocol):
    """Reads one kind of need."""

    need: ClassVar[type[Need[Any]]]

    def requires(self, need: Any) -> tuple[Need[Any], ...]:
        """Needs that must have been read before this one."""
        ...

    def read(self, need: Any, context: ReadContext) -> Plan[Any]:
        """A plan whose result is what `Observation[need]` will be."""
        ...


class TreasuryProtocol(Protocol):
    """One protocol, made with its own settings and the treasury."""

    name: ClassVar[str]
    Settings: ClassVar[type[Settings]]

    def __init__(self, settings: Any, treasury: Treasury) -> None: ...

    @property
    def operations(self) -> tuple[type[Operation], ...]:
        """The operations that it encodes."""
        ...

    @property
    def providers(self) -> tuple[Provider, ...]:
        """The needs that it reads."""
        ...

    @property
    def contracts(self) -> Mapping[Address, tuple[str, str | None]]:
        """Every contract the Safe may call through it: label, and pinned code hash (0x-hex) if there is one."""
        ...

    def encode(self, operation: Any, context: EncodeContext) -> tuple[Call, ...]:
        """The calls of one operation, exact approvals included."""
        ...

    def decode(self, call: Call) -> DecodedCall | None:
        """The call read back from its bytes alone, or None when it is not this protocol's. Never trusts its caller."""
        ...
