"""One open desk on the demo world for all examples."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from dao_bot.app.wiring import open_desk
from tests.integration.app.kit import in_, open_office
from tests.property.cycle.office import OPERATIONS, Office

if TYPE_CHECKING:
    from dao_bot.devnet import RunningWorld


@pytest.fixture(scope="module")
def office(running_world: RunningWorld, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """The demo's configuration with one address in its address book; the chain is as it was afterwards."""
    anvil = running_world.anvil
    snapshot = anvil.snapshot()
    anvil.set_time(max(int(time.time()), anvil.timestamp() + 1))
    written = open_office(tmp_path_factory.mktemp("office"), running_world.world, [anvil.url])
    written.configure(in_("treasury", address_book={"Operations multisig": OPERATIONS}))
    with open_desk(written.path) as desk:
        yield Office(desk, running_world)
    anvil.revert(snapshot)
