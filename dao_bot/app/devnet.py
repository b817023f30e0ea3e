"""`dao-bot devnet`: the local chain with the real contracts, kept running."""

from __future__ import annotations

import signal
import sys

from dao_bot.app.output import print_json, print_text, progress
from dao_bot.devnet.running import refresh_feeds, start_world
from dao_bot.devnet.toolchain import ensure_toolchain
from dao_bot.devnet.world import World

_BLOCK_SECONDS = 12
"""Between two blocks without transactions, so that the chain's time, by which schedules fire, goes on."""
_FEED_SECONDS = 3600
"""Between two answers of the price feeds, whose heartbeat is 24 hours."""
_ENDING = (signal.SIGINT, signal.SIGTERM)


def devnet(port: int, as_json: bool) -> int:
    """Start the chain, say where everything is, and keep its feeds answering until a signal comes."""
    report = progress(quiet=as_json)
    with start_world(ensure_toolchain(report), port=port, block_time=_BLOCK_SECONDS, progress=report) as running:
        world = running.world
        facts = {
            "rpc": running.anvil.url,
            "chain_id": world.chain_id,
            "safe": world.safe,
            "owners": world.owners,
            "threshold": world.threshold,
            "keeper": world.keeper,
            "keys": {"owners": world.owner_keys, "keeper": world.keeper_key, "module signer": world.module_signer_key},
            "tokens": {symbol: token.address for symbol, token in world.tokens.items()},
            "feeds": world.feeds,
        }
        if as_json:
            print_json(facts)
        else:
            lines = [f"{name:10} {value}" for name, value in facts.items() if name != "keys"]
            print_text("\n".join([*lines, "", *_keys(world), "", "Stop it with Ctrl-C."]))
        sys.stdout.flush()
        signal.pthread_sigmask(signal.SIG_BLOCK, _ENDING)
        while signal.sigtimedwait(_ENDING, _FEED_SECONDS) is None:
            refresh_feeds(running.anvil, world.feeds)
    return 0


def _keys(world: World) -> list[str]:
    owners = [f"export OWNER_{number}={key}" for number, key in enumerate(world.owner_keys, start=1)]
    return [
        "Public keys of this chain alone; whoever uses them elsewhere has lost what they hold:",
        f"export DAO_BOT_KEEPER_KEY={world.keeper_key}",
        f"export DAO_BOT_MODULE_KEY={world.module_signer_key}",
        *owners,
    ]
