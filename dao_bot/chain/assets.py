"""Assets as they are read on the chain: how many units of one somebody has, and what of it others may take."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from dao_bot.chain.abi import function
from dao_bot.chain.multicall import balance_read
from dao_bot.chain.plan import Answer, Read
from dao_bot.domain.addresses import ZERO_ADDRESS, Address
from dao_bot.domain.simulation import AssetChange

_BALANCE_OF = function("balanceOf(address)", "(uint256)")
_BALANCE_OF_ID = function("balanceOf(address,uint256)", "(uint256)")
_OWNER_OF = function("ownerOf(uint256)", "(address)")
_ALLOWANCE = function("allowance(address,address)", "(uint256)")
_GET_APPROVED = function("getApproved(uint256)", "(address)")
_IS_APPROVED_FOR_ALL = function("isApprovedForAll(address,address)", "(bool)")
EVERYTHING = 2**256 - 1
"""The allowance of an operator who may take all."""


class Standard(enum.StrEnum):
    NATIVE = "native coin"
    ERC20 = "ERC-20"
    ERC721 = "ERC-721"
    ERC1155 = "ERC-1155"


@dataclass(frozen=True, slots=True, order=True)
class Asset:
    """A fungible token, or one id of a contract of many. The native coin has the zero address."""

    standard: Standard
    token: Address
    token_id: int | None = None

    def __str__(self) -> str:
        if self.standard is Standard.NATIVE:
            return "the native coin"
        return f"token {self.token}" + ("" if self.token_id is None else f" id {self.token_id}")

    def balance(self, holder: Address, multicall3: Address) -> Read:
        """The read that `units` understands."""
        if self.standard is Standard.NATIVE:
            return balance_read(multicall3, holder)
        if self.token_id is None:
            return _BALANCE_OF.read(self.token, holder)
        if self.standard is Standard.ERC1155:
            return _BALANCE_OF_ID.read(self.token, holder, self.token_id)
        return _OWNER_OF.read(self.token, self.token_id)

    def units(self, answer: Answer, holder: Address) -> int | None:
        """How many `holder` has; None when the contract does not say. An ERC-721 id that nobody owns counts 0."""
        if self.standard is Standard.ERC721 and self.token_id is not None:
            return int(answer.success and len(answer.data) == 32 and answer.data[12:] == bytes.fromhex(holder[2:]))
        return _one_word(answer)

    def allowance(self, holder: Address, spender: Address) -> Read:
        """The read that `allowed` understands."""
        if self.standard is Standard.ERC20:
            return _ALLOWANCE.read(self.token, holder, spender)
        if self.token_id is None:
            return _IS_APPROVED_FOR_ALL.read(self.token, holder, spender)
        return _GET_APPROVED.read(self.token, self.token_id)

    def allowed(self, answer: Answer, spender: Address) -> int | None:
        """What `spender` may take: base units, 1 for one id, `EVERYTHING` for an operator; None when unknown."""
        word = _one_word(answer)
        if word is None or self.standard is Standard.ERC20:
            return word
        if self.token_id is None:
            return EVERYTHING if word else 0
        return int(word == int(spender, 16))


NATIVE = Asset(Standard.NATIVE, ZERO_ADDRESS)


def erc20(token: Address) -> Asset:
    """The asset of an ERC-20 token; of the native coin for the zero address."""
    return NATIVE if token == ZERO_ADDRESS else Asset(Standard.ERC20, token)


def change_order(change: AssetChange) -> tuple[str, int]:
    """The one order in which asset changes are listed and compared: by token, then by id."""
    return change.token.lower(), -1 if change.token_id is None else change.token_id


def _one_word(answer: Answer) -> int | None:
    return int.from_bytes(answer.data, "big") if answer.success and len(answer.data) == 32 else None
