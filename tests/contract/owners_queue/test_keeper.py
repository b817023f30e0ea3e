"""A whole life of proposals with a keeper between the chain and the service, whichever of both services it is."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from dao_bot.app.keeping import make_keeper
from dao_bot.app.wiring import open_desk
from dao_bot.devnet import RunningWorld
from dao_bot.devnet.scenarios import give
from dao_bot.domain.lifecycle import State
from dao_bot.engine.signing import batch_of, rejection_of
from dao_bot.safe.transaction import SafeTransaction
from tests.contract.owners_queue.kit import PATIENCE, Bench
from tests.integration.engine.kit import KEEPER_VARIABLE, Office, write_config

if TYPE_CHECKING:
    from dao_bot.devnet import Toolchain

PROPOSER_VARIABLE = "DAO_BOT_PROPOSER_KEY"


@dataclasses.dataclass
class Shop:
    """A treasury, and the service in which its owners sign."""

    office: Office
    bench: Bench

    def tick(self) -> list[str]:
        """Of a keeper that is started anew, and so asks the service at once."""
        return [step.told for step in make_keeper(self.office.desk).tick()]

    def until(self, holds: Callable[[], bool]) -> None:
        """Ticks until it holds; a real service takes a few seconds for some things."""
        deadline = time.monotonic() + PATIENCE
        while not holds():
            told = self.tick()
            assert "This is a bug" not in str(told), told
            assert time.monotonic() < deadline, told
            time.sleep(0.2)

    def propose(self, whole: int, nominal: int) -> str:
        proposal = self.office.propose(self.office.payment("USDC", whole), nominal=nominal)
        self.until(lambda: self.listed(batch_of(self.office.stored(proposal)) if self.has_nonce(proposal) else None))
        return proposal

    def has_nonce(self, proposal: str) -> bool:
        return self.office.stored(proposal).nonce is not None

    def listed(self, transaction: SafeTransaction | None) -> bool:
        return transaction is not None and self.bench.queue().waiting(0).find(self.bench.hash(transaction)) is not None

    def sign(self, transaction: SafeTransaction, owner: int) -> None:
        self.bench.queue().confirm(self.bench.hash(transaction), self.bench.signed(transaction, owner))


@pytest.fixture
def shop(
    bench: Bench, running_world: RunningWorld, toolchain: Toolchain, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Shop]:
    world = dataclasses.replace(running_world.world, safe=bench.safe)
    here = RunningWorld(bench.anvil, world, toolchain)
    bench.anvil.rpc("anvil_setBalance", world.deployer, hex(10**20))
    give(here, world.tokens["USDC"], bench.safe, 200_000 * 10**6)
    monkeypatch.setenv(KEEPER_VARIABLE, world.keeper_key)
    monkeypatch.setenv(PROPOSER_VARIABLE, bench.delegate_key.hex())

    def change(data: dict[str, Any]) -> None:
        data["treasury"]["safe"] = bench.safe
        data["treasury"]["service"] = {
            "url": bench.url,
            "proposer": f"env:{PROPOSER_VARIABLE}",
            "requests_per_second": "1000",
            "monthly_requests": "100000",
            "poll": "5s",
        }

    with open_desk(write_config(tmp_path, bench.anvil.url, change)) as desk:
        yield Shop(Office(desk, world, bench.anvil), bench)


def test_proposals_live_and_end_as_their_owners_sign_in_the_service(shop: Shop) -> None:
    office = shop.office
    before = office.received()

    paid = shop.propose(1000, nominal=1)
    assert office.stored(paid).nonce == 0
    batch = batch_of(office.stored(paid))
    shop.bench.queue().confirm(shop.bench.hash(batch), shop.bench.signed_by_contract(batch))
    office.sign(paid, 1)
    shop.until(lambda: office.state(paid) is State.EXECUTED)
    assert office.received() - before == 1000 * 10**6

    canceled = shop.propose(2000, nominal=2)
    assert office.stored(canceled).nonce == 1
    now = shop.bench.anvil.timestamp()
    office.desk.store.transition(canceled, State.QUEUED, State.CANCELED, now, "canceled", {})
    rejection = rejection_of(office.stored(canceled))
    shop.until(lambda: shop.listed(rejection))
    shop.sign(rejection, 0)
    shop.bench.queue().confirm(shop.bench.hash(rejection), shop.bench.eth_signed(rejection, 2))
    shop.until(lambda: any(event.kind == "closed" for event in office.desk.store.events(canceled)))

    shop.bench.propose(shop.bench.payment(3))
    behind = shop.propose(3000, nominal=3)
    assert office.stored(behind).nonce == 4, "behind what somebody else has queued"
    approved = batch_of(office.stored(behind))
    shop.bench.approve_on_chain(approved, 2)
    shop.sign(approved, 1)
    shop.until(lambda: office.state(behind) is State.READY)
    assert office.executions() == 2
    assert office.received() - before == 1000 * 10**6
    office.desk.store.verify()
