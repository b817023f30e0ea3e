"""One anvil process: started, spoken to, and ended with its parent whatever happens to that."""

from __future__ import annotations

import gzip
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from dao_bot.devnet.errors import DevnetError
from dao_bot.devnet.rpc import RpcConnection

CHAIN_ID = 31337
_START_SECONDS = 60.0
_QUIET_SECONDS = 30.0
_LISTENING = re.compile(rb"Listening on 127\.0\.0\.1:(\d+)")

# Waits until the parent's end of the pipe closes, as it does even when the parent is killed.
_WATCHDOG = 'read -r _; kill -9 "$1" 2>/dev/null; rm -rf "$2"'


class Anvil:
    """A running anvil. Use it as a context manager, or call `stop`.

    Args:
        block_time: seconds after which an empty block comes, too; a transaction is mined at once all the same.

    Attributes:
        url: its HTTP address.
        ipc: its Unix socket, 2.5 times faster than HTTP.
        pid: its process id.

    Raises:
        DevnetError: anvil does not start, for instance because the port is taken.
    """

    def __init__(
        self,
        executable: Path,
        *,
        port: int | None = None,
        chain_id: int = CHAIN_ID,
        block_time: int | None = None,
        no_mining: bool = False,
        timestamp: int | None = None,
        gas_limit: int | None = None,
        load_state: Path | None = None,
        fork_url: str | None = None,
        fork_block: int | None = None,
        extra: Sequence[str] = (),
    ) -> None:
        self._directory = Path(tempfile.mkdtemp(prefix="dao-bot-anvil-"))
        self.ipc = self._directory / "anvil.ipc"
        self._log = self._directory / "log"
        options = {
            "--port": port or 0,
            "--chain-id": chain_id,
            "--ipc": self.ipc,
            "--block-time": block_time,
            "--timestamp": timestamp,
            "--gas-limit": gas_limit,
            "--load-state": load_state,
            "--fork-url": fork_url,
            "--fork-block-number": fork_block,
        }
        command = [str(executable), *(f"{name}={value}" for name, value in options.items() if value is not None)]
        switches = {"--no-mining": no_mining, "--mixed-mining": block_time is not None}
        self._start([*command, *(name for name, wanted in switches.items() if wanted), *extra])

    def _start(self, command: list[str]) -> None:
        try:
            with self._log.open("wb") as log:
                # A session of its own: Ctrl-C reaches only the parent, which may still need the chain to stop cleanly.
                self._process = subprocess.Popen(
                    command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
                )
        except OSError as error:
            shutil.rmtree(self._directory, ignore_errors=True)
            raise DevnetError(f"anvil cannot be started: {error.strerror}", value=command[0]) from error
        self.pid = self._process.pid
        self._watchdog = subprocess.Popen(
            ["/bin/sh", "-c", _WATCHDOG, "sh", str(self.pid), str(self._directory)],
            stdin=subprocess.PIPE,
            start_new_session=True,
        )
        try:
            self.port = self._wait_for_port()
            self.url = f"http://127.0.0.1:{self.port}"
            self._rpc = RpcConnection(self.port)
            self._rpc.call("eth_chainId")
        except BaseException:
            self._end_processes()
            raise

    def _wait_for_port(self) -> int:
        deadline = time.monotonic() + _START_SECONDS
        while time.monotonic() < deadline:
            if found := _LISTENING.search(self._log.read_bytes()):
                return int(found.group(1))
            if self._process.poll() is not None:
                raise DevnetError(
                    f"anvil ended at its start: {self._log.read_text(errors='replace').strip()[-500:]}",
                    next_step="If the port is taken, choose another one",
                )
            time.sleep(0.005)
        raise DevnetError("anvil did not start", limit=f"{_START_SECONDS:.0f} s", next_step="Run it again")

    def rpc(self, method: str, *params: Any) -> Any:
        """The result of one JSON-RPC call. Raises `DevnetError` when the node answers with an error."""
        return self._rpc.call(method, *params)

    def batch(self, calls: Sequence[tuple[str, Sequence[Any]]]) -> list[Any]:
        """The results of several (method, params) in one request."""
        return self._rpc.batch(calls)

    def snapshot(self) -> str:
        """Id of the present state, for one `revert`."""
        return str(self.rpc("evm_snapshot"))

    def revert(self, snapshot: str) -> None:
        """Back to the state of `snapshot`, which is consumed; what waits for a block is forgotten.

        Raises:
            DevnetError: there is no such snapshot.
        """
        if self.mines_on_demand:
            self._settle()
        self.rpc("anvil_dropAllTransactions")
        if not self.rpc("evm_revert", snapshot):
            raise DevnetError("the snapshot does not exist any more", value=snapshot, next_step="Take a new one")

    @property
    def mines_on_demand(self) -> bool:
        """Whether each transaction gets a block at once."""
        return bool(self.rpc("anvil_getAutomine"))

    @contextmanager
    def mining_by_hand(self) -> Iterator[None]:
        """Blocks come from `mine` alone, which returns when all is done; where they come by time, they still do.

        On demand, anvil mines in a task of its own, and shows a receipt before that task has tidied up its pool. A busy
        machine makes that gap long enough for the next transaction, or a revert, to fall into it.
        """
        if not self.mines_on_demand:
            yield
            return
        self.rpc("evm_setAutomine", False)
        try:
            yield
        finally:
            self.rpc("evm_setAutomine", True)

    def _settle(self) -> None:
        """Wait until the pool is empty: until then, a block on demand may still be under way."""
        deadline = time.monotonic() + _QUIET_SECONDS
        while any(int(count, 16) for count in self.rpc("txpool_status").values()):
            if time.monotonic() > deadline:
                return
            time.sleep(0.005)

    def timestamp(self) -> int:
        """Unix time of the latest block."""
        return int(self.rpc("eth_getBlockByNumber", "latest", False)["timestamp"], 16)

    def set_time(self, timestamp: int) -> None:
        """Mine one block at `timestamp`; the clock goes on from there."""
        self.rpc("evm_setNextBlockTimestamp", timestamp)
        self.mine()

    def advance(self, seconds: int) -> None:
        """Mine one block `seconds` after the latest one."""
        self.set_time(self.timestamp() + seconds)

    def mine(self, blocks: int = 1) -> None:
        """Mine blocks. More than some hundred are slow: move the clock with `advance` instead."""
        self.rpc("anvil_mine", hex(blocks))

    def dump_state(self, path: Path) -> None:
        """Write the whole state to a file that `load_state` takes."""
        dumped = bytes.fromhex(str(self.rpc("anvil_dumpState")).removeprefix("0x"))
        path.write_bytes(gzip.decompress(dumped))

    def is_running(self) -> bool:
        """Whether the process is alive."""
        return self._process.poll() is None

    def stop(self) -> None:
        """End the process. Stopping twice does no harm."""
        self._rpc.close()
        self._end_processes()

    def _end_processes(self) -> None:
        # The watchdog goes first: after anvil is reaped its process id may belong to somebody else.
        self._watchdog.kill()
        self._watchdog.wait()
        if self._watchdog.stdin and not self._watchdog.stdin.closed:
            self._watchdog.stdin.close()
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait()
        shutil.rmtree(self._directory, ignore_errors=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
