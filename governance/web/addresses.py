"""Whose request it is, for limits: the client's address, as far as a proxy in front can be believed."""

from __future__ import annotations

import ipaddress

from aiohttp import web

_IPV6_NETWORK = 64
"""Bits; one connection has at least so many addresses below."""


def client_of(request: web.Request, proxies: int) -> str:
    """The client's address; of IPv6 its network.

    Args:
        proxies: how many proxies stand in front, each of which appends its peer to X-Forwarded-For. What stands
            before those entries was written by the client, and is not believed.
    """
    peer = request.remote or ""
    if not proxies:
        return _network(peer)
    told = ",".join(request.headers.getall("X-Forwarded-For", [])).split(",")
    entry = told[-proxies].strip() if len(told) >= proxies else ""
    return _network(entry) or _network(peer)


def _network(text: str) -> str:
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return ""
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return str(address.ipv4_mapped)
        return str(ipaddress.ip_network((address, _IPV6_NETWORK), strict=False))
    return str(address)
