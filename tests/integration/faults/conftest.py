"""The treasury behind two nodes of two operators, each of which can be made to lie."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from dao_bot.app.wiring import open_desk
from tests.integration.chain.hostile import HostileServer, honest, liar
from tests.integration.engine.kit import KEEPER_VARIABLE, Office, write_config
from tests.integration.engine.module_kit import module_office
from tests.integration.engine.queue_kit import served_office
from tests.integration.faults.bench import GWEI, Bench
from tests.integration.faults.matrix import Case
from tests.integration.faults.postgresql import Cluster, own_cluster
from tests.integration.faults.routes import module_bench, served_bench

if TYPE_CHECKING:
    from dao_bot.devnet import Anvil, World


@pytest.fixture
def cluster(case: Case) -> Iterator[Cluster | None]:
    """For a case that asks for it."""
    if not case.own_server:
        yield None
        return
    with own_cluster() as cluster:
        yield cluster


@pytest.fixture
def bench(
    case: Case, tmp_path: Path, world: World, anvil: Anvil, monkeypatch: pytest.MonkeyPatch, cluster: Cluster | None
) -> Iterator[Bench]:
    """Of the case's route, with the payment ready."""
    if case.route == "module":
        with module_office(tmp_path, world, anvil, monkeypatch) as office:
            opened: Bench = module_bench(office)
            opened.prepare()
            yield opened
    elif case.route == "service":
        with served_office(tmp_path, world, anvil, monkeypatch) as served:
            opened = served_bench(served)
            opened.prepare()
            yield opened
    else:
        with between_nodes(tmp_path, world, anvil, monkeypatch, cluster) as opened:
            yield opened


@contextmanager
def between_nodes(
    tmp_path: Path, world: World, anvil: Anvil, monkeypatch: pytest.MonkeyPatch, cluster: Cluster | None
) -> Iterator[Bench]:
    """The treasury behind two nodes that can be made to lie."""
    monkeypatch.setenv(KEEPER_VARIABLE, world.keeper_key)
    with HostileServer(liar(anvil.port, honest)) as one, HostileServer(liar(anvil.port, honest)) as two:

        def behind_them(data: dict[str, Any]) -> None:
            if cluster is not None:
                data["store"]["url"] = cluster.url
            operators = (("one", one.url), ("two", two.url))
            data["treasury"]["chain"]["rpcs"] = [{"url": url, "operator": name} for name, url in operators]

        with open_desk(write_config(tmp_path, anvil.url, behind_them)) as desk:
            bench = Bench(Office(desk, world, anvil), (one, two), cluster)
            bench.prepare()
            yield bench
            # A revert to a snapshot does not take these back.
            anvil.rpc("evm_setAutomine", True)
            anvil.rpc("anvil_setNextBlockBaseFeePerGas", hex(GWEI))
