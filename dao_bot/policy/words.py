"""Naming things in reports: tokens by symbol, addresses by label."""

from __future__ import annotations

from dao_bot.domain.addresses import Address
from dao_bot.domain.calls import DecodedCall
from dao_bot.domain.errors import BadInput
from dao_bot.domain.tokens import Token
from dao_bot.policy.facts import PolicyFacts


def token_named(facts: PolicyFacts, symbol: str) -> Token:
    """The configured token with this symbol.

    Raises:
        BadInput: when no configured token has it.
    """
    for token in facts.before:
        if token.symbol == symbol:
            return token
    raise BadInput(
        f"the policy names a token {symbol}, which is not configured",
        value=symbol,
        limit=", ".join(sorted(token.symbol for token in facts.before)),
        next_step="Correct the symbol under policy.rules in strategies.yaml",
    )


def token_at(facts: PolicyFacts, address: Address) -> Token | None:
    """The configured token (or the native coin) at an address, or None."""
    return next((token for token in facts.before if token.address == address), None)


def symbol_of(facts: PolicyFacts, address: Address) -> str:
    """Symbol of a configured token, else the address itself."""
    token = token_at(facts, address)
    return token.symbol if token else address


def label_of(facts: PolicyFacts, address: Address) -> str:
    """What the config calls an address, with the address; an unnamed one says so."""
    if address == facts.batch.safe:
        return f"this Safe ({address})"
    token = token_at(facts, address)
    label = facts.contracts.get(address) or facts.address_book.get(address) or (token.symbol if token else None)
    return f"{label} ({address})" if label else f"unknown address {address}"


def call_subject(position: int, decoded: DecodedCall) -> str:
    """`call 3: approve(address,uint256)`."""
    return f"call {position}: {decoded.function or 'unknown function 0x' + decoded.call.selector.hex()}"
