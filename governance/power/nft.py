"""Voting power by how many NFTs of a collection a wallet holds: a tier of its own, one vote for each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from pydantic import Field

from dao_bot.chain.abi import function
from dao_bot.chain.plan import Plan
from dao_bot.domain.addresses import Address
from dao_bot.fields import AddressField, Settings
from governance.power.reading import powers, wallet_addresses
from governance.power.source import Moment, Unit

_BALANCE_OF = function("balanceOf(address)", "(uint256)")


class NftSettings(Settings):
    """Power by the number of NFTs of one collection (ERC-721)."""

    collection: AddressField = Field(description="the collection's contract")


class Nft:
    """`balanceOf` of an ERC-721 at the end of the block."""

    name: ClassVar[str] = "nft"
    Settings: ClassVar[type[NftSettings]] = NftSettings
    unit: ClassVar[Unit] = "nft"

    def __init__(self, settings: NftSettings) -> None:
        self._collection = Address(settings.collection)

    @property
    def over(self) -> str:
        return self._collection

    def read(self, voters: Sequence[str], moment: Moment) -> Plan[tuple[int, ...]]:
        """One round."""
        reads = [_BALANCE_OF.read(self._collection, wallet) for wallet in wallet_addresses(voters)]
        at = f"{self._collection} at block {moment.block.number}"
        return (yield from powers(_BALANCE_OF, reads, voters, 0, at))
