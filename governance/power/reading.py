"""Reading one number for each wallet from a contract, all or nothing."""

from __future__ import annotations

from collections.abc import Sequence

from dao_bot.chain.abi import Function, function
from dao_bot.chain.plan import Answer, Plan, Read
from dao_bot.domain.addresses import Address, parse_address
from governance.ballots.power import floor_power
from governance.power.errors import InvalidPowerSource, PowerUnreadable

DECIMALS = function("decimals()", "(uint8)")


def wallet_addresses(voters: Sequence[str]) -> tuple[Address, ...]:
    """Voters as addresses.

    Raises:
        BadInput: one of them is none, such as a seat, which holds nothing on the chain.
    """
    return tuple(parse_address(voter) for voter in voters)


def powers(
    call: Function, reads: Sequence[Read], voters: Sequence[str], decimals: int, at: str
) -> Plan[tuple[int, ...]]:
    """What `reads` answer, one uint256 for each voter, as power in 10^-6. One round.

    Args:
        decimals: of what the contract counts.
        at: names contract and block in errors.

    Raises:
        PowerUnreadable: a call fails, or answers something else.
    """
    answers = yield reads
    return tuple(
        floor_power(_number(call, answer, voter, at), decimals) for voter, answer in zip(voters, answers, strict=True)
    )


def require_decimals(token: Address, decimals: int, answer: Answer) -> None:
    """Raise InvalidPowerSource unless the token answers `decimals()` with what the settings say."""
    told = DECIMALS.result(answer)
    if told != (decimals,):
        raise InvalidPowerSource(
            f"the token {token} does not have the decimals that the settings say",
            value=told[0] if told else "no answer",
            limit=decimals,
            next_step="Correct `token` or `decimals`",
        )


def _number(call: Function, answer: Answer, voter: str, at: str) -> int:
    result = call.result(answer)
    if result is None:
        raise PowerUnreadable(
            f"the voting power of {voter} cannot be read: {call.signature} failed",
            value=f"0x{answer.data[:68].hex()} of {at}",
            next_step="Check the source's settings, and that the node keeps the state of that block (dao-bot doctor)",
        )
    return int(result[0])
