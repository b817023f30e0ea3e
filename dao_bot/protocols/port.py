"""What a protocol offers the rest of the program: encode, decode, observe. Found by entry point `dao_bot.protocols`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Protocol

from dao_bot.chain.provider import Provider, ReadContext, Treasury
from dao_bot.domain.addresses import Address
from dao_bot.domain.calls import Call, DecodedCall
from dao_bot.domain.operations import Operation
from dao_bot.domain.prices import TokenPrice
from dao_bot.domain.runs import Block
from dao_bot.domain.tokens import Token


@dataclass(frozen=True, slots=True)
class EncodeContext:
    """What encoders may rely on.

    Attributes:
        slippage: WAD; the largest loss against the oracle prices, from which minimum outputs follow.
        exits: WAD; the wider limits for leaving tokens that have fallen.
        allowances: (token, spender) -> what the Safe already allows, where it was read. An allowance that is not
            known to be zero is set to zero before a new one, because some tokens refuse anything else.
    """

    treasury: Treasury
    block: Block
    prices: Mapping[Token, TokenPrice]
    slippage: int
    valid_until: int
    allowances: Mapping[tuple[Address, Address], int] = field(default_factory=dict)
    exits: Mapping[Token, int] = field(default_factory=dict)

    def slippage_of(self, sold: Token, bought: Token) -> int:
        """WAD; the largest loss of a swap between these."""
        return self.slippage if bought in self.exits else self.exits.get(sold, self.slippage)


@dataclass(frozen=True, slots=True)
class Check:
    """One line of the start-up self-test.

    Attributes:
        problem: what is wrong and what to do; None when all is well.
        fatal: whether the treasury must not be run like this; a person may live with the rest.
    """

    subject: str
    problem: str | None = None
    fatal: bool = True


class TreasuryProtocol(Protocol):
    """One protocol, made with its own settings and the treasury.

    Its class has `Settings`, the model of what stands under its name in strategies.yaml. It may have `permissions`,
    which says what a role must allow for a grant (`dao_bot.domain.grants`): without, only owners can use it.
    """

    name: ClassVar[str]

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

    def deadline(self, valid_until: int) -> Call | None:
        """A call that reverts after `valid_until` (epoch seconds); None when no contract of it offers one."""
        ...

    def encode(self, operation: Any, context: EncodeContext) -> tuple[Call, ...]:
        """The calls of one operation, exact approvals included."""
        ...

    def decode(self, call: Call) -> DecodedCall | None:
        """The call read back from its bytes alone, or None when it is not this protocol's. Never trusts its caller."""
        ...


__all__ = ["Check", "EncodeContext", "Provider", "ReadContext", "Treasury", "TreasuryProtocol"]
