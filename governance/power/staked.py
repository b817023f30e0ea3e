"""Voting power by what a wallet has staked, as a view function of some contract tells it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import ClassVar

from pydantic import Field, model_validator

from dao_bot.chain.abi import function
from dao_bot.chain.plan import Plan
from dao_bot.domain.addresses import Address
from dao_bot.fields import AddressField, IntField, Settings
from governance.power.reading import DECIMALS, powers, require_decimals, wallet_addresses
from governance.power.source import Moment, Unit

_SIGNATURE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\(((?:address|uint256)(?:,(?:address|uint256))*)\)")
WALLET = "wallet"


class StakedSettings(Settings):
    """Power by what a contract's view function says that a wallet has staked of a token."""

    contract: AddressField = Field(description="the contract that holds the stakes")
    function: str = Field(
        description="its view function, which returns one uint256; its arguments are addresses and uint256",
        examples=["stake_of(address,uint256)"],
    )
    arguments: tuple[str, ...] = Field(
        default=(WALLET,), description="its arguments; `wallet` stands for the voter", examples=[["wallet", "1"]]
    )
    token: AddressField = Field(description="the token that is staked")
    decimals: IntField = Field(ge=0, le=36, description="its decimals; the chain must say the same")

    @model_validator(mode="after")
    def _arguments_fit(self) -> StakedSettings:
        match = _SIGNATURE.fullmatch(self.function)
        if match is None:
            raise ValueError(f"not a function of addresses and uint256: {self.function!r}, such as stakedOf(address)")
        kinds = match[1].split(",")
        if len(kinds) != len(self.arguments) or WALLET not in self.arguments:
            raise ValueError(f"{self.function} takes {len(kinds)} arguments, and one of them must be `{WALLET}`")
        for kind, argument in zip(kinds, self.arguments, strict=True):
            if argument == WALLET and kind != "address":
                raise ValueError(f"`{WALLET}` stands where {self.function} takes a {kind}")
            if argument != WALLET and not re.fullmatch(_SPELLING[kind], argument):
                raise ValueError(f"{argument!r} is no {kind}")
        return self


_SPELLING = {"address": r"0x[0-9a-fA-F]{40}", "uint256": r"0|[1-9][0-9]{0,76}"}


class Staked:
    """What the view function answers at the end of the block."""

    name: ClassVar[str] = "staked"
    Settings: ClassVar[type[StakedSettings]] = StakedSettings
    unit: ClassVar[Unit] = "token"

    def __init__(self, settings: StakedSettings) -> None:
        self._settings = settings
        self._function = function(settings.function, "(uint256)")

    @property
    def over(self) -> str:
        return self._settings.token

    def read(self, voters: Sequence[str], moment: Moment) -> Plan[tuple[int, ...]]:
        """Two rounds."""
        settings, contract = self._settings, Address(self._settings.contract)
        token = Address(settings.token)
        (told,) = yield (DECIMALS.read(token),)
        require_decimals(token, settings.decimals, told)
        reads = [self._function.read(contract, *self._arguments(wallet)) for wallet in wallet_addresses(voters)]
        at = f"{contract} at block {moment.block.number}"
        return (yield from powers(self._function, reads, voters, settings.decimals, at))

    def _arguments(self, wallet: Address) -> list[Address | int | str]:
        return [
            wallet if argument == WALLET else int(argument) if kind == "uint256" else argument
            for kind, argument in zip(self._function.inputs, self._settings.arguments, strict=True)
        ]
