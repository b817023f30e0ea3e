"""The treasury behind two nodes of two operators, each of which can be made to lie."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from dao_bot.app.wiring import open_desk
from tests.integration.chain.hostile import HostileServer, honest, liar
from tests.integration.engine.kit import KEEPER_VARIABLE, Office, write_config
from tests.integration.faults.bench import GWEI, Bench
from tests.integration.faults.matrix import Case
from tests.integration.faults.postgresql import Cluster, own_cluster

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
    tmp_path: Path, world: World, anvil: Anvil, monkeypatch: pytest.MonkeyPatch, cluster: Cluster | None
) -> Iterator[Bench]:
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
