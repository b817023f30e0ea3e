"""A warm process that forks lives of a proposal: what takes a second to import is there at once, and may be killed.

Run as a program it reads one order for each line of standard input, as JSON, and answers with one line of JSON.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from dao_bot.domain import failpoints
from tests.integration.engine import life

if TYPE_CHECKING:
    from dao_bot.devnet import World

ROOT = Path(__file__).resolve().parents[3]
STEPS = {step.__name__: step for step in (life.propose, life.queue, life.live, life.reject)}


class Zygote:
    """The parent's side. A context manager; its process ends with it.

    Args:
        own_process: as in `life`.
    """

    def __init__(self, world: World, directory: Path, *, own_process: bool = False) -> None:
        self._own_process = own_process
        path = directory / "world.json"
        path.write_text(world.to_json())
        environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1"}
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.integration.engine.zygote", str(path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=ROOT,
            env=environment,
            text=True,
        )

    def trace(self, step: str, config: Path) -> list[str]:
        """Names of the failpoints that a whole step reaches, in their order."""
        names: list[str] = self._order(do="trace", step=step, config=str(config))
        return names

    def kill(self, step: str, config: Path, name: str, occurrence: int) -> int:
        """Let a step die as by `kill -9` when it reaches a failpoint for the n-th time; how its process ended."""
        status: int = self._order(do="kill", step=step, config=str(config), name=name, occurrence=occurrence)
        return status

    def kill_after(self, step: str, config: Path, seconds: float) -> int:
        """Kill a step from outside, whatever it is doing then; how its process ended, 0 if it was done before."""
        status: int = self._order(do="kill after", step=step, config=str(config), seconds=seconds)
        return status

    def play(self, step: str, config: Path) -> list[str]:
        """A step in a process of its own; what it told."""
        told: list[str] = self._order(do="play", step=step, config=str(config))
        return told

    def _order(self, **order: Any) -> Any:
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.write(json.dumps({**order, "own_process": self._own_process}) + "\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        assert answer, f"the zygote ended at {order}"
        return json.loads(answer)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.close()
        self._process.stdout.close()
        self._process.wait(30)


def main() -> None:
    """Serve orders until standard input ends."""
    from dao_bot.devnet.world import World

    world = World.from_json(Path(sys.argv[1]).read_text())
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    for line in sys.stdin:
        answers.write(json.dumps(_carry_out(world, **json.loads(line))) + "\n")
        answers.flush()


def _carry_out(world: World, do: str, step: str, config: str, own_process: bool, **order: Any) -> Any:
    path = Path(config)

    def play() -> list[str]:
        return STEPS[step](path, world, own_process=own_process)

    if do == "trace":
        names: list[str] = []
        failpoints.install(names.append)
        play()
        failpoints.install(None)
        return names
    if do == "kill":
        return _fork(lambda: _die_at(play, **order))
    if do == "kill after":
        return _fork(play, after=order["seconds"])
    told = path.with_suffix(".told")
    status = _fork(lambda: told.write_text(json.dumps(play())))
    return json.loads(told.read_text()) if status == 0 else [f"This is a bug: the process ended with {status}"]


def _die_at(play: Callable[[], object], name: str, occurrence: int) -> None:
    left = occurrence

    def hook(reached: str) -> None:
        nonlocal left
        left -= reached == name
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    failpoints.install(hook)
    play()


def _fork(work: Callable[[], object], after: float | None = None) -> int:
    """Do it in a forked process; its exit code, negative for a signal."""
    child = os.fork()
    if child == 0:
        try:
            work()
        except BaseException:  # noqa: BLE001 - this process must never return to where it was forked
            sys.excepthook(*sys.exc_info())
            os._exit(1)
        os._exit(0)
    if after is not None:
        time.sleep(after)
        os.kill(child, signal.SIGKILL)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


if __name__ == "__main__":
    main()
