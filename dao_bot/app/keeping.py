"""Making the keeper of a treasury: its key, its sender, its name."""

from __future__ import annotations

import os
import socket

from dao_bot.app.keys import read_key
from dao_bot.app.wiring import Desk
from dao_bot.chain.fate import Finality
from dao_bot.chain.gas import FeePolicy
from dao_bot.chain.sending import Pacing, Sender
from dao_bot.chain.transactions import LocalSigner
from dao_bot.domain.errors import BadInput
from dao_bot.engine.execution import Execution
from dao_bot.engine.keeper import Keeper


def keeper_name() -> str:
    """This process among all keepers of one record."""
    return f"{socket.gethostname()}:{os.getpid()}"


def make_keeper(desk: Desk, name: str | None = None) -> Keeper:
    """The keeper; without hands where the mode does not allow sending."""
    execution = None if desk.config.mode == "plan" else _execution(desk)
    return Keeper(desk.services, desk.store, name or keeper_name(), execution)


def _execution(desk: Desk) -> Execution:
    settings = desk.config.treasury.keeper
    if settings is None:
        raise BadInput(
            "no keeper is configured, so nothing can be sent",
            next_step="Add treasury.keeper with `key` and `max_fee_per_gas` to the configuration",
        )
    services = desk.services
    configured = desk.config.treasury.chain.finality
    finality = Finality(tag="finalized") if configured.blocks is None else Finality(configured.blocks)
    pacing = Pacing(poll=0.05, replace_after=20.0, give_up_after=60.0) if desk.config.mode == "devnet" else Pacing()
    sender = Sender(
        services.endpoints.all[0],
        LocalSigner(read_key(settings.key)),
        services.treasury.chain_id,
        FeePolicy(settings.max_fee_per_gas),
        finality=finality,
        pacing=pacing,
    )
    return Execution(services, desk.store, sender, finality)
