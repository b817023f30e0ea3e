"""The message of Sign-In with Ethereum (EIP-4361): read strictly, written back to the same bytes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from dao_bot.domain.addresses import Address, checksum
from governance.wallets.errors import InvalidMessage
from governance.wallets.rfc3339 import parse_time
from governance.wallets.rfc3986 import is_authority, is_pchars, is_scheme, is_uri

LONGEST_MESSAGE = 4_096
"""Characters."""

_GREETING = " wants you to sign in with your Ethereum account:"
_STATEMENT = re.compile(r"[A-Za-z0-9\-._~:/?#\[\]@!$&'()*+,;= ]*")
_NONCE = re.compile(r"[A-Za-z0-9]{8,}")
_CHAIN_ID = re.compile(r"[1-9][0-9]{0,76}")
"""The standard's `1*DIGIT` without leading zeros, so that a chain has one spelling."""


@dataclass(frozen=True, slots=True)
class SiweMessage:
    """The fields of a message; times stand as they are written. Made only of valid fields.

    Attributes:
        domain: RFC 3986 authority that asks for the signature.
        statement: one line in ASCII; None is no statement, which is written differently from an empty one.
        resources: None is no list, `()` an empty one.

    Raises:
        InvalidMessage: a field is not what the standard's grammar says.
    """

    domain: str
    address: Address
    uri: str
    chain_id: int
    nonce: str
    issued_at: str
    statement: str | None = None
    scheme: str | None = None
    expiration_time: str | None = None
    not_before: str | None = None
    request_id: str | None = None
    resources: tuple[str, ...] | None = None

    def __post_init__(self) -> None:
        _require(self.scheme is None or is_scheme(self.scheme), "the scheme", self.scheme, "a URI's scheme")
        _require(is_authority(self.domain), "the domain", self.domain, "a host, with a port if need be")
        _require(_is_checksummed(self.address), "the address", self.address, "an address with its EIP-55 checksum")
        statement = self.statement or ""
        _require(
            bool(_STATEMENT.fullmatch(statement)), "the statement", statement, "one line of plain ASCII, see RFC 3986"
        )
        _require(is_uri(self.uri), "the URI", self.uri, "a URI of RFC 3986")
        _require(bool(_CHAIN_ID.fullmatch(str(self.chain_id))), "the chain id", self.chain_id, "a number above 0")
        _require(bool(_NONCE.fullmatch(self.nonce)), "the nonce", self.nonce, "8 or more letters and digits")
        _require(is_pchars(self.request_id or ""), "the request id", self.request_id, "`pchar` of RFC 3986")
        for resource in self.resources or ():
            _require(is_uri(resource), "a resource", resource, "a URI of RFC 3986")
        parse_time(self.issued_at, "the time of issue")
        if self.expiration_time is not None:
            parse_time(self.expiration_time, "the expiration time")
        if self.not_before is not None:
            parse_time(self.not_before, "the time before which it is not valid")

    def text(self) -> str:
        """What the wallet shows and signs; `parse_siwe` reads it back."""
        lines = [f"{self.scheme}://{self.domain}" if self.scheme else self.domain]
        lines[0] += _GREETING
        lines += [self.address, ""]
        lines += [] if self.statement is None else [self.statement]
        lines += ["", f"URI: {self.uri}", "Version: 1", f"Chain ID: {self.chain_id}", f"Nonce: {self.nonce}"]
        lines += [f"Issued At: {self.issued_at}"]
        lines += [] if self.expiration_time is None else [f"Expiration Time: {self.expiration_time}"]
        lines += [] if self.not_before is None else [f"Not Before: {self.not_before}"]
        lines += [] if self.request_id is None else [f"Request ID: {self.request_id}"]
        lines += [] if self.resources is None else ["Resources:", *(f"- {resource}" for resource in self.resources)]
        return "\n".join(lines)


def parse_siwe(text: str) -> SiweMessage:
    """The message that `text` is, byte for byte.

    Raises:
        InvalidMessage: it is too long, lacks a line, has one too many or in another order, or a field is wrong.
    """
    if len(text) > LONGEST_MESSAGE:
        raise InvalidMessage("the message is too long", value=len(text), limit=f"{LONGEST_MESSAGE} characters")
    lines = _Lines(text)
    origin = lines.take("the first line")
    if not origin.endswith(_GREETING):
        raise InvalidMessage("not a message of Sign-In with Ethereum", value=repr(origin[:80]), limit=f"…{_GREETING}")
    scheme, separator, domain = origin.removesuffix(_GREETING).rpartition("://")
    address = lines.take("the address")
    lines.empty("after the address")
    statement = lines.statement()
    lines.empty("before the URI")
    uri = lines.field("URI")
    version = lines.field("Version")
    _require(version == "1", "the version", version, "1")
    chain_id = lines.field("Chain ID")
    _require(bool(_CHAIN_ID.fullmatch(chain_id)), "the chain id", chain_id, "a number above 0 without leading zeros")
    message = SiweMessage(
        domain=domain,
        address=Address(address),
        uri=uri,
        chain_id=int(chain_id),
        nonce=lines.field("Nonce"),
        issued_at=lines.field("Issued At"),
        statement=statement,
        scheme=scheme if separator else None,
        expiration_time=lines.optional("Expiration Time"),
        not_before=lines.optional("Not Before"),
        request_id=lines.optional("Request ID"),
        resources=lines.resources(),
    )
    lines.end()
    return message


class _Lines:
    """The lines of a message, taken one after another."""

    def __init__(self, text: str) -> None:
        self._lines = text.split("\n")
        self._at = 0

    def take(self, what: str) -> str:
        line = self._peek()
        if line is None:
            raise InvalidMessage(f"the message ends before {what}")
        self._at += 1
        return line

    def empty(self, where: str) -> None:
        line = self.take(f"the empty line {where}")
        _require(line == "", f"the line {where}", line, "an empty line")

    def statement(self) -> str | None:
        """Without a statement the next two lines are the empty one and the URI."""
        rest = self._lines[self._at : self._at + 2]
        return None if len(rest) == 2 and rest[0] == "" and rest[1] != "" else self.take("the statement")

    def field(self, name: str) -> str:
        line = self.take(f"`{name}`")
        _require(line.startswith(f"{name}: "), f"the line of `{name}`", line, f"{name}: …")
        return line.removeprefix(f"{name}: ")

    def optional(self, name: str) -> str | None:
        line = self._peek()
        return self.field(name) if line is not None and line.startswith(f"{name}: ") else None

    def resources(self) -> tuple[str, ...] | None:
        if self._peek() != "Resources:":
            return None
        self._at += 1
        return tuple(self._listed())

    def end(self) -> None:
        line = self._peek()
        if line is not None:
            raise InvalidMessage("the message has a line that does not belong there", value=repr(line[:80]))

    def _listed(self) -> Iterator[str]:
        while (line := self._peek()) is not None and line.startswith("- "):
            self._at += 1
            yield line.removeprefix("- ")

    def _peek(self) -> str | None:
        return self._lines[self._at] if self._at < len(self._lines) else None


def _is_checksummed(address: str) -> bool:
    return re.fullmatch(r"0x[0-9A-Fa-f]{40}", address) is not None and checksum(address) == address


def _require(holds: bool, what: str, value: object, limit: str) -> None:
    if not holds:
        raise InvalidMessage(f"{what} of the message is wrong", value=repr(value)[:80], limit=limit)
