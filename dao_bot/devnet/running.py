"""Starts the demo world: built on first use, then loaded from the cache in a moment, always with fresh prices."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from pathlib import Path
from types import TracebackType
from typing import Self

from dao_bot.devnet.abi import encode_call
from dao_bot.devnet.accounts import DEPLOYER
from dao_bot.devnet.anvil import Anvil
from dao_bot.devnet.artifacts import own_artifact
from dao_bot.devnet.build import WorldBuilder
from dao_bot.devnet.errors import DevnetError
from dao_bot.devnet.files import Progress, cache_directory, filled_directory, silent
from dao_bot.devnet.history import DAYS, play_history
from dao_bot.devnet.toolchain import Toolchain, anvil_version
from dao_bot.devnet.transactions import Read, Transaction, read_all, transact_all
from dao_bot.devnet.world import World

_GENESIS = 1_700_000_000
"""Fixed, so that every machine builds the same blocks; the clock is set to the present when the world starts."""

_BUILD_GAS_LIMIT = 10**12

BASE_FEE_WEI = 2 * 10**9
"""Of the first block, so that gas costs something in the demo too."""


@dataclass(frozen=True, slots=True)
class RunningWorld:
    """A chain with the demo world on it. A context manager that stops the chain."""

    anvil: Anvil
    world: World
    toolchain: Toolchain

    def stop(self) -> None:
        self.anvil.stop()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def start_world(
    toolchain: Toolchain,
    *,
    port: int | None = None,
    block_time: int | None = None,
    no_mining: bool = False,
    extra_tokens: int = 0,
    progress: Progress | None = None,
) -> RunningWorld:
    """The demo world on a new chain; `extra_tokens` adds the stablecoins T001, T002, … with feeds and pools.

    Raises:
        DevnetError: the chain cannot be built or started.
    """
    report = progress or silent
    prepared = _prepared_world(toolchain, extra_tokens, report)
    world = World.from_json((prepared / "world.json").read_text())
    anvil = Anvil(
        toolchain.anvil, port=port, block_time=block_time, no_mining=no_mining, load_state=prepared / "state.json"
    )
    try:
        _bring_to_present(anvil, toolchain.packages, world)
    except BaseException:
        anvil.stop()
        raise
    return RunningWorld(anvil, world, toolchain)


def refresh_feeds(anvil: Anvil, feeds: Mapping[str, str]) -> None:
    """Repeat each feed's answer with the time of the latest block."""
    feed = own_artifact("PriceFeed")
    now = anvil.timestamp()
    addresses = sorted(set(feeds.values()))
    rounds = read_all(anvil, [Read(address, feed, "latestRoundData") for address in addresses])
    transact_all(
        anvil,
        [
            Transaction(DEPLOYER.address, address, encode_call(feed, "set", answer, now))
            for address, (_, answer, *_) in zip(addresses, rounds, strict=True)
        ],
    )


def _bring_to_present(anvil: Anvil, packages: Path, world: World) -> None:
    now = int(time.time())
    if anvil.timestamp() > now - DAYS * 86_400:
        raise DevnetError("the prepared chain lies in the future", next_step="Set this machine's clock")
    play_history(anvil, packages, world, now)
    anvil.rpc("anvil_setNextBlockBaseFeePerGas", hex(BASE_FEE_WEI))
    anvil.set_time(max(now, int(time.time())))
    refresh_feeds(anvil, world.feeds)


def _prepared_world(toolchain: Toolchain, extra_tokens: int, report: Progress) -> Path:
    target = cache_directory() / "worlds" / f"{_fingerprint(toolchain.anvil)}-{extra_tokens}"

    def fill(staging: Path) -> None:
        report("Deploying the demo world (a few seconds, once)")
        # Mining by hand puts many transactions into one block; anvil copies its whole state for every block.
        with Anvil(toolchain.anvil, timestamp=_GENESIS, no_mining=True, gas_limit=_BUILD_GAS_LIMIT) as anvil:
            world = WorldBuilder(anvil, toolchain.packages, extra_tokens).build()
            anvil.dump_state(staging / "state.json")
        (staging / "world.json").write_text(world.to_json())

    return filled_directory(
        target, fill, waiting=lambda: report("Waiting for another process that is deploying the demo world")
    )


@cache
def _fingerprint(anvil: Path) -> str:
    """Changes with anything that the prepared state depends on."""
    binary = anvil.stat()
    identity = f"{anvil_version()} {binary.st_size} {binary.st_mtime_ns} {version('safe-eth-py')}"
    digest = hashlib.sha256(identity.encode())
    root = Path(__file__).parent
    for path in sorted([*root.glob("*.py"), *root.glob("contracts/*.json"), root / "packages" / "package-lock.json"]):
        digest.update(path.name.encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:16]
