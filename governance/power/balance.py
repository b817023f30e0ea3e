"""Voting power by what a wallet holds of a token."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from pydantic import Field

from dao_bot.chain.abi import function
from dao_bot.chain.plan import Plan
from dao_bot.domain.addresses import Address
from dao_bot.fields import AddressField, IntField, Settings
from governance.power.reading import DECIMALS, powers, require_decimals, wallet_addresses
from governance.power.source import Moment, Unit

_BALANCE_OF = function("balanceOf(address)", "(uint256)")


class BalanceSettings(Settings):
    """Power by the balance of an ERC-20 token."""

    token: AddressField = Field(description="the token")
    decimals: IntField = Field(ge=0, le=36, description="its decimals; the chain must say the same")


class Balance:
    """`balanceOf` at the end of the block."""

    name: ClassVar[str] = "balance"
    Settings: ClassVar[type[BalanceSettings]] = BalanceSettings
    unit: ClassVar[Unit] = "token"

    def __init__(self, settings: BalanceSettings) -> None:
        self._token = Address(settings.token)
        self._decimals = settings.decimals

    @property
    def over(self) -> str:
        return self._token

    def read(self, voters: Sequence[str], moment: Moment) -> Plan[tuple[int, ...]]:
        """Two rounds."""
        (told,) = yield (DECIMALS.read(self._token),)
        require_decimals(self._token, self._decimals, told)
        reads = [_BALANCE_OF.read(self._token, wallet) for wallet in wallet_addresses(voters)]
        at = f"{self._token} at block {moment.block.number}"
        return (yield from powers(_BALANCE_OF, reads, voters, self._decimals, at))
