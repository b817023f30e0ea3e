"""Making the treasury's client of the Safe transaction service, and the keeper's exchange with it."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from dao_bot.app.keys import read_key
from dao_bot.app.wiring import Desk
from dao_bot.domain.errors import BadInput
from dao_bot.engine.collection import Collection
from dao_bot.engine.polling import Polling
from dao_bot.safe.transaction_service.budget import Budget, Limits

if TYPE_CHECKING:
    from dao_bot.config.settings import ServiceSettings
    from dao_bot.safe.transaction_service.api import ServiceApi


def make_collection(desk: Desk, clock: Callable[[], float] = time.time) -> Collection | None:
    """The exchange with the configured service; None where there is none, or where nothing may leave (mode `plan`)."""
    settings = desk.config.treasury.service
    if settings is None or desk.config.mode == "plan":
        return None
    from dao_bot.safe.transaction_service.queue import TransactionServiceQueue

    treasury = desk.services.treasury
    api = make_api(desk, clock)
    queue = TransactionServiceQueue(api, treasury.chain_id, treasury.safe, read_key(settings.proposer))
    polling = Polling(settings.poll, settings.monthly_requests)
    return Collection(desk.services, desk.store, queue, polling, api.budget.spent, clock)


def require_service(desk: Desk) -> ServiceSettings:
    """The settings of the service.

    Raises:
        BadInput: none is configured.
    """
    settings = desk.config.treasury.service
    if settings is None:
        raise BadInput(
            "no transaction service is configured",
            next_step="Add treasury.service with `proposer` to the configuration; see docs/safe-transaction-service.md",
        )
    return settings


def make_api(desk: Desk, clock: Callable[[], float] = time.time) -> ServiceApi:
    """The client; the key is read here, and asked for nowhere else.

    Raises:
        BadInput: none is configured, its URL is none, or there is no hosted service for this chain.
    """
    from dao_bot.safe.transaction_service.api import ServiceApi, base_url_of

    settings, chain_id = require_service(desk), desk.services.treasury.chain_id
    url = base_url_of(chain_id, None if settings.url is None else settings.url.resolve())
    key = None if settings.key is None else settings.key.resolve()
    if key is not None and url.is_plain and url.host not in ("127.0.0.1", "localhost", "::1"):
        raise BadInput(
            "the key of the transaction service would travel unencrypted",
            value=f"http://{url.host}",
            next_step="Write https:// in treasury.service.url, or leave `key` out",
        )
    limits = Limits(settings.requests_per_second, settings.monthly_requests)
    return ServiceApi(chain_id, Budget(url.host, limits, desk.store, clock), url=url, api_key=key, clock=clock)
