"""Headers of every answer: nothing is run, loaded, framed, remembered or passed on that is not the page's own."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

from aiohttp import web

_POLICY = (
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
)
_SWITCHED_OFF = ("camera", "display-capture", "fullscreen", "geolocation", "microphone", "payment")

HEADERS = {
    "Content-Security-Policy": "; ".join(_POLICY),
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": ", ".join(f"{feature}=()" for feature in _SWITCHED_OFF),
    "Referrer-Policy": "no-referrer",
    "Server": "dao-bot",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "X-Robots-Tag": "noindex, nofollow",
}
_TWO_YEARS = 2 * 365 * 86_400


def header_setter(origin: str) -> Callable[[web.Request, web.StreamResponse], Coroutine[Any, Any, None]]:
    """For `Application.on_response_prepare`: also errors have them. TLS is asked for where the page has it."""
    secure = origin.startswith("https://")

    async def set_headers(_: web.Request, response: web.StreamResponse) -> None:
        response.headers.update(HEADERS)
        if secure:
            response.headers["Strict-Transport-Security"] = f"max-age={_TWO_YEARS}; includeSubDomains"

    return set_headers
