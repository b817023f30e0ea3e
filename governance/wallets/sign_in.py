"""What a wallet is asked to sign, and whether a signed message is just that."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from dao_bot.domain.addresses import Address
from governance.wallets.errors import InvalidMessage
from governance.wallets.person import Person
from governance.wallets.rfc3339 import format_time, parse_time
from governance.wallets.siwe import SiweMessage, parse_siwe

CLOCK_TOLERANCE = 60
"""Seconds by which the clock of whoever wrote the message may be ahead of ours."""


class Purpose(enum.StrEnum):
    """What the signature does; it stands in the statement, so that one cannot be used for the other."""

    LINK = "link"
    UNLINK = "unlink"


@dataclass(frozen=True, slots=True)
class Page:
    """Where wallets sign, and for which chain.

    Attributes:
        domain: authority of the wallet page as browsers show it, such as `vote.example.org`.
        uri: its address.
        scheme: `https`, but for a page on one's own machine.
    """

    domain: str
    uri: str
    chain_id: int
    scheme: str = "https"


@dataclass(frozen=True, slots=True)
class SignIn:
    """One request to sign, for one person, with one nonce. Times are epoch seconds of the server."""

    page: Page
    purpose: Purpose
    person: Person
    nonce: str
    issued: int
    expires: int

    @property
    def statement(self) -> str:
        """The line that people read; it names user and guild by their ids."""
        to_do = (
            "Link this wallet to" if self.purpose is Purpose.LINK else "Take this wallet away from whoever has it, as"
        )
        return f"{to_do} {self.person}. This costs nothing and moves nothing."

    def message(self, wallet: Address) -> SiweMessage:
        """The message for the wallet to sign."""
        return SiweMessage(
            domain=self.page.domain,
            address=wallet,
            uri=self.page.uri,
            chain_id=self.page.chain_id,
            nonce=self.nonce,
            issued_at=format_time(self.issued),
            statement=self.statement,
            expiration_time=format_time(self.expires),
        )

    def check(self, text: str, now: int) -> SiweMessage:
        """The message in `text`, if it answers this request at the time `now`.

        Raises:
            InvalidMessage: it does not parse, or is for another page, chain, person, purpose or nonce, or another time.
        """
        message = parse_siwe(text)
        _same("the domain", message.domain, self.page.domain)
        _same("the scheme", message.scheme or self.page.scheme, self.page.scheme)
        _same("the URI", message.uri, self.page.uri)
        _same("the chain id", message.chain_id, self.page.chain_id)
        _same("the nonce", message.nonce, self.nonce)
        _same("the statement", message.statement, self.statement)
        if message.request_id is not None or message.resources is not None:
            raise InvalidMessage("the message asks for more than was offered", value="a request id or resources")
        self._check_times(message, now)
        return message

    def _check_times(self, message: SiweMessage, now: int) -> None:
        if message.expiration_time is None:
            raise InvalidMessage(
                "the message never expires", limit=f"an expiration time up to {format_time(self.expires)}"
            )
        issued = parse_time(message.issued_at, "the time of issue")
        expires = parse_time(message.expiration_time, "the expiration time")
        if not self.issued - CLOCK_TOLERANCE <= issued <= now + CLOCK_TOLERANCE:
            raise InvalidMessage(
                "the message says that it was written at another time",
                value=message.issued_at,
                limit=f"{format_time(self.issued)} to {format_time(now)}",
                next_step="Check the clock of your device, then ask for a new link",
            )
        if expires > self.expires:
            raise InvalidMessage(
                "the message is valid for too long", value=message.expiration_time, limit=format_time(self.expires)
            )
        if now >= expires:
            raise InvalidMessage(
                "the message has expired", value=message.expiration_time, next_step="Ask for a new link and sign again"
            )
        if message.not_before is not None and now < parse_time(
            message.not_before, "the time before which it is not valid"
        ):
            raise InvalidMessage("the message is not valid yet", value=message.not_before, limit=format_time(now))


def _same(what: str, found: object, expected: object) -> None:
    if found != expected:
        raise InvalidMessage(
            f"{what} of the signed message is not the one that was asked for",
            value=repr(found)[:200],
            limit=repr(expected),
            next_step="Nothing was linked. Ask for a new link, and sign only what the wallet page shows",
        )
