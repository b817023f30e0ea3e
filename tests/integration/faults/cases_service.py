"""The transaction service: down, lying, forging, repeating, forgetting."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from tests.contract.owners_queue.standin import always
from tests.integration.engine.queue_kit import lying
from tests.integration.faults.matrix import case
from tests.integration.faults.routes import ServedBench

LONGEST_RETRY = 900
"""Seconds until a service that was down is asked again."""

Change = Callable[[dict[str, Any]], object]


@contextmanager
def _says(bench: ServedBench, change: Change) -> Iterator[None]:
    """Meanwhile the service shows the payment otherwise than it is."""
    behaviours = bench.there.service.behaviours
    behaviours.append(lying(lambda content: change(content["results"][0])))
    yield
    behaviours.clear()


@case("the service is down for an hour while the owners sign there", effects=1, route="service")
def _(bench: ServedBench) -> None:
    bench.there.service.behaviours.append(always(lambda request: request.hang_up()))
    bench.owners_confirm()
    for _ in range(6):
        bench.tick()
    bench.there.service.behaviours.clear()
    bench.there.clock.now += LONGEST_RETRY


@case("the service tells another hash for a while", effects=1, route="service")
def _(bench: ServedBench) -> None:
    bench.owners_confirm()
    with _says(bench, lambda shown: shown.update(safeTxHash="0x" + "ab" * 32)):
        assert "ALARM" in bench.tick()


@case("the service shows the owners' signatures beside another recipient", effects=0, route="service")
def _(bench: ServedBench) -> None:
    bench.owners_confirm()
    with _says(bench, lambda shown: shown.update(to=bench.office.world.stranger)):
        assert "ALARM" in bench.tick()
        bench.settle()
    bench.there.service.kept.clear()


@case("the service shows one owner's signature as that of two", effects=0, route="service")
def _(bench: ServedBench) -> None:
    bench.owners_confirm(0)
    signature = bench.there.signature(bench.there.batch(bench.proposal), 0)
    bench.there.put(bench.there.hash(bench.proposal), signature, 1)
    assert "ALARM" in bench.tick()


def _repeat(shown: dict[str, Any]) -> None:
    shown["confirmations"] *= 3


@case("the service repeats the only confirmation", effects=0, route="service")
def _(bench: ServedBench) -> None:
    bench.owners_confirm(0)
    with _says(bench, _repeat):
        bench.settle()


@case("the service repeats all confirmations", effects=1, route="service")
def _(bench: ServedBench) -> None:
    bench.owners_confirm()
    with _says(bench, _repeat):
        bench.settle()


@case("the service forgets a confirmation that it has shown", effects=1, route="service")
def _(bench: ServedBench) -> None:
    bench.owners_confirm(0)
    bench.tick()
    bench.there.service.kept[bench.there.hash(bench.proposal)].confirmations.clear()
    bench.owners_confirm(1)


@case("the service says that an unsigned payment is executed", effects=0, route="service")
def _(bench: ServedBench) -> None:
    bench.there.service.kept[bench.there.hash(bench.proposal)].executed_in = "0x" + "11" * 32
