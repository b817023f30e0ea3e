"""The module route: batches go through a Zodiac Roles v2 module, inside limits that the chain itself enforces."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, ClassVar

from pydantic import Field

from dao_bot.chain.provider import Treasury
from dao_bot.chain.simulate_v1 import Trial
from dao_bot.chain.simulation import Execution as WholeTransaction
from dao_bot.config.fields import ContractField, SecretField
from dao_bot.domain.addresses import Address
from dao_bot.domain.calls import Call, CallType, WrappedTransaction
from dao_bot.domain.errors import Refused
from dao_bot.domain.multisend import MULTI_SEND_SELECTOR
from dao_bot.domain.runs import Block
from dao_bot.domain.simulation import SafeState
from dao_bot.domain.units import parse_amount
from dao_bot.fields import DurationField, IntField, Settings, TokenField
from dao_bot.safe.batch import wrap_multisig
from dao_bot.safe.roles.contract import EXECUTE
from dao_bot.safe.roles.role import Allowance, role_key

if TYPE_CHECKING:
    from dao_bot.engine.routes.port import Bench, Steps
    from dao_bot.engine.services import Services
    from dao_bot.protocols.port import Check

MODULE = "module"
"""Name of this route in strategies.yaml and in the batch hash."""

_UNWRAPPER = Address("0x93B7fCbc63ED8a3a24B59e1C3e6649D50B7427c0")
_MASTERCOPY = Address("0x9646fDAD06d3e24444381f44362a3B0eB343D337")


class LimitSettings(Settings):
    """The most of a token that leaves the Safe through the module, by all strategies together.

    Attributes:
        most: in whole tokens; it is also what is refilled. Across a refill twice as much can leave at once.
        every: after this time it is full again; refills fall on multiples of it since 1970.
    """

    most: str
    every: Annotated[DurationField, Field(ge=60, le=365 * 86_400)]


class ModuleSettings(Settings):
    """A Roles v2 module that the Safe owns and has enabled.

    Attributes:
        roles: the module's address.
        from_block: one before or in which it was created; its events are read from there.
        mastercopy: the code that it points to; the default is that of Zodiac on public chains.
        unwrapper: Zodiac's MultiSendUnwrapper; the default holds on every chain.
        role: name of its one role.
        signer: the role's one member. It signs and never sends; the keeper's account sends.
        key: where the signer's private key is; the key itself never stands in the file. Left out where another
            process has it (`treasury.keeper.signer`).
        limits: by token; a token without a limit cannot be spent through the module.
    """

    roles: ContractField
    from_block: Annotated[IntField, Field(ge=0)]
    mastercopy: ContractField = _MASTERCOPY
    unwrapper: ContractField = _UNWRAPPER
    role: Annotated[str, Field(min_length=1, max_length=32, pattern="^[ -~]+$")] = "dao-bot"
    signer: ContractField
    key: SecretField | None = None
    limits: Mapping[TokenField, LimitSettings] = {}


class Module:
    """`execTransactionWithRole`, signed by the role's member with the proposal's id as salt, sent by anybody."""

    name: ClassVar[str] = MODULE
    Settings: ClassVar[type[Settings]] = ModuleSettings
    limited: ClassVar[bool] = True

    def __init__(self, settings: ModuleSettings, treasury: Treasury, multi_send_call_only: Address) -> None:
        """Raises `BadInput` for a limit that is no amount of its token."""
        self.address = Address(settings.roles)
        self.mastercopy = Address(settings.mastercopy)
        self.from_block = settings.from_block
        self.signer = Address(settings.signer)
        self.role = role_key(settings.role)
        self.unwrapper = (multi_send_call_only, MULTI_SEND_SELECTOR, Address(settings.unwrapper))
        self.limits: Mapping[Address, Allowance] = {
            treasury.tokens[symbol].address: _allowance(limit, treasury.tokens[symbol].decimals)
            for symbol, limit in settings.limits.items()
        }
        self._multi_send = multi_send_call_only

    @property
    def labels(self) -> Mapping[Address, str]:
        return {self.address: "Roles module", self.signer: "module signer"}

    def wrap(self, calls: Sequence[Call]) -> WrappedTransaction:
        """One call of the module, which has the Safe delegate to MultiSendCallOnly and reverts when that fails."""
        inner = wrap_multisig(calls, self._multi_send)
        data = EXECUTE.encode(inner.to, inner.value, inner.data, int(inner.operation), self.role, True)
        return WrappedTransaction(MODULE, self.address, 0, data, CallType.CALL)

    def executed(self, transaction: WrappedTransaction) -> WrappedTransaction:
        to, value, data, operation, role, reverts = EXECUTE.arguments(transaction.data)
        outer = (transaction.to, transaction.value, transaction.operation)
        if outer != (self.address, 0, CallType.CALL) or role != self.role or not reverts:
            raise Refused(
                "this is no batch for the configured role of the module",
                value=f"{transaction.operation.name.lower()} of {transaction.to}, role 0x{role.hex()}",
                limit=f"a call of {self.address}, role 0x{self.role.hex()}, that reverts when it fails",
                next_step="Do not send it",
            )
        return WrappedTransaction(MODULE, to, value, data, CallType(operation))

    def rehearsal(self, safe: SafeState, transaction: WrappedTransaction) -> WholeTransaction:
        """As if the member called the module itself: all of the role's limits, and no signature."""
        return WholeTransaction(Trial(self.signer, self.address, transaction.data), limited=True)

    def check(self, services: Services, block: Block, safe: SafeState) -> tuple[Check, ...]:
        from dao_bot.engine.routes.module_role import check_module

        return check_module(self, services, block, safe)

    def steps(self, bench: Bench) -> Steps:
        from dao_bot.engine.routes.module_steps import ModuleSteps

        return ModuleSteps(self, bench)


def _allowance(limit: LimitSettings, decimals: int) -> Allowance:
    units = parse_amount(limit.most, decimals)
    return Allowance(units, units, limit.every)
