"""What a wallet signs when it acts, and not as a voter: approve, veto, delegate, freeze. People can read it."""

from __future__ import annotations

import enum
import re
from dataclasses import dataclass

from dao_bot.chain.plan import Plan
from dao_bot.domain.addresses import Address, parse_address
from dao_bot.domain.errors import BadInput
from governance.wallets.errors import InvalidMessage
from governance.wallets.rfc3339 import format_time, parse_time
from governance.wallets.signatures import Proof, personal_hash, prove

OLDEST = 600
"""Seconds after which a statement that was not handed in is worth nothing."""

AHEAD = 60
"""Seconds by which it may come from the future."""

LONGEST_REASON = 500

NOBODY = "nobody"
"""What a statement is about that takes a delegation back."""

_TEXT = re.compile(
    r"dao-bot: (?P<deed>[a-z ]+)\nTreasury: (?P<space>\S+)\nWallet: (?P<wallet>\S+)\nAbout: (?P<about>[^\n]*)\n"
    r"Reason: (?P<reason>[^\n]*)\nTime: (?P<at>\S+)\nThis costs nothing, and moves nothing by itself\."
)


class Deed(enum.StrEnum):
    """What is done."""

    APPROVE = "approve"
    VETO = "veto"
    WITHDRAW = "withdraw"
    DELEGATE = "delegate"
    FREEZE = "freeze"
    UNFREEZE = "unfreeze"
    MANDATE = "propose a mandate"
    ASK = "ask"


@dataclass(frozen=True, slots=True)
class Statement:
    """One act of one wallet.

    Attributes:
        space: the treasury (CAIP-10); so it is worth nothing elsewhere.
        about: a batch hash or a mandate's hash; whom power is delegated to, or `nobody`; the number of a freeze.
        at: epoch seconds.
        reason: one line, or empty.

    Raises:
        InvalidMessage: a field would break the text's lines.
    """

    deed: Deed
    space: str
    wallet: Address
    about: str
    at: int
    reason: str = ""

    def __post_init__(self) -> None:
        for name, value in (("about", self.about), ("reason", self.reason)):
            if len(value) > LONGEST_REASON or not all(character.isprintable() for character in value):
                raise InvalidMessage(
                    f"the {name} of a statement is not one line",
                    value=ascii(value)[:80],
                    limit=f"at most {LONGEST_REASON} printable characters",
                )

    def text(self) -> str:
        """What the wallet shows and signs (EIP-191 `personal_sign`)."""
        return "\n".join(
            (
                f"dao-bot: {self.deed}",
                f"Treasury: {self.space}",
                f"Wallet: {self.wallet}",
                f"About: {self.about}",
                f"Reason: {self.reason}",
                f"Time: {format_time(self.at)}",
                "This costs nothing, and moves nothing by itself.",
            )
        )

    def proven(self, space: str, signature: bytes, now: int) -> Plan[Proof]:
        """The proof that the wallet signed it for this treasury, a short time ago. At most one round.

        Args:
            now: chain time, epoch seconds.

        Raises:
            InvalidMessage: another treasury, or another time.
            InvalidSignature: the wallet did not sign it.
        """
        if self.space != space:
            raise InvalidMessage("the statement is for another treasury", value=self.space, limit=space)
        if not now - OLDEST <= self.at <= now + AHEAD:
            raise InvalidMessage(
                "the statement was made at another time",
                value=format_time(self.at),
                limit=f"{format_time(now - OLDEST)} to {format_time(now + AHEAD)}",
                next_step="Sign it anew",
            )
        return (yield from prove(self.wallet, personal_hash(self.text()), signature))


def parse_statement(text: str) -> Statement:
    """What `Statement.text` wrote, to the letter.

    Raises:
        InvalidMessage: it is no such text.
    """
    match = _TEXT.fullmatch(text)
    try:
        if match is None:
            raise ValueError("other lines")
        at = int(parse_time(match["at"], "its time"))
        statement = Statement(
            Deed(match["deed"]), match["space"], parse_address(match["wallet"]), match["about"], at, match["reason"]
        )
        if statement.text() != text:
            raise ValueError("another spelling")
    except (ValueError, BadInput) as error:
        raise InvalidMessage("this is no statement of a wallet", value=f"{error}: {ascii(text)}"[:160]) from error
    return statement
