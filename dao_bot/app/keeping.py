"""Making the keeper of a treasury: its seat, its key, its sender."""

from __future__ import annotations

import os
import secrets
import socket
import threading
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from dao_bot.app.collecting import make_collection
from dao_bot.app.keys import read_key
from dao_bot.app.sealing import require_sealed
from dao_bot.app.wiring import Desk
from dao_bot.chain.fate import Finality
from dao_bot.chain.gas import FeePolicy
from dao_bot.chain.remote_signer import SIGNER_SECONDS, RemoteSigner
from dao_bot.chain.rpc import Endpoint
from dao_bot.chain.sending import Pacing, Sender
from dao_bot.chain.transactions import LocalSigner, Signer
from dao_bot.config.references import SecretReference
from dao_bot.config.settings import KeeperSettings
from dao_bot.domain.errors import BadInput
from dao_bot.engine.execution import Execution
from dao_bot.engine.keeper import Keeper
from dao_bot.engine.presented import present as show
from dao_bot.engine.routes.module import ModuleSettings
from dao_bot.engine.routes.module_signer import ModuleSigner
from dao_bot.engine.seat import Seat
from dao_bot.engine.settlement import Settlement
from dao_bot.store.values import StoredProposal

_PACING = Pacing(poll=2.0, replace_after=45.0, give_up_after=60.0)
"""One tick follows a transaction for a minute at most; the next ones go on."""

_DEVNET_PACING = Pacing(poll=0.05, replace_after=20.0, give_up_after=60.0)


def make_seat(desk: Desk, of: str = "keeper", wait: float = 5.0) -> Seat:
    """This machine's seat at a SQLite file; on a server, where there are several, this process's own."""
    file = desk.store.file
    if file is None:
        # Containers may share their host's name, and are all process 1.
        return Seat(f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}")
    return Seat(socket.gethostname(), file.with_name(f"{file.name}.{of}"), wait)


def make_keeper(
    desk: Desk,
    seat: Seat | None = None,
    stop: threading.Event | None = None,
    clock: Callable[[], float] = time.time,
) -> Keeper:
    """The keeper; without hands where the mode does not allow sending, and none for a policy that nobody sealed.

    Args:
        stop: when it is set, the keeper finishes what it does and begins nothing more.
        clock: epoch seconds, for what is not on the chain.
    """
    finality = desk.services.treasury.finality
    settlement = Settlement(desk.services, desk.store, finality)
    if desk.config.mode == "plan":
        return Keeper(desk.services, desk.store, seat or make_seat(desk), settlement, None, stop)
    if desk.config.mode == "live":
        require_sealed(desk)
    settings = desk.config.treasury.keeper
    if settings is None:
        raise BadInput(
            "no keeper is configured, so nothing can be sent",
            next_step="Add treasury.keeper with `key` and `max_fee_per_gas` to the configuration",
        )
    signers = {
        name: partial(_member, desk, settings, finality, stop, plugin.settings.key)
        for name, plugin in desk.config.routes.items()
        if isinstance(plugin.settings, ModuleSettings)
    }
    signer = make_signer(settings)

    def present(stored: StoredProposal) -> None:
        if isinstance(signer, RemoteSigner):
            signer.present(lambda: show(desk.services, desk.store, stored))

    execution = _execution(desk, settings, finality, stop, signer)
    collection = make_collection(desk, clock)
    seat = seat or make_seat(desk)
    return Keeper(desk.services, desk.store, seat, settlement, execution, stop, signers, collection, present)


def _member(
    desk: Desk,
    settings: KeeperSettings,
    finality: Finality,
    stop: threading.Event | None,
    key: SecretReference | None,
) -> ModuleSigner:
    """The role's member: where the keeper's key is behind a socket, its key is there too."""
    if settings.signer is not None:
        remote = RemoteSigner(Path(settings.signer), "member")

        def sign(stored: StoredProposal, digest: bytes) -> bytes:
            return remote.sign_for_module(show(desk.services, desk.store, stored))

        return ModuleSigner(remote.address, sign, _execution(desk, settings, finality, stop, remote))
    assert key is not None, "the configuration holds it where there is no signer"
    local = LocalSigner(read_key(key))
    execution = _execution(desk, settings, finality, stop, local)
    return ModuleSigner(local.address, lambda _, digest: local.sign_digest(digest), execution)


def make_signer(settings: KeeperSettings, timeout: float = SIGNER_SECONDS) -> Signer:
    """The keeper's key: in this process, or behind a socket, whose answers may take `timeout` seconds."""
    if settings.signer is not None:
        return RemoteSigner(Path(settings.signer), timeout=timeout)
    assert settings.key is not None, "the settings hold one of both"
    return LocalSigner(read_key(settings.key))


def _execution(
    desk: Desk, settings: KeeperSettings, finality: Finality, stop: threading.Event | None, signer: Signer
) -> Execution:
    """Sends with this key; all keys under the same conditions."""
    services = desk.services
    sender = Sender(
        lambda: services.endpoints.primary,
        signer,
        services.treasury.chain_id,
        FeePolicy(settings.max_fee_per_gas),
        finality=finality,
        pacing=_DEVNET_PACING if desk.config.mode == "devnet" else _PACING,
        relay=Endpoint(settings.relay.url.resolve(), settings.relay.operator) if settings.relay else None,
        stop=stop,
    )
    return Execution(services, desk.store, sender)
