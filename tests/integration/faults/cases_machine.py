"""The machine: a disk that is full, an error at any write, a process that is stopped."""

from __future__ import annotations

import resource
from pathlib import Path

from dao_bot.domain.errors import StoreError
from tests.integration.engine.kit import at
from tests.integration.faults.bench import Bench
from tests.integration.faults.matrix import case


@case("the disk is full when the intent is to be recorded", effects=1)
def _(bench: Bench) -> None:
    file = bench.office.desk.store.file
    assert file is not None
    log, allowed = Path(f"{file}-wal"), resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (log.stat().st_size, allowed[1]))
    try:
        told = bench.tick()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, allowed)
    assert "disk" in told and bench.office.keeper_nonce() == 0, told


def _fails() -> None:
    raise StoreError("the database went away")


@case("the database goes away before the intent is recorded", effects=1)
def _(bench: Bench) -> None:
    with at("store.intend.before_commit", _fails):
        bench.tick()
    assert bench.office.keeper_nonce() == 0, "nothing leaves before it is on record"


@case("the database goes away after the transaction was sent", effects=1)
def _(bench: Bench) -> None:
    with at("store.mark_broadcast.before_commit", _fails):
        bench.tick()


@case("the database goes away before the outcome is recorded", effects=1)
def _(bench: Bench) -> None:
    with at("store.settle.before_commit", _fails):
        bench.tick()


def _restart(bench: Bench) -> None:
    assert bench.cluster is not None
    bench.cluster.stop()
    bench.cluster.start()


@case("PostgreSQL loses its power in the middle of recording the intent", effects=1, own_server=True)
def _(bench: Bench) -> None:
    with at("store.intend.before_commit", lambda: _restart(bench)):
        bench.tick()
    assert bench.office.keeper_nonce() == 0, "nothing leaves before it is on record"


@case("PostgreSQL loses its power in the middle of recording the outcome", effects=1, own_server=True)
def _(bench: Bench) -> None:
    with at("store.settle.before_commit", lambda: _restart(bench)):
        bench.tick()
