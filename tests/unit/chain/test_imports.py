from __future__ import annotations

import subprocess
import sys

ROOM = (
    *("rpc", "endpoints", "reads", "simulation", "witnesses", "sending", "executions", "realised", "gas", "reverts"),
    *("transactions", "safe_state", "logs"),
)
HEAVY = ("web3", "eth_abi", "eth_account", "requests", "urllib3", "safe_eth", "aiohttp", "pandas")


def test_no_heavy_library_is_loaded_by_importing_the_room() -> None:
    imports = "".join(f"import dao_bot.chain.{name}\n" for name in ROOM)
    script = f"import sys\n{imports}print([name for name in {HEAVY} if name in sys.modules])"
    loaded = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout
    assert loaded.strip() == "[]"
