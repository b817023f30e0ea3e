"""The module route: what is signed pays once, whoever sends it, and never once its salt is used up."""

from __future__ import annotations

import pytest

from dao_bot.devnet.errors import DevnetError
from dao_bot.domain.lifecycle import State
from tests.integration.engine.kit import KEEPER_VARIABLE, SENDING, at
from tests.integration.faults.matrix import case
from tests.integration.faults.routes import ModuleBench

RECORDED = "store.intend.after_commit"


def _dies() -> None:
    """In place of SIGKILL: nothing catches it."""
    raise SystemExit


def _killed_at(bench: ModuleBench, place: str) -> None:
    with at(place, _dies), pytest.raises(SystemExit):
        bench.tick()
    assert bench.stored.state is State.EXECUTING


@case("the keeper is killed before its module transaction leaves", effects=1, route="module")
def _(bench: ModuleBench) -> None:
    _killed_at(bench, RECORDED)


@case("the keeper is killed after its module transaction has left", effects=1, route="module")
def _(bench: ModuleBench) -> None:
    _killed_at(bench, "rpc:eth_sendRawTransaction:after")


@case("the keeper is killed before the outcome of its module transaction is recorded", effects=1, route="module")
def _(bench: ModuleBench) -> None:
    _killed_at(bench, "store.settle.before_commit")


@case(
    "the keeper is killed once it has signed for the module, and another account goes on",
    effects=1,
    route="module",
)
def _(bench: ModuleBench) -> None:
    _killed_at(bench, RECORDED)
    with pytest.MonkeyPatch.context() as elsewhere:
        elsewhere.setenv(KEEPER_VARIABLE, bench.office.world.stranger_key)
        bench.settle()


@case("a stranger relays the module transaction while the keeper is sending it", effects=1, route="module")
def _(bench: ModuleBench) -> None:
    with at(SENDING, bench.relay_as_stranger):
        bench.tick()


@case("a stranger relays the module transaction again after it was executed", effects=1, route="module")
def _(bench: ModuleBench) -> None:
    bench.tick()
    with pytest.raises(DevnetError, match="reverted"):
        bench.relay_as_stranger()


@case("the salt of a module transaction is invalidated before the keeper looks", effects=0, route="module")
def _(bench: ModuleBench) -> None:
    bench.invalidate()
    bench.settle()
    assert bench.stored.state is State.STALE
    assert bench.office.keeper_nonce() == 0, "it costs no gas"


@case("the salt of a module transaction is invalidated while the keeper is sending it", effects=0, route="module")
def _(bench: ModuleBench) -> None:
    with at(SENDING, bench.invalidate):
        bench.tick()
    bench.settle()
    assert bench.stored.state is State.STALE
    with pytest.raises(DevnetError, match="reverted"):
        bench.relay_as_stranger()
