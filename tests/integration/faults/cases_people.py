"""Other people, and the keeper's own account."""

from __future__ import annotations

from contextlib import suppress

from dao_bot.devnet.errors import DevnetError
from dao_bot.domain.lifecycle import State
from dao_bot.engine.signing import batch_of
from tests.integration.engine.kit import SENDING, at
from tests.integration.faults.bench import Bench
from tests.integration.faults.matrix import case


@case("a stranger submits the signed batch first", effects=1)
def _(bench: Bench) -> None:
    bench.office.submit_as_stranger(batch_of(bench.stored))


@case("a stranger submits the signed batch while the keeper is sending", effects=1)
def _(bench: Bench) -> None:
    batch = batch_of(bench.stored)
    with at(SENDING, lambda: bench.office.submit_as_stranger(batch)):
        bench.tick()


@case("a stranger submits the signed batch again after it was executed", effects=1)
def _(bench: Bench) -> None:
    bench.tick()
    with suppress(DevnetError):
        bench.office.submit_as_stranger(batch_of(bench.stored))


@case("a stranger submits the signed batch after its deadline", effects=0)
def _(bench: Bench) -> None:
    bench.office.anvil.set_time(bench.stored.proposal.batch.valid_until + 1)
    with suppress(DevnetError):
        bench.office.submit_as_stranger(batch_of(bench.stored))


@case("a rival transaction takes the Safe's nonce, and nobody signs again", effects=0)
def _(bench: Bench) -> None:
    bench.rival()


@case("a rival transaction takes the Safe's nonce, and the owners sign again", effects=1)
def _(bench: Bench) -> None:
    bench.rival()
    bench.tick()
    assert (bench.stored.state, bench.stored.nonce) == (State.QUEUED, 1), bench.told
    bench.office.sign(bench.proposal)


@case("a rival transaction takes the Safe's nonce while the keeper is sending, and the owners sign again", effects=1)
def _(bench: Bench) -> None:
    with at(SENDING, bench.rival):
        bench.tick()
    bench.settle()
    bench.office.sign(bench.proposal)


@case("the keeper's key is used elsewhere before it sends", effects=1)
def _(bench: Bench) -> None:
    bench.use_keepers_key_elsewhere()


@case("the keeper's key is used elsewhere while it sends", effects=1)
def _(bench: Bench) -> None:
    with at(SENDING, bench.use_keepers_key_elsewhere):
        bench.tick()


@case("the keeper has no funds for a while", effects=1)
def _(bench: Bench) -> None:
    _without_funds(bench)
    bench.office.anvil.rpc("anvil_setBalance", bench.office.world.keeper, hex(10**18))


@case("the keeper never has funds", effects=0)
def _(bench: Bench) -> None:
    _without_funds(bench)


def _without_funds(bench: Bench) -> None:
    bench.office.anvil.rpc("anvil_setBalance", bench.office.world.keeper, "0x0")
    assert "cannot pay for the gas" in bench.tick()
    assert bench.office.desk.store.attempts(bench.proposal) == (), "nothing was signed"
