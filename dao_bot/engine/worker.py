"""The program that runs strategies, without secrets: it forks one worker for each question of `engine.fork_server`.

A worker reads one pickled request (from the keeper, trusted) on standard input and writes one JSON answer on file
descriptor 3, so that whatever a plugin prints cannot be mistaken for an answer. The process that forks sees neither,
and has run no plugin.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import json
import os
import pickle
import signal
import socket
import sys
import traceback
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dao_bot.config.wording import in_words
from dao_bot.domain.hashing import canonical
from dao_bot.engine.fence import limit_resources, raise_fence
from dao_bot.plugins import STRATEGIES, load_strategy, names
from dao_bot.strategy import Decision, Observation, Strategy

LIBRARIES = ("scipy.sparse", "highspy", "cvxpy", "pandas", "sklearn.linear_model", "sklearn.decomposition")
"""What may be imported before a fork: libraries alone, no plugin's code."""
_ANSWER = 3


@dataclass(frozen=True, slots=True)
class Request:
    """`use` as in strategies.yaml, relative to `base`. Without an observation only parameters and needs are asked.

    `tokens` are the symbols that parameters may name; None where they are not known.
    """

    use: str
    base: str
    params: dict[str, Any]
    observation: Observation | None
    cpu_seconds: int
    memory_bytes: int
    tokens: tuple[str, ...] | None = None


def main() -> None:
    """Serve on the socket that is standard input, until its other end is closed."""
    control = socket.socket(fileno=0)
    names(STRATEGIES)  # reads once, for all workers, what is installed
    descriptors = _fork_for_each_question(control)
    os.setsid()
    control.detach()
    for number, descriptor in enumerate(descriptors):
        os.dup2(descriptor, number)
    os.closerange(_ANSWER + 1, os.sysconf("SC_OPEN_MAX"))
    _answer_one_request()
    sys.stdout.flush()
    os._exit(0)


def _fork_for_each_question(control: socket.socket) -> tuple[int, ...]:
    """Returns in workers alone, with what is to be their descriptors from 0 on."""
    while True:
        libraries, descriptors, _, _ = socket.recv_fds(control, 4096, 3)
        if not libraries:
            os._exit(0)
        request, printed, answer = descriptors
        for name in json.loads(libraries):
            importlib.import_module(name)
        gc.freeze()  # else the first collection of each worker would copy what it shares
        worker = os.fork()
        if worker == 0:
            return request, printed, printed, answer
        for descriptor in descriptors:
            os.close(descriptor)
        control.send(str(worker).encode())
        wanted = control.recv(16)
        kill(worker)
        _, status = os.waitpid(worker, 0)
        if not wanted:
            os._exit(0)
        control.send(str(os.waitstatus_to_exitcode(status)).encode())


def kill(worker: int) -> None:
    """End a worker, which may not lead its process group yet, and its group."""
    for end in (os.kill, os.killpg):
        with contextlib.suppress(ProcessLookupError):
            end(worker, signal.SIGKILL)


def _answer_one_request() -> None:
    request: Request = pickle.load(sys.stdin.buffer)
    limit_resources(request.cpu_seconds, request.memory_bytes)
    try:
        answer = _answer(request)
    except Exception as error:  # noqa: BLE001 - whatever the plugin raises is its answer, told to the parent
        answer = {"failed": _in_one_line(error), "traceback": traceback.format_exc(limit=-8)}
    answer["libraries"] = [name for name in LIBRARIES if name in sys.modules]
    with os.fdopen(_ANSWER, "w", encoding="utf-8") as out:
        json.dump(answer, out, allow_nan=False)


def _in_one_line(error: Exception) -> str:
    """Kind, message, and the last place outside of this program and its libraries."""
    message = " ".join(str(error).split())
    frames = traceback.extract_tb(error.__traceback__)
    ours = (str(Path(__file__).parents[1]), sys.prefix, sys.base_prefix)
    theirs = [frame for frame in frames if not frame.filename.startswith((*ours, "<"))]
    where = f" ({Path(theirs[-1].filename).name}, line {theirs[-1].lineno})" if theirs else ""
    return f"{type(error).__name__}{': ' if message else ''}{message}{where}"


def _answer(request: Request) -> dict[str, Any]:
    from pydantic import ValidationError

    strategy_class = load_strategy(request.use, Path(request.base))
    try:
        params = strategy_class.Params.model_validate(request.params, context={"tokens": request.tokens})
    except ValidationError as error:
        items = error.errors(include_url=False)
        problems = [{"loc": list(item["loc"]), "msg": in_words(item, strategy_class.Params)} for item in items]
        return {"problems": problems}
    strategy: Strategy = strategy_class(params)
    if request.observation is None:
        return {"described": True, "needs": [{"kind": need.kind, **canonical(need)} for need in strategy.needs()]}
    raise_fence(Path(request.base))
    return {"decision": decision_as_json(strategy.decide(request.observation))}


def decision_as_json(decision: Decision) -> dict[str, Any]:
    """Plain JSON of a decision, each operation beside its kind."""
    if not isinstance(decision, Decision):
        raise TypeError(f"decide() must return a Decision, returned {type(decision).__name__}")
    plain: dict[str, Any] = canonical(decision)
    plain["operations"] = [{"kind": operation.kind, **canonical(operation)} for operation in decision.operations]
    return plain
