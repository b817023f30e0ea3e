"""Who reads one kind of need from the chain, and what it is told: the port of protocols and of price sources."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

from dao_bot.chain.fate import Finality
from dao_bot.chain.plan import Plan
from dao_bot.domain.addresses import Address
from dao_bot.domain.needs import Need
from dao_bot.domain.runs import Block, RunId
from dao_bot.domain.tokens import Token


@dataclass(frozen=True, slots=True)
class Treasury:
    """The fixed facts that every protocol and price source is made with.

    Attributes:
        finality: when a block of this chain is final.
    """

    chain_id: int
    safe: Address
    tokens: Mapping[str, Token]
    native: Token
    multicall3: Address
    finality: Finality = Finality()

    @property
    def space(self) -> str:
        """The Safe as an account of its chain (CAIP-10), as signed statements and votes name it."""
        return f"eip155:{self.chain_id}:{self.safe}"

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


class Provider(Protocol):
    """Reads one kind of need."""

    need: ClassVar[type[Need[Any]]]

    def requires(self, need: Any) -> tuple[Need[Any], ...]:
        """Needs that must have been read before this one."""
        ...

    def read(self, need: Any, context: ReadContext) -> Plan[Any]:
        """A plan whose result is what `Observation[need]` will be."""
        ...
