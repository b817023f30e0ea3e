"""`python -m dao_bot.devnet`: install the local chain and prepare the demo world, and say what is going on."""

from __future__ import annotations

import sys

from dao_bot.devnet.running import start_world
from dao_bot.devnet.toolchain import ensure_toolchain
from dao_bot.domain.errors import DaoBotError


def _say(line: str) -> None:
    sys.stderr.write(f"dao-bot: {line}\n")
    sys.stderr.flush()


def main() -> int:
    """Exit code 0, or 1 with the reason on standard error."""
    try:
        start_world(ensure_toolchain(_say), progress=_say).stop()
    except DaoBotError as error:
        _say(str(error))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
