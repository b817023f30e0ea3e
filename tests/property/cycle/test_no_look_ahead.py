"""Nothing that happened after the pinned block reaches a decision, and what happened before it does."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dao_bot.app.wiring import Desk, open_desk
from dao_bot.devnet.scenarios import give, set_feed_price, swap_as_stranger
from dao_bot.domain.hashing import canonical
from dao_bot.domain.runs import Block
from dao_bot.engine.look import look
from dao_bot.plugins import load_strategy
from dao_bot.strategy import Events, Observation
from tests.examples import examples
from tests.integration.app.kit import in_, open_office
from tests.property.cycle.office import RUN, Office

if TYPE_CHECKING:
    from dao_bot.devnet import RunningWorld

MINUTE = 60
CANDLES = "candles.csv"
Happening = Callable[["Ahead"], None]


@dataclasses.dataclass(frozen=True, repr=False)
class Ahead:
    """A desk whose strategy looks at everything there is: holdings, prices, pools, gas, candles and events."""

    office: Office
    directory: Path

    def candles(self, close: float, begin: int, end: int) -> None:
        """Overwrite what is known of the minutes in (begin, end]."""
        path = self.directory / CANDLES
        known = path.read_text().splitlines()[1:] if path.exists() else []
        rows = dict(line.split(",") for line in known)
        for time in range(begin // MINUTE * MINUTE + MINUTE, end + 1, MINUTE):
            rows[str(time)] = str(close)
        lines = [f"{time},{rows[time]}" for time in sorted(rows, key=int)]
        path.write_text("\n".join(["time,close", *lines]) + "\n")

    def observe(self, block: Block) -> Observation:
        """Everything at that block, read anew."""
        desk = self.office.desk
        strategy = self._strategy()
        needs = (*strategy.needs(), Events("transfers"))
        seen = look(desk.services, RUN, needs, block=block)
        return Observation(RUN, block, desk.services.treasury.tokens, {need: seen.seen[need] for need in needs})

    def decide(self, observation: Observation) -> Any:
        """The reserve's decision as plain data."""
        return canonical(self._strategy().decide(observation))

    def _strategy(self) -> Any:
        config = self.office.desk.config
        chosen = config.strategies["reserve"]
        kind = load_strategy(chosen.use, config.directory)
        context = {"tokens": tuple(config.tokens)}
        return kind(kind.Params.model_validate(dict(chosen.params), context=context))

    def pin(self) -> Block:
        return self.office.services.endpoints.pin()


def configured(written: Any, world: Any) -> None:
    """Candles of USDC/USDT and the transfers of USDC, besides what the demo reads."""
    file = {
        "path": CANDLES,
        "pair": "USDC/USDT",
        "columns": {"high": None, "low": None, "volume": None},
        "interval": "1m",
        "stamp": "close",
        "epoch": "s",
    }
    transfers = {
        "address": world.tokens["USDC"].address,
        "event": "Transfer(address indexed from, address indexed to, uint256 value)",
        "from_block": "0",
    }
    written.configure(
        lambda data: data.update(history={"files": [file]}, streams={"transfers": transfers}),
        in_("strategies", "reserve", "params", cross_rates=["USDC/USDT"]),
    )


@pytest.fixture(scope="module")
def ahead(running_world: RunningWorld, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ahead]:
    anvil, directory = running_world.anvil, tmp_path_factory.mktemp("ahead")
    snapshot = anvil.snapshot()
    written = open_office(directory, running_world.world, [anvil.url])
    configured(written, running_world.world)
    desk: Desk
    with open_desk(written.path) as desk:
        yield Ahead(Office(desk, running_world), directory)
    anvil.revert(snapshot)


def feed_moves(ahead: Ahead) -> None:
    set_feed_price(ahead.office.anvil, ahead.office.world, "USDC", 99_600_000)


def safe_receives(ahead: Ahead) -> None:
    world = ahead.office.world
    give(ahead.office.running, world.tokens["USDC"], world.safe, 777_000 * 10**6)


def pool_is_pushed(ahead: Ahead) -> None:
    swap_as_stranger(ahead.office.running, "USDT", "USDC", 100, 3_000_000 * 10**6)


def candles_close_lower(ahead: Ahead) -> None:
    now = ahead.office.anvil.timestamp()
    ahead.candles(0.98, now - 10 * MINUTE, now)


HAPPENINGS: dict[str, Happening] = {
    "a feed moves": feed_moves,
    "the Safe receives": safe_receives,
    "a pool is pushed": pool_is_pushed,
    "candles close lower": candles_close_lower,
}


@settings(max_examples=examples(5), deadline=None, database=None, suppress_health_check=list(HealthCheck))
@given(st.lists(st.sampled_from(sorted(HAPPENINGS)), min_size=1, max_size=3, unique=True))
def test_what_happens_after_the_block_changes_no_bit_and_what_happened_before_it_does(
    ahead: Ahead, happened: list[str]
) -> None:
    office = ahead.office
    with office.undone():
        office.anvil.set_time(office.anvil.timestamp() // MINUTE * MINUTE + MINUTE)
        now = office.anvil.timestamp()
        (ahead.directory / CANDLES).unlink(missing_ok=True)
        ahead.candles(1.0, now - 14 * 3_600, now)
        early = ahead.pin()
        first = ahead.observe(early)
        decided = ahead.decide(first)
        office.anvil.set_time(now + 20 * MINUTE)
        ahead.candles(1.0, now, now + 20 * MINUTE)
        for name in happened:
            HAPPENINGS[name](ahead)
        again = ahead.observe(early)
        assert again.digest == first.digest
        assert ahead.decide(again) == decided
        late = ahead.pin()
        later = ahead.observe(late)
        assert later.digest != first.digest
        assert ahead.decide(later) != decided
