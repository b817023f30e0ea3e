"""The section `watch` of strategies.yaml."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from dao_bot.config.fields import SecretField
from dao_bot.config.web_settings import ListenField
from dao_bot.fields import DurationField, IntField, Settings


class WatchSettings(Settings):
    """How people see from outside that the keeper is well.

    Attributes:
        listen: where Prometheus reads `/metrics`, and an orchestrator `/healthz` and `/readyz`.
        heartbeat: where the URL is that is posted to after each round that went well, with the head of the record; a
            service that misses it raises the alarm.
        alerts: where the URL is of a webhook that gets what a person must know.
        least_balance: of the keeper, in thousandths of the chain's own coin; below it, an alert.
        quiet: the same alert is not sent again for so long.
    """

    listen: ListenField | None = None
    heartbeat: SecretField | None = None
    alerts: SecretField | None = None
    least_balance: Annotated[IntField, Field(ge=0)] = 50
    quiet: Annotated[DurationField, Field(ge=60)] = 3_600
