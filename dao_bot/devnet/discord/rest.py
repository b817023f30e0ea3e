"""The REST API: every request is authorised, counted and answered as `reference` says."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

import orjson
from aiohttp import web

from dao_bot.devnet.discord.errors import ApiError, RateLimited, unauthorized

if TYPE_CHECKING:
    from dao_bot.devnet.discord.server import LocalDiscord

PREFIX = "/api/v10"
_PUBLIC = ("/interactions/", "/webhooks/{application}/{token}")
Handler = Callable[[web.Request], Awaitable[Any]]


def route(local: LocalDiscord, method: str, path: str, handler: Handler) -> web.RouteDef:
    """One route, with everything that is the same for all of them around its handler."""

    async def serve(request: web.Request) -> web.Response:
        below = request.path.removeprefix(PREFIX)
        local.requests.append((method, path))
        headers: dict[str, str] = {}
        try:
            _authorise(local, request, path)
            headers = local.rate_limits.take(method, path, dict(request.match_info))
            local.faults.before(method, below)
            result = await handler(request)
            local.faults.after(method, below)
        except ApiError as error:
            return _failed(local, error, headers)
        return web.Response(status=204, headers=headers) if result is None else _json(200, result, headers)

    return web.route(method, PREFIX + path, serve)


async def no_route(request: web.Request) -> web.Response:
    """`reference#error-messages`: 404 with code 0."""
    return _json(404, {"code": 0, "message": "404: Not Found"}, {})


def _authorise(local: LocalDiscord, request: web.Request, path: str) -> None:
    """`reference#authentication`; `reference#user-agent`: without a proper one, requests are blocked."""
    if not request.headers.get("User-Agent"):
        raise ApiError(403, 40333, "internal network error")
    if path.startswith(_PUBLIC):
        return
    if request.headers.get("Authorization") != f"Bot {local.token}":
        raise unauthorized()


def _failed(local: LocalDiscord, error: ApiError, headers: dict[str, str]) -> web.Response:
    if error.status in (401, 403, 429):
        local.invalid_requests.append(time.monotonic())
    if isinstance(error, RateLimited):
        headers = {**headers, "Retry-After": f"{error.retry_after:.3f}", "Via": "1.1 google"}
        headers["X-RateLimit-Scope"] = "global" if error.everywhere else "user"
        if error.everywhere:
            headers["X-RateLimit-Global"] = "true"
    return _json(error.status, error.body, headers)


def _json(status: int, body: Any, headers: dict[str, str]) -> web.Response:
    """Exactly `application/json`, without a charset, as the original sends it."""
    return web.Response(status=status, body=orjson.dumps(body), headers={**headers, "Content-Type": "application/json"})
