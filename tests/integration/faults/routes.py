"""The bench on other routes: through a module, and with owners who sign at a transaction service."""

from __future__ import annotations

from dataclasses import dataclass

from dao_bot.app.keeping import make_keeper
from dao_bot.devnet.transactions import Transaction, transact
from dao_bot.engine.keeper import Keeper
from dao_bot.safe.roles.contract import INVALIDATE, module_tx_hash
from tests.integration.engine.kit import Office
from tests.integration.engine.module_kit import module_of, relay
from tests.integration.engine.queue_kit import ServedOffice
from tests.integration.faults.bench import Bench

_PAID = 400
_LATER = 600.0
"""Seconds between two ticks, in which the service is asked again."""


@dataclass
class ModuleBench(Bench):
    """The treasury pays inside the limits of a role; nobody has to sign."""

    def prepare(self) -> None:
        self.proposal = self.office.propose(self.office.payment("USDC", _PAID))

    def effects(self) -> int:
        """Payments that have arrived."""
        paid, rest = divmod(self.office.received(), _PAID * 10**6)
        assert not rest
        return paid

    def relay_as_stranger(self) -> None:
        """A stranger sends what was signed; raises `DevnetError` when it reverts."""
        relay(self.office, self.proposal)

    def invalidate(self) -> None:
        """The role's member takes back what is, or will be, signed for the payment."""
        world, proposal = self.office.world, self.stored.proposal
        module = module_of(self.office)
        salt = bytes.fromhex(self.proposal[2:])
        digest = module_tx_hash(world.chain_id, module.address, proposal.batch.transaction.data, salt)
        data = "0x" + INVALIDATE.encode(digest).hex()
        transact(self.office.anvil, Transaction(world.module_signer, world.roles, data))

    def _keeper(self) -> Keeper:
        return make_keeper(self.office.desk)


@dataclass
class ServedBench(Bench):
    """The payment waits at the service; the keeper lives on, and time passes between its ticks."""

    served: ServedOffice | None = None

    @property
    def there(self) -> ServedOffice:
        assert self.served is not None
        return self.served

    def prepare(self) -> None:
        self.proposal = self.there.queued()

    def owners_confirm(self, *owners: int) -> None:
        """In the service, by default as many as the threshold asks for."""
        for owner in owners or range(self.office.world.threshold):
            self.there.confirm(self.proposal, owner)

    def _keeper(self) -> Keeper:
        self.there.clock.now += _LATER
        return self.there.keeper


def served_bench(served: ServedOffice) -> ServedBench:
    """On that office."""
    return ServedBench(served.office, (), served=served)


def module_bench(office: Office) -> ModuleBench:
    """On that office."""
    return ModuleBench(office, ())
