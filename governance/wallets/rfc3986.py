"""Authorities and URIs exactly as RFC 3986 (appendix A) has them; nothing is decoded or normalised."""

from __future__ import annotations

import ipaddress
import re

_UNRESERVED = r"A-Za-z0-9\-._~"
_SUB_DELIMS = r"!$&'()*+,;="
_ESCAPED = r"%[0-9A-Fa-f]{2}"
_PCHAR = rf"(?:[{_UNRESERVED}{_SUB_DELIMS}:@]|{_ESCAPED})"
_REG_NAME = rf"(?:[{_UNRESERVED}{_SUB_DELIMS}]|{_ESCAPED})*"
_USERINFO = rf"(?:[{_UNRESERVED}{_SUB_DELIMS}:]|{_ESCAPED})*"
_FUTURE = re.compile(rf"[vV][0-9A-Fa-f]+\.[{_UNRESERVED}{_SUB_DELIMS}:]+")

_AUTHORITY = re.compile(rf"(?:{_USERINFO}@)?(?:\[(?P<literal>[^\[\]]*)\]|(?P<name>{_REG_NAME}))(?::[0-9]*)?")
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+\-.]*")
_PATH_AFTER_AUTHORITY = re.compile(rf"(?:/{_PCHAR}*)*")
_PATH_ALONE = re.compile(rf"(?:/(?:{_PCHAR}+(?:/{_PCHAR}*)*)?|{_PCHAR}+(?:/{_PCHAR}*)*)?")
_QUERY = re.compile(rf"(?:{_PCHAR}|[/?])*")
_PCHARS = re.compile(rf"{_PCHAR}*")


def is_scheme(text: str) -> bool:
    """Whether `text` is a URI's scheme."""
    return _SCHEME.fullmatch(text) is not None


def is_authority(text: str, *, empty_host: bool = False) -> bool:
    """Whether `text` is `[userinfo@]host[:port]`. RFC 3986 allows an empty host; a domain cannot be one."""
    match = _AUTHORITY.fullmatch(text)
    if match is None:
        return False
    literal = match["literal"]
    if literal is not None:
        return _is_ipv6(literal) or _FUTURE.fullmatch(literal) is not None
    return bool(match["name"]) or empty_host


def is_uri(text: str) -> bool:
    """Whether `text` is a URI with its scheme; a relative reference is none."""
    before, _, fragment = text.partition("#")
    hierarchy, _, query = before.partition("?")
    scheme, colon, rest = hierarchy.partition(":")
    if not colon or not is_scheme(scheme) or not _QUERY.fullmatch(query) or not _QUERY.fullmatch(fragment):
        return False
    if not rest.startswith("//"):
        return _PATH_ALONE.fullmatch(rest) is not None
    authority, slash, path = rest[2:].partition("/")
    return is_authority(authority, empty_host=True) and _PATH_AFTER_AUTHORITY.fullmatch(slash + path) is not None


def is_pchars(text: str) -> bool:
    """Whether `text` is `*pchar`."""
    return _PCHARS.fullmatch(text) is not None


def _is_ipv6(text: str) -> bool:
    try:
        return "%" not in text and bool(ipaddress.IPv6Address(text))
    except ValueError:
        return False
