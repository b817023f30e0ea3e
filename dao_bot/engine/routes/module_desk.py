"""The part of the signer's desk with the key of the module's member: executions with a salt, and taking them back."""

from __future__ import annotations

from dataclasses import dataclass

from dao_bot.chain.transactions import LocalSigner
from dao_bot.domain.addresses import Address
from dao_bot.domain.errors import Refused
from dao_bot.engine.look import Look
from dao_bot.engine.presented import Presented
from dao_bot.engine.routes.module import Module
from dao_bot.engine.routes.module_role import role_differences
from dao_bot.engine.services import Services
from dao_bot.safe.roles.contract import EXECUTE, INVALIDATE, module_tx_hash
from dao_bot.safe.roles.reading import read_consumed
from dao_bot.safe.signatures import SIGNATURE_SIZE, parse_signature, verify_signature

_TAIL = 32 + SIGNATURE_SIZE
"""Bytes behind the call: its salt, r, s, v."""


@dataclass(frozen=True)
class ModuleDesk:
    """One module and the key of its role's one member.

    Raises:
        Refused: it is the key of somebody else.
    """

    module: Module
    key: LocalSigner
    chain_id: int

    def __post_init__(self) -> None:
        if self.key.address != self.module.signer:
            raise Refused(
                "the key of the module is not that of its signer",
                value=self.key.address,
                limit=self.module.signer,
                next_step="Correct routes.module.key, or routes.module.signer",
            )

    @property
    def address(self) -> Address:
        return self.key.address

    def require_usable(self, services: Services, seen: Look, presented: Presented) -> None:
        """The module is enabled with exactly the derived role, and this salt was not used.

        Raises:
            Refused: it is not so.
            ChainError: it cannot be known.
        """
        if presented.batch.transaction.route != self.module.name:
            raise Refused("the batch goes by another route", value=presented.batch.transaction.route)
        if self.module.address not in seen.safe.modules:
            raise Refused("the Safe has not enabled the Roles module", value=self.module.address)
        found = role_differences(self.module, services, seen.block)
        if found:
            raise Refused(f"the role on the chain is not the derived one: {'; '.join(found)}")
        consumed: bool
        digest = self._digest(presented)
        (consumed,) = services.endpoints.read(
            seen.block, [read_consumed(self.module.address, self.module.signer, digest)]
        )
        if consumed:
            raise Refused("it was executed or invalidated before", value=presented.stored.id)

    def sign(self, presented: Presented) -> bytes:
        """r, s, v over the batch with its proposal's id as salt."""
        return self.key.sign_digest(self._digest(presented))

    def require_signed(self, data: bytes) -> None:
        """Calldata that the member signed: to send it is free to everybody.

        Raises:
            Refused, BadInput: it is something else.
        """
        call, salt, signature = data[:-_TAIL], data[-_TAIL:-SIGNATURE_SIZE], data[-SIGNATURE_SIZE:]
        if call[:4] != EXECUTE.selector or len(salt) != 32:
            raise Refused("this is no execution by the module with a salt and a signature", value=f"{len(data)} bytes")
        digest = module_tx_hash(self.chain_id, self.module.address, call, salt)
        verify_signature(parse_signature(signature), digest, (self.module.signer,))

    def require_invalidation(self, data: bytes) -> None:
        """Calldata that only takes back.

        Raises:
            Refused: it does something else.
        """
        if data[:4] != INVALIDATE.selector or len(data) != 4 + 32:
            raise Refused("the member sends nothing but invalidations", value=f"0x{data[:4].hex()}")

    def _digest(self, presented: Presented) -> bytes:
        salt = bytes.fromhex(presented.stored.id[2:])
        return module_tx_hash(self.chain_id, self.module.address, presented.batch.transaction.data, salt)
