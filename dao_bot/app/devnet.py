"""`dao-bot devnet`: the local chain with the real contracts, kept running."""

from __future__ import annotations

import signal

from dao_bot.app.output import print_json, print_text, progress
from dao_bot.devnet.running import start_world
from dao_bot.devnet.toolchain import ensure_toolchain


def devnet(port: int, as_json: bool) -> int:
    """Start the chain, say where everything is, and wait for a signal."""
    report = progress(quiet=as_json)
    with start_world(ensure_toolchain(report), port=port, progress=report) as running:
        world = running.world
        facts = {
            "rpc": running.anvil.url,
            "chain_id": world.chain_id,
            "safe": world.safe,
            "owners": world.owners,
            "threshold": world.threshold,
            "keeper": world.keeper,
            "tokens": {symbol: token.address for symbol, token in world.tokens.items()},
            "feeds": world.feeds,
        }
        if as_json:
            print_json(facts)
        else:
            lines = [f"{name:10} {value}" for name, value in facts.items()]
            print_text("\n".join([*lines, "", "The keys are anvil's public development keys. Stop it with Ctrl-C."]))
        signal.sigwait({signal.SIGINT, signal.SIGTERM})
    return 0
