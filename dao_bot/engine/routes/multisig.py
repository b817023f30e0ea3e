"""The multisig route: the Safe's owners sign, one nonce for each batch, and the keeper sends."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar

from dao_bot.chain.provider import Treasury
from dao_bot.chain.simulation import Execution as WholeTransaction
from dao_bot.chain.simulation import execution_by_owner
from dao_bot.domain.addresses import Address
from dao_bot.domain.calls import MULTISIG, Call, WrappedTransaction
from dao_bot.domain.runs import Block
from dao_bot.domain.simulation import SafeState
from dao_bot.fields import Settings
from dao_bot.safe.batch import wrap_multisig

if TYPE_CHECKING:
    from dao_bot.engine.routes.port import Bench, Steps
    from dao_bot.engine.services import Services
    from dao_bot.protocols.port import Check


class MultisigSettings(Settings):
    """Nothing to set: the owners and their threshold stand in the Safe."""


class Multisig:
    """`execTransaction` with as many owners' signatures as the Safe asks for."""

    name: ClassVar[str] = MULTISIG
    Settings: ClassVar[type[Settings]] = MultisigSettings
    limited: ClassVar[bool] = False

    def __init__(self, settings: MultisigSettings, treasury: Treasury, multi_send_call_only: Address) -> None:
        del settings, treasury
        self._multi_send = multi_send_call_only

    def wrap(self, calls: Sequence[Call]) -> WrappedTransaction:
        return wrap_multisig(calls, self._multi_send)

    def executed(self, transaction: WrappedTransaction) -> WrappedTransaction:
        return transaction

    def rehearsal(self, safe: SafeState, transaction: WrappedTransaction) -> WholeTransaction:
        return execution_by_owner(safe, transaction)

    @property
    def labels(self) -> Mapping[Address, str]:
        return {}

    def check(self, services: Services, block: Block, safe: SafeState) -> tuple[Check, ...]:
        """Nothing of its own: the Safe and MultiSendCallOnly are tested anyway."""
        return ()

    def steps(self, bench: Bench) -> Steps:
        from dao_bot.engine.routes.multisig_steps import MultisigSteps

        return MultisigSteps(bench)
