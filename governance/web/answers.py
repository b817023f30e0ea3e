"""What the page is told, also when something went wrong: in words that say what to do, and nothing of the inside."""

from __future__ import annotations

import json
import logging
from typing import Any

from aiohttp import web

from dao_bot.domain.errors import BadInput, Conflict, DaoBotError, NotFound, Refused
from dao_bot.domain.hashing import canonical
from dao_bot.engine.bugs import in_words
from governance.web.guard import Foreign, NotJson, TooLarge
from governance.web.limits import TooManyRequests
from governance.web.sessions import NoSession

log = logging.getLogger("dao_bot.web")

_STATUS: tuple[tuple[type[DaoBotError], int], ...] = (
    (TooManyRequests, 429),
    (NoSession, 401),
    (Foreign, 403),
    (Refused, 403),
    (TooLarge, 413),
    (NotJson, 415),
    (NotFound, 404),
    (BadInput, 400),
    (Conflict, 409),
)


def answer(facts: object, status: int = 200) -> web.Response:
    """JSON; integers beyond 2^53 are texts."""
    return web.Response(text=json.dumps(canonical(facts)), status=status, content_type="application/json")


def refusal(error: Exception) -> web.Response:
    """An error as the page shows it. What the reader did not cause is told in general, and in full in the log."""
    for kind, status in _STATUS:
        if isinstance(error, kind):
            response = answer(_facts(error), status)
            if isinstance(error, TooManyRequests):
                response.headers["Retry-After"] = str(error.retry_after)
            return response
    if isinstance(error, TimeoutError):
        return _unwell("this took too long", 504)
    log.error("%s", in_words(error))
    if isinstance(error, DaoBotError):
        return _unwell("the chain or the record cannot be read now", 503)
    return _unwell("something went wrong here that should not", 500)


def _facts(error: DaoBotError) -> dict[str, Any]:
    return {
        "error": {
            "kind": type(error).__name__,
            "what": error.what,
            "value": None if error.value is None else str(error.value),
            "limit": None if error.limit is None else str(error.limit),
            "next_step": error.next_step,
        }
    }


def _unwell(what: str, status: int) -> web.Response:
    next_step = "Try again in a minute; what is recorded already is not recorded twice"
    return answer(_facts(DaoBotError(what, next_step=next_step)), status)
