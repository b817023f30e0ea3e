"""Voting power as a token with ERC20Votes counts it: delegated votes at a past time of the token's own clock."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from pydantic import Field

from dao_bot.chain.abi import function
from dao_bot.chain.plan import Answer, Plan
from dao_bot.domain.addresses import Address
from dao_bot.domain.runs import Block
from dao_bot.fields import AddressField, IntField, Settings
from governance.power.errors import InvalidPowerSource
from governance.power.reading import DECIMALS, powers, require_decimals, wallet_addresses
from governance.power.source import Moment, Unit

_CLOCK = function("clock()", "(uint48)")
_CLOCK_MODE = function("CLOCK_MODE()", "(string)")
_PAST_VOTES = function("getPastVotes(address,uint256)", "(uint256)")


class Erc20VotesSettings(Settings):
    """Power by `getPastVotes` of a token with ERC20Votes; who has not delegated, not even to itself, has none."""

    token: AddressField = Field(description="the token")
    decimals: IntField = Field(ge=0, le=36, description="its decimals; the chain must say the same")


class Erc20Votes:
    """The last moment of the token's clock that is past at the block: with EIP-6372 one block, or one second, earlier.

    A contract answers only for times that are over, so transfers in the block itself do not count.
    """

    name: ClassVar[str] = "erc20-votes"
    Settings: ClassVar[type[Erc20VotesSettings]] = Erc20VotesSettings
    unit: ClassVar[Unit] = "token"

    def __init__(self, settings: Erc20VotesSettings) -> None:
        self._token = Address(settings.token)
        self._decimals = settings.decimals

    @property
    def over(self) -> str:
        return self._token

    def read(self, voters: Sequence[str], moment: Moment) -> Plan[tuple[int, ...]]:
        """Two rounds."""
        token = self._token
        told, clock, mode = yield (DECIMALS.read(token), _CLOCK.read(token), _CLOCK_MODE.read(token))
        require_decimals(token, self._decimals, told)
        past = _now(token, clock, mode, moment.block) - 1
        reads = [_PAST_VOTES.read(token, wallet, past) for wallet in wallet_addresses(voters)]
        at = f"{token} at {past}, block {moment.block.number}"
        return (yield from powers(_PAST_VOTES, reads, voters, self._decimals, at))


def _now(token: Address, clock: Answer, mode: Answer, block: Block) -> int:
    """The token's clock at `block` (EIP-6372); tokens older than that count blocks.

    Raises:
        InvalidPowerSource: the clock has an unknown mode, or shows a time that is not the block's.
    """
    told, spelled = _CLOCK.result(clock), _CLOCK_MODE.result(mode)
    if told is None:
        return block.number
    kind = str(spelled[0]) if spelled else "mode=blocknumber&from=default"
    fields = dict(part.partition("=")[::2] for part in kind.split("&"))
    if fields.get("mode") == "timestamp":
        limit, right = f"{block.timestamp}, the block's time", told[0] == block.timestamp
    elif fields.get("mode") == "blocknumber":
        # On some rollups contracts see the number of a block of the chain below, which is smaller.
        limit, right = f"at most {block.number}, the block's number", 0 < told[0] <= block.number
    else:
        limit, right = "mode=blocknumber or mode=timestamp (EIP-6372)", False
    if not right:
        raise InvalidPowerSource(
            f"the clock of the token {token} cannot be trusted", value=f"{told[0]} with {kind[:80]!r}", limit=limit
        )
    return int(told[0])
