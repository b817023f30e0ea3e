"""The transaction service that the tests run against: the stand-in, or the real one that the environment names.

`SAFE_TX_SERVICE_URL` is the address of a service, without `/api`; `SAFE_TX_SERVICE_NODE` the port on this machine of
the anvil that it follows, such as `dao-bot devnet --port 8545`. docs/safe-transaction-service.md says how.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from tests.contract.owners_queue.kit import REAL, Bench, FollowedAnvil, open_bench
from tests.contract.owners_queue.standin import StandIn

if TYPE_CHECKING:
    from dao_bot.devnet import Toolchain


@pytest.fixture
def bench(toolchain: Toolchain, request: pytest.FixtureRequest) -> Iterator[Bench]:
    """A Safe of its own for each test, with the service and a delegate that an owner registered."""
    salt = secrets.randbits(60)
    if REAL is not None:
        anvil = FollowedAnvil(int(os.environ["SAFE_TX_SERVICE_NODE"]))
        yield open_bench(anvil, toolchain, REAL, salt, None)
        anvil.stop()
        return
    anvil = request.getfixturevalue("anvil")
    with StandIn(anvil.url) as standin:
        yield open_bench(anvil, toolchain, standin.url, salt, standin)
