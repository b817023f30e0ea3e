"""The local chain: anvil, the real contracts on it, and a demo treasury. For demos, tests and benchmarks only."""

from dao_bot.devnet.anvil import Anvil
from dao_bot.devnet.running import RunningWorld, start_world
from dao_bot.devnet.toolchain import Toolchain, ensure_toolchain
from dao_bot.devnet.world import TokenInfo, World

__all__ = ["Anvil", "RunningWorld", "TokenInfo", "Toolchain", "World", "ensure_toolchain", "start_world"]
