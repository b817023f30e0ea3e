"""Reading a typed vote that anybody may have sent: one of Snapshot's forms, or refused in words."""

from __future__ import annotations

import re
from collections.abc import Mapping, Set
from typing import Any

from dao_bot.domain.addresses import checksum
from governance.wallets.errors import InvalidMessage
from governance.wallets.typed_data import (
    DOMAIN,
    DOMAIN_FIELDS,
    PRIMARY_TYPE,
    VOTE_TYPES,
    SignedChoice,
    VoteMessage,
    VoteType,
)

LONGEST_TEXT = 10_000
"""Characters of a reason or another text."""

MOST_CHOICES = 100
_ADDRESS = re.compile(r"0x[0-9a-fA-F]{40}")
_HASH = re.compile(r"0x[0-9a-f]{64}")


def parse_vote(raw: object) -> VoteMessage:
    """The vote in typed data as wallets sign it: `domain`, `types`, `primaryType`, `message`, and nothing else.

    Raises:
        InvalidMessage: another domain, a type that is not Snapshot's, a field too many, too few or of another type.
    """
    data = _members(raw, "the typed data", {"domain", "types", "primaryType", "message"}, optional={"primaryType"})
    domain = _members(data["domain"], "the domain", set(DOMAIN))
    if domain != DOMAIN:
        raise InvalidMessage("the domain is not Snapshot's", value=_short(domain), limit=DOMAIN)
    if data.get("primaryType", PRIMARY_TYPE) != PRIMARY_TYPE:
        raise InvalidMessage("the typed data is no vote", value=_short(data["primaryType"]), limit=PRIMARY_TYPE)
    return _message(_vote_type(data["types"]), data["message"])


def _vote_type(raw: object) -> VoteType:
    types = _members(raw, "the types", {"EIP712Domain", PRIMARY_TYPE}, optional={"EIP712Domain"})
    if "EIP712Domain" in types and _fields(types["EIP712Domain"]) != DOMAIN_FIELDS:
        raise InvalidMessage(
            "the domain's type is not Snapshot's", value=_short(types["EIP712Domain"]), limit="name and version"
        )
    fields = _fields(types[PRIMARY_TYPE])
    for known in VOTE_TYPES:
        if known.fields == fields:
            return known
    raise InvalidMessage(
        "the type of the vote is not one of Snapshot's",
        value=_short(types[PRIMARY_TYPE]),
        limit=", ".join(name for name, _ in VOTE_TYPES[0].fields),
    )


def _fields(raw: object) -> tuple[tuple[str, str], ...]:
    if not isinstance(raw, list) or len(raw) > 20:
        raise InvalidMessage("a type is not a list of fields", value=_short(raw))
    members = [_members(field, "a field of a type", {"name", "type"}) for field in raw]
    return tuple((str(member["name"]), str(member["type"])) for member in members)


def _message(kind: VoteType, raw: object) -> VoteMessage:
    values = _members(raw, "the message", {name for name, _ in kind.fields})
    sender, proposal = _text(values, "from"), _text(values, "proposal")
    if not _ADDRESS.fullmatch(sender):
        raise InvalidMessage("`from` is not an address", value=_short(sender))
    if kind.sender == "string" and checksum(sender) != sender:
        raise InvalidMessage("`from` is not written with its checksum", value=sender, limit=checksum(sender))
    if kind.proposal == "bytes32":
        proposal = proposal.lower()
    if not _HASH.fullmatch(proposal):
        raise InvalidMessage("`proposal` is not a hash", value=_short(proposal), limit="0x and 64 hex digits")
    return VoteMessage(
        kind=kind,
        sender=checksum(sender),
        space=_text(values, "space"),
        timestamp=_number(values["timestamp"], "timestamp", 64),
        proposal=proposal,
        choice=_choice(kind.choice, values["choice"]),
        reason=_text(values, "reason"),
        app=_text(values, "app"),
        metadata=_text(values, "metadata"),
    )


def _choice(kind: str, raw: object) -> SignedChoice:
    if kind == "uint32":
        return _number(raw, "choice", 32)
    if kind == "string":
        return _text({"choice": raw}, "choice")
    if not isinstance(raw, (list, tuple)) or len(raw) > MOST_CHOICES:
        raise InvalidMessage("`choice` is not a list of options", value=_short(raw), limit=f"at most {MOST_CHOICES}")
    return tuple(_number(number, "choice", 32) for number in raw)


def _members(raw: object, what: str, names: Set[str], optional: Set[str] = frozenset()) -> Mapping[str, Any]:
    if not isinstance(raw, Mapping) or not names - optional <= set(raw) <= names:
        found = sorted(map(str, raw))[:20] if isinstance(raw, Mapping) else type(raw).__name__
        raise InvalidMessage(f"{what} does not have its fields", value=_short(found), limit=", ".join(sorted(names)))
    return raw


def _number(raw: object, what: str, bits: int) -> int:
    if isinstance(raw, bool) or not isinstance(raw, int) or not 0 <= raw < 2**bits:
        raise InvalidMessage(
            f"`{what}` is not a uint{bits}", value=_short(raw), limit=f"a number from 0 to 2^{bits} - 1"
        )
    return raw


def _text(values: Mapping[str, Any], name: str) -> str:
    text = values[name]
    if not isinstance(text, str) or len(text) > LONGEST_TEXT:
        raise InvalidMessage(f"`{name}` is not a text", value=_short(text), limit=f"at most {LONGEST_TEXT} characters")
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise InvalidMessage(f"`{name}` has characters that cannot be encoded", value=ascii(text)[:80]) from error
    return text


def _short(value: object) -> str:
    text = ascii(value)
    return text if len(text) <= 120 else f"{text[:117]}..."
