"""Two keepers and 200 proposals under random kills for ten minutes: none lost, none doubled."""

from __future__ import annotations

import random
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.contract.store.conftest import empty_postgresql_url, postgresql  # noqa: F401 - fixtures
from tests.integration.engine.fleet import Fleet
from tests.integration.engine.test_several_keepers import USDC, office  # noqa: F401 - the fixture

if TYPE_CHECKING:
    from tests.integration.engine.kit import Office

pytestmark = pytest.mark.chaos

PROPOSALS = 200
MINUTES = 10


def test_two_keepers_and_many_proposals(office: Office, tmp_path: Path) -> None:  # noqa: F811 - the fixture
    seed = random.randrange(2**32)
    sys.stdout.write(f"seed {seed}\n")
    proposals = [office.propose(office.payment("USDC", 10), nominal=number) for number in range(PROPOSALS)]
    with Fleet(office, random.Random(seed), tmp_path / "log") as fleet:
        fleet.work(time.monotonic() + MINUTES * 60, kill_every=(10.0, 40.0))
        sys.stdout.write(f"{fleet.kills} kills, {PROPOSALS - fleet.open_count()} of {PROPOSALS} executed\n")
        fleet.work(time.monotonic() + 3 * MINUTES * 60, kill_every=None)
    fleet.require_each_once(proposals, 10 * USDC)
