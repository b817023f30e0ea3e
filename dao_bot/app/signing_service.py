"""`dao-bot signer`: the keys of keeper and module member in a process of their own, behind a local socket."""

from __future__ import annotations

import json
import logging
import os
import signal
import socket
import struct
from pathlib import Path
from typing import Any

from dao_bot import plugins
from dao_bot.app.exits import DONE
from dao_bot.app.keys import read_key
from dao_bot.app.logs import saying
from dao_bot.app.sealing import require_sealed
from dao_bot.app.wiring import Desk, open_desk
from dao_bot.chain.gas import FeePolicy
from dao_bot.chain.hexes import to_data
from dao_bot.chain.remote_signer import LONGEST_LINE, from_json
from dao_bot.chain.transactions import LocalSigner
from dao_bot.domain.errors import BadInput, DaoBotError
from dao_bot.engine.acceptance import accept_safe
from dao_bot.engine.bugs import in_words
from dao_bot.engine.look import look_at_safe
from dao_bot.engine.routes.module import MODULE, Module, ModuleSettings
from dao_bot.engine.routes.module_desk import ModuleDesk
from dao_bot.engine.signing_desk import SigningDesk

_log = logging.getLogger("dao_bot.signer")
_PATIENCE = 10.0
"""Seconds in which a request must have arrived, and its answer been taken."""


def serve(path: Path, socket_path: Path, user: int | None, as_json: bool = False) -> int:
    """Answer one request after another until SIGTERM or SIGINT.

    Args:
        user: id of the only user that may ask, besides this process's own.
    """
    plugins.trust_only_own()
    with saying("signer", as_json=as_json) as say, open_desk(path) as desk:
        if desk.config.mode == "live":
            require_sealed(desk)
        looker = _signing_desk(desk)
        _accept_at_first_sight(desk)
        with _listen(socket_path) as listener:
            say(f"dao-bot signs as {looker.address_of('keeper')} at {socket_path}.")
            for number in (signal.SIGTERM, signal.SIGINT):
                signal.signal(number, _end)
            try:
                while True:
                    connection, _ = listener.accept()
                    with connection:
                        _serve_one(connection, looker, {os.getuid(), os.getuid() if user is None else user})
            except SystemExit:
                return DONE
            finally:
                socket_path.unlink(missing_ok=True)


def _end(_number: int, _frame: object) -> None:
    raise SystemExit(DONE)


def _signing_desk(desk: Desk) -> SigningDesk:
    settings = desk.config.treasury.keeper
    if settings is None or settings.key is None:
        raise BadInput(
            "the signer's own configuration does not say where the key is",
            next_step="Add treasury.keeper with `key` and `max_fee_per_gas`",
        )
    signer, fees = LocalSigner(read_key(settings.key)), FeePolicy(settings.max_fee_per_gas)
    return SigningDesk(desk.services, desk.store, signer, fees, _module_desk(desk))


def _module_desk(desk: Desk) -> ModuleDesk | None:
    module = desk.services.routes.get(MODULE)
    if not isinstance(module, Module):
        return None
    settings = desk.config.routes[MODULE].settings
    assert isinstance(settings, ModuleSettings), "of the route that was made with them"
    assert settings.key is not None, "the configuration holds it where the keeper's key is"
    return ModuleDesk(module, LocalSigner(read_key(settings.key)), desk.services.treasury.chain_id)


def _accept_at_first_sight(desk: Desk) -> None:
    """The signer's own record says who controlled the Safe when it began."""
    if desk.services.accepted_safe() is None:
        block, safe = look_at_safe(desk.services)
        accept_safe(desk.store, safe, block.timestamp)


def _listen(path: Path) -> socket.socket:
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        if path.is_socket():
            path.unlink()
        listener.bind(str(path))
        path.chmod(0o660)
        listener.listen(8)
    except OSError as error:
        listener.close()
        raise BadInput(
            f"the signer cannot listen there: {error.strerror}", value=path, next_step="Choose another path"
        ) from None
    return listener


def _serve_one(connection: socket.socket, looker: SigningDesk, users: set[int]) -> None:
    """One request; a stranger's is not even read. Trouble with one ends that one alone."""
    connection.settimeout(_PATIENCE)
    _, user, _ = struct.unpack(
        "3i", connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
    )
    if user not in users:
        _log.warning("user %d may not ask", user)
        return
    try:
        with connection.makefile("rb") as lines:
            line = lines.readline(LONGEST_LINE + 1)
        answer = _answer(line, looker)
        connection.sendall(json.dumps(answer).encode() + b"\n")
    except OSError as error:
        _log.warning("a connection broke: %s", error.strerror)


def _answer(line: bytes, looker: SigningDesk) -> dict[str, Any]:
    facts: dict[str, Any] = {"subject": "signer"}
    try:
        request = json.loads(line) if len(line) <= LONGEST_LINE else None
        if not isinstance(request, dict):
            raise BadInput("not a request", limit=f"a JSON object of at most {LONGEST_LINE} bytes on one line")
        if request.get("do") == "address":
            return {"address": str(looker.address_of(request.get("of")))}
        facts |= looker.ids_of(request.get("proposal"))
        if request.get("do") == "sign for the module":
            signature = looker.sign_for_module(request.get("proposal"))
            _log.info("signed for the module", extra={"facts": facts})
            return {"signature": to_data(signature)}
        if request.get("do") != "sign":
            what = str(request.get("do"))[:40]
            raise BadInput("no such request", value=what, limit="address, sign, sign for the module")
        transaction, as_member = from_json(request), request.get("as") == "member"
        signed = looker.sign_as_member(transaction) if as_member else looker.sign(transaction, request.get("proposal"))
        _log.info("signed a transaction to %s with nonce %d", transaction.to, signed.nonce, extra={"facts": facts})
        return {"raw": to_data(signed.raw)}
    except (DaoBotError, ValueError) as error:
        _log.warning("refused: %s", error, extra={"facts": facts})
        return {"refused": str(error)}
    except Exception as error:  # noqa: BLE001 - whatever it is, nothing was signed, and the next request is answered
        _log.warning("refused: %s", in_words(error), extra={"facts": facts})
        return {"refused": in_words(error)}
