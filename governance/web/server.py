"""The server of the wallet page. It has no key, keeps no cookie, and asks the browser to remember nothing."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, TypeVar

from aiohttp import web

from governance.web.addresses import client_of
from governance.web.answers import answer, refusal
from governance.web.assets import Asset, assets, page
from governance.web.bodies import LARGEST_BODY, B, Look, Offer, Opening, Signed, read_body
from governance.web.desk import WebDesk
from governance.web.errand.port import ErrandDesk
from governance.web.errands import Errand
from governance.web.guard import require_own, too_large
from governance.web.headers import header_setter
from governance.web.invitations import accept
from governance.web.limits import RateLimit
from governance.web.sessions import NoSession, Session, Sessions

log = logging.getLogger("dao_bot.web")
T = TypeVar("T")
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

_BODY_WITHIN = 10.0
_ANSWER_WITHIN = 60.0
"""Seconds."""

_SUBJECT = web.RequestKey("subject", str)
"""Of a request: the whole id of what its session is about, for the log."""

_THREADS = 4
_OPENINGS = (10, 6)
_REQUESTS = (120, 120)
"""At once, and each minute, of one client: links that are opened, and all that is asked."""


class WalletPage:
    """`application` is all of it; what reads the chain or the record runs in threads of its own.

    Args:
        errands: what people may come for; another errand's links are refused.
        proxies: see `client_of`.
    """

    def __init__(self, desk: WebDesk, errands: Mapping[Errand, ErrandDesk], proxies: int) -> None:
        self._desk = desk
        self._errands = errands
        self._proxies = proxies
        self._sessions = Sessions()
        self._openings = RateLimit(*_OPENINGS)
        self._requests = RateLimit(*_REQUESTS)
        self._threads = ThreadPoolExecutor(_THREADS, "wallet-page")

    def application(self) -> web.Application:
        """To be run on one event loop."""
        made = web.Application(client_max_size=LARGEST_BODY, middlewares=[self._around])
        made.on_response_prepare.append(header_setter(self._desk.origin))
        made.on_cleanup.append(self._stop)
        made.router.add_get("/", _serve(page()))
        for name, asset in assets().items():
            made.router.add_get(f"/assets/{name}", _serve(asset))
        made.router.add_post("/api/open", self._open)
        made.router.add_post("/api/look", self._look)
        made.router.add_post("/api/offer", self._offer)
        made.router.add_post("/api/take", self._take)
        return made

    @web.middleware
    async def _around(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Limits before, words after; the log has neither bodies nor headers, which hold what is secret."""
        began = time.monotonic()
        try:
            self._requests.spend(client_of(request, self._proxies))
            if request.method == "POST":
                require_own(request, self._desk.origin)
            async with asyncio.timeout(_ANSWER_WITHIN):
                response = await handler(request)
        except web.HTTPRequestEntityTooLarge:
            response = refusal(too_large())
        except web.HTTPException as error:
            response = web.Response(status=error.status, text=error.reason, headers=_allowed(error))
        except Exception as error:  # noqa: BLE001 - the last place where an error can be told
            response = refusal(error)
        took = (time.monotonic() - began) * 1000
        facts = {"subject": request[_SUBJECT]} if _SUBJECT in request else {}
        log.info("%s %d %.0f ms", _known(request), response.status, took, extra={"facts": facts})
        return response

    async def _open(self, request: web.Request) -> web.Response:
        self._openings.spend(client_of(request, self._proxies))
        body = await _body(request, Opening)
        secret, facts = await self._in_thread(self._enter, body.token)
        return answer({"session": secret, **facts})

    def _enter(self, token: str) -> tuple[str, dict[str, Any]]:
        """The token is spent before anything is shown for it."""
        invitation = accept(self._desk.store, token, self._desk.now())
        secret = self._sessions.begin(invitation)
        treasury = self._desk.services.treasury
        return secret, {
            "errand": invitation.errand,
            "person": {"guild": invitation.person.guild, "user": invitation.person.user, "name": invitation.name},
            "treasury": {
                "name": self._desk.treasury_name,
                "safe": treasury.safe,
                "chain": self._desk.chain_name,
                "chain_id": treasury.chain_id,
            },
        }

    async def _look(self, request: web.Request) -> web.Response:
        session, _ = await self._arrived(request, Look)
        return answer(await self._in_thread(self._of(session).look, session))

    async def _offer(self, request: web.Request) -> web.Response:
        session, body = await self._arrived(request, Offer)
        return answer(await self._in_thread(self._of(session).offer, session, body))

    async def _take(self, request: web.Request) -> web.Response:
        session, body = await self._arrived(request, Signed)
        done = await self._in_thread(self._of(session).take, session, body.signature)
        self._sessions.end(_secret(request))
        return answer(done)

    async def _arrived(self, request: web.Request, kind: type[B]) -> tuple[Session, B]:
        session = self._sessions.find(_secret(request))
        if session.invitation.subject is not None:
            request[_SUBJECT] = session.invitation.subject
        return session, await _body(request, kind)

    def _of(self, session: Session) -> ErrandDesk:
        return self._errands[session.invitation.errand]

    async def _in_thread(self, work: Callable[..., T], *arguments: object) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._threads, partial(work, *arguments))

    async def _stop(self, _: web.Application) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)


async def _body(request: web.Request, kind: type[B]) -> B:
    async with asyncio.timeout(_BODY_WITHIN):
        raw = await request.read()
    return read_body(kind, raw)


def _secret(request: web.Request) -> str:
    scheme, _, secret = request.headers.get("Authorization", "").partition(" ")
    if scheme != "Bearer":
        raise NoSession("this page is opened with a link", next_step="Ask for a link where you meet, or at your keeper")
    return secret


def _known(request: web.Request) -> str:
    """Method and path; nothing that only the client has written, because people paste secrets anywhere."""
    resource = request.match_info.route.resource
    return "unknown" if resource is None else f"{request.method} {resource.canonical}"


def _serve(asset: Asset) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def serve(_: web.Request) -> web.Response:
        return web.Response(body=asset.content, content_type=asset.content_type, charset="utf-8")

    return serve


def _allowed(error: web.HTTPException) -> dict[str, str]:
    return {"Allow": error.headers["Allow"]} if "Allow" in error.headers else {}
