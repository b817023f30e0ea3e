"""A role's member as the keeper knows it: it signs module transactions, which others send, or revokes them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from dao_bot.domain.addresses import Address
from dao_bot.engine.execution import Execution
from dao_bot.store.values import StoredProposal

Sign = Callable[[StoredProposal, bytes], bytes]
"""r, s, v over the digest of a proposal's module transaction: with a key in this process, or by a signer elsewhere."""


@dataclass(frozen=True)
class ModuleSigner:
    """One key.

    It never sends what it signed: a member's own call passes without its signature and salt being looked at, and would
    pay as often as it is sent.

    Attributes:
        address: the key's.
        execution: sends with this key, but nothing except invalidations.
    """

    address: Address
    sign: Sign
    execution: Execution
