"""What lets a request in: only the page itself can have sent it, and it is small."""

from __future__ import annotations

from aiohttp import web

from dao_bot.domain.errors import BadInput, Refused
from governance.web.bodies import LARGEST_BODY


class Foreign(Refused):
    """A request that another site, or no browser, sent."""


class TooLarge(BadInput):
    """A body that nothing on this page needs."""


class NotJson(BadInput):
    """A body of another type."""


def require_own(request: web.Request, origin: str) -> None:
    """Refuse what this page did not send. There are no cookies, so that another site could do nothing either way.

    Browsers name the origin in every POST, and cannot be made to name another one. `application/json` is no type that
    a form can send, so that a browser asks first (CORS), and is never answered.

    Raises:
        Foreign, NotJson, TooLarge: what it says.
    """
    found = request.headers.get("Origin")
    if found != origin or request.headers.get("Sec-Fetch-Site", "same-origin") != "same-origin":
        raise Foreign(
            "this request does not come from this page",
            value=ascii(found)[:80],
            limit=origin,
            next_step="Open the page by its own address; behind a proxy, `web.origin` must be what browsers show",
        )
    if request.headers.get("Content-Type") != "application/json":
        raise NotJson("the body is not of the type that this page sends", limit="application/json")
    if (request.content_length or 0) > LARGEST_BODY:
        raise too_large()


def too_large() -> TooLarge:
    """For a body of any length that was not told before."""
    return TooLarge("the body is too large", limit=f"{LARGEST_BODY} bytes")
