"""One life of a proposal, from the fire of the schedule to the outcome, for processes that are killed on the way."""

from __future__ import annotations

import dataclasses
import os
import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dao_bot.app.keeping import make_keeper, make_seat
from dao_bot.app.wiring import Desk, open_desk
from dao_bot.domain.decisions import Decision, Memory
from dao_bot.domain.lifecycle import State
from dao_bot.domain.operations import Transfer
from dao_bot.engine.look import look_at_safe
from dao_bot.engine.round import Round
from dao_bot.engine.services import Services
from dao_bot.engine.signing import hash_of, take_signature, transaction_of
from dao_bot.safe.signatures import signature_bytes
from dao_bot.safe.signing import key_address, sign_safe_transaction
from dao_bot.store.values import StoredProposal
from tests.integration.engine.kit import GRANTEE, KEEPER_VARIABLE, SIGNER_VARIABLE, deciding, write_config

if TYPE_CHECKING:
    from dao_bot.devnet import World

_ROUNDS = 6
"""More than any restart needs to bring a proposal to its end."""

PAID = 1000 * 10**6

PAY = f'''
from dao_bot.strategy import Decision, Memory, StrategyParams, Transfer


class Pay:
    name = "pay"
    Params = StrategyParams

    def __init__(self, params):
        pass

    def needs(self):
        return ()

    def decide(self, seen):
        memory = Memory(1, {{"paid": True}})
        return Decision((Transfer(seen.tokens["USDC"].amount({PAID}), "{GRANTEE}"),), "It is due.", memory=memory)
'''


def _pays_once_in_ten_years(data: dict[str, Any]) -> None:
    data["strategies"] = {
        "pay": {"use": "./pay.py:Pay", "schedule": {"every": "3650d"}, "approval": "two-owners", "valid_for": "12h"}
    }


def settle_down(directory: Path, node: str, change: Callable[[dict[str, Any]], object] | None = None) -> Path:
    """A configuration whose only strategy pays the grantee, beside an empty record."""
    directory.mkdir()
    (directory / "pay.py").write_text(PAY)

    def changed(data: dict[str, Any]) -> None:
        _pays_once_in_ten_years(data)
        if change is not None:
            change(data)

    return write_config(directory, node, changed)


def copy_of(original: Path, directory: Path) -> Path:
    """The configuration and its record as they are now, in another directory."""
    shutil.copytree(original.parent, directory)
    return directory / original.name


@contextmanager
def at_work(
    config: Path, world: World, *, own_process: bool, keeper_rests: bool = False
) -> Iterator[tuple[Desk, Round]]:
    """A keeper that has just started.

    Args:
        own_process: let the strategy decide in its own process, as it does in earnest; that takes a second.
    """
    os.environ[KEEPER_VARIABLE] = world.keeper_key
    os.environ[SIGNER_VARIABLE] = world.module_signer_key
    rests = threading.Event()
    if keeper_rests:
        rests.set()
    with open_desk(config) as desk:
        services = desk.services if own_process else _deciding_here(desk.services)
        seat = make_seat(desk)
        yield desk, Round(services, desk.store, make_keeper(desk, seat, rests), seat)


def propose(config: Path, world: World, *, own_process: bool) -> list[str]:
    """The run alone, up to the recorded proposal; what the round told."""
    with at_work(config, world, own_process=own_process, keeper_rests=True) as (_, round_):
        return [f"{each.subject}: {each.words}" for each in round_.play()]


def live(config: Path, world: World, *, own_process: bool) -> list[str]:
    """Play rounds and sign what is queued, until the proposal has its outcome; what the rounds told."""
    told: list[str] = []
    with at_work(config, world, own_process=own_process) as (desk, round_):
        for _ in range(_ROUNDS):
            told += [f"{each.subject}: {each.words}" for each in round_.play()]
            proposals = desk.store.proposals()
            if proposals and proposals[0].state is State.EXECUTED:
                break
            if proposals and proposals[0].state is State.QUEUED:
                _sign(desk, world, proposals[0])
    return told


def queue(config: Path, world: World, *, own_process: bool) -> list[str]:
    """Up to a queued proposal that is signed; the keeper has not looked at the signatures yet."""
    with at_work(config, world, own_process=own_process) as (desk, round_):
        told = [f"{each.subject}: {each.words}" for each in round_.play()]
        _sign(desk, world, desk.store.proposals()[0])
    return told


def reject(config: Path, world: World, *, own_process: bool) -> list[str]:
    """Cancel what is signed, sign its rejection, and play rounds until the record says that it is closed."""
    told: list[str] = []
    with at_work(config, world, own_process=own_process) as (desk, round_):
        for _ in range(_ROUNDS):
            (stored,) = desk.store.proposals()
            if stored.state in (State.QUEUED, State.READY):
                now = desk.services.endpoints.pin().timestamp
                desk.store.transition(stored.id, stored.state, State.CANCELED, now, "canceled", {})
            elif any(event.kind == "closed" for event in desk.store.events(stored.id)):
                break
            elif stored.state is State.CANCELED:
                _sign(desk, world, stored)
            told += [f"{each.subject}: {each.words}" for each in round_.play()]
    return told


def _deciding_here(services: Services) -> Services:
    """The same decision as `PAY`, made in this process."""
    (plan,) = services.strategies.values()
    payment = Transfer(services.treasury.tokens["USDC"].amount(PAID), GRANTEE)
    decision = Decision((payment,), "It is due.", memory=Memory(1, {"paid": True}))
    return dataclasses.replace(services, strategies={plan.name: deciding(plan, decision)})


def _sign(desk: Desk, world: World, stored: StoredProposal) -> None:
    """As many owners as the threshold asks for, each once, while the nonce is free."""
    treasury = desk.services.treasury
    block, safe = look_at_safe(desk.services)
    transaction = transaction_of(stored)
    if transaction.nonce < safe.nonce:
        return
    signed = {each.owner for each in desk.store.signatures("0x" + hash_of(desk.services, transaction).hex())}
    for key in (bytes.fromhex(key.removeprefix("0x")) for key in world.owner_keys[: world.threshold]):
        if key_address(key) not in signed:
            made = sign_safe_transaction(key, treasury.chain_id, treasury.safe, transaction, safe.owners)
            take_signature(desk.services, desk.store, stored, signature_bytes(made.signature), safe, block)
