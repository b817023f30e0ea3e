"""Asking a strategy in its own process: start it without secrets, bound it, and read its answer as data."""

from __future__ import annotations

import json
import os
import pickle
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dao_bot.domain.decisions import Decision
from dao_bot.domain.errors import BadInput, PluginFailed
from dao_bot.domain.json_depth import is_too_deep
from dao_bot.domain.needs import Need
from dao_bot.engine.answers import decision_from, need_from
from dao_bot.engine.worker import Request
from dao_bot.strategy import Observation

_ANSWER_LIMIT = 16 * 2**20
_LONGEST_LINE = 500
_DEEPEST_ANSWER = 64
_KEPT_ENVIRONMENT = ("PATH", "LANG", "LC_ALL", "TZ", "VIRTUAL_ENV", "SSL_CERT_FILE", "PYTHONDONTWRITEBYTECODE")
_ONE_THREAD = {
    name: "1" for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "RAYON_NUM_THREADS")
}


@dataclass(frozen=True, slots=True)
class Limits:
    """How long and how large a strategy may grow: seconds of wall clock, seconds of processor, bytes."""

    wall_seconds: float = 60.0
    cpu_seconds: int = 60
    memory_bytes: int = 6 * 2**30


@dataclass(frozen=True, slots=True)
class StrategyProcess:
    """One strategy with its parameters, asked in a fresh process each time.

    Attributes:
        name: its name in strategies.yaml, for messages.
        use: entry point, or `./file.py:Class` relative to `base`.
        operations, needs: the kinds that the configured protocols know; an answer with another kind is refused.
        tokens: the symbols that parameters may name; None does not check them.
    """

    name: str
    use: str
    base: Path
    params: Mapping[str, Any]
    operations: Mapping[str, type]
    needs: Mapping[str, type[Need[Any]]]
    limits: Limits = Limits()
    tokens: tuple[str, ...] | None = None

    def problems(self) -> list[dict[str, Any]]:
        """What is wrong with the parameters: pydantic's `loc`, and `msg` in words; empty when nothing is."""
        answer = self._ask(None)
        problems: list[dict[str, Any]] = answer.get("problems", [])
        return problems

    def describe(self) -> tuple[Need[Any], ...]:
        """What the strategy wants to see."""
        return tuple(need_from(raw, self.needs, self.name) for raw in self._checked(None)["needs"])

    def decide(self, observation: Observation) -> Decision:
        """The decision for this observation."""
        return decision_from(self._checked(observation)["decision"], self.operations, observation.tokens, self.name)

    def _checked(self, observation: Observation | None) -> dict[str, Any]:
        answer = self._ask(observation)
        if "problems" in answer:
            first = answer["problems"][0]
            raise BadInput(
                f"the parameters of strategy {self.name} are not valid",
                value=f"{'.'.join(map(str, first['loc']))}: {first['msg']}",
                next_step="Run `dao-bot check` to see every problem with its line",
            )
        return answer

    def _ask(self, observation: Observation | None) -> dict[str, Any]:
        request = Request(
            self.use,
            str(self.base),
            dict(self.params),
            observation,
            self.limits.cpu_seconds,
            self.limits.memory_bytes,
            self.tokens,
        )
        raw, status, errors = _run(pickle.dumps(request), self.limits.wall_seconds, self.name)
        if not raw:
            last_line = (errors.strip().splitlines() or [""])[-1][:_LONGEST_LINE]
            ended = PluginFailed(
                f"strategy {self.name} ended without an answer ({_how_it_ended(status)})",
                value=last_line or None,
                limit=f"{self.limits.cpu_seconds} s of processor, {self.limits.memory_bytes >> 20} MiB",
            )
            ended.details = errors
            raise ended
        try:
            text = raw.decode()
            if is_too_deep(text, _DEEPEST_ANSWER):
                raise ValueError("nested too deep")
            answer = json.loads(text)
        except ValueError as error:
            raise PluginFailed(f"strategy {self.name} answered what is not JSON", value=str(error)) from error
        if "failed" in answer:
            failure = PluginFailed(f"strategy {self.name} failed", value=str(answer["failed"])[:_LONGEST_LINE])
            failure.details = str(answer.get("traceback", ""))
            raise failure
        return answer  # type: ignore[no-any-return]  # the shape is checked field by field by the callers


def _how_it_ended(status: int) -> str:
    if status >= 0:
        return f"exit code {status}"
    meaning = {signal.SIGXCPU: ", its processor time was used up", signal.SIGKILL: ", out of time or memory"}
    return f"signal {signal.Signals(-status).name}{meaning.get(signal.Signals(-status), '')}"


def _run(request: bytes, wall_seconds: float, name: str) -> tuple[bytes, int, str]:
    """Answer bytes, exit status, and the end of what the plugin printed."""
    read_end, write_end = os.pipe()
    environment = {key: os.environ[key] for key in _KEPT_ENVIRONMENT if key in os.environ} | _ONE_THREAD
    process = subprocess.Popen(
        [sys.executable, "-I", "-m", "dao_bot.engine.worker", str(write_end)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        pass_fds=(write_end,),
        env=environment,
        start_new_session=True,
    )
    os.close(write_end)
    try:
        return _converse(process, read_end, request, time.monotonic() + wall_seconds, name)
    finally:
        os.close(read_end)
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        for stream in (process.stdin, process.stdout):
            if stream is not None:
                stream.close()


def _converse(
    process: subprocess.Popen[bytes], answer: int, request: bytes, deadline: float, name: str
) -> tuple[bytes, int, str]:
    """Feed the request and drain both outputs without ever blocking past the deadline."""
    assert process.stdin is not None and process.stdout is not None
    stdin, printed = process.stdin.fileno(), process.stdout.fileno()
    os.set_blocking(stdin, False)
    collected: dict[int, bytearray] = {answer: bytearray(), printed: bytearray()}
    reading, pending = [answer, printed], memoryview(request)
    while reading:
        remaining = deadline - time.monotonic()
        if remaining <= 0:
            raise PluginFailed(f"strategy {name} took too long and was ended", limit="its time limit")
        ready, writable, _ = select.select(reading, [stdin] if pending else [], [], remaining)
        if writable:
            pending = _feed(process, stdin, pending)
        for descriptor in ready:
            chunk = os.read(descriptor, 65_536)
            if not chunk:
                reading.remove(descriptor)
            collected[descriptor] += chunk
            if len(collected[answer]) > _ANSWER_LIMIT:
                raise PluginFailed(f"strategy {name} answered too much", limit=f"{_ANSWER_LIMIT >> 20} MiB")
            del collected[printed][:-65_536]
    status = process.wait(timeout=max(deadline - time.monotonic(), 1))
    return bytes(collected[answer]), status, collected[printed].decode(errors="replace")


def _feed(process: subprocess.Popen[bytes], stdin: int, pending: memoryview) -> memoryview:
    try:
        written = os.write(stdin, pending[:65_536])
    except BrokenPipeError:
        return pending[:0]
    if written == len(pending):
        assert process.stdin is not None
        process.stdin.close()
    return pending[written:]


def kinds(types: Iterable[type]) -> dict[str, type]:
    """`kind` -> type; two types of one kind are refused."""
    known: dict[str, type] = {}
    for each in types:
        kind = each.kind  # type: ignore[attr-defined]  # operations and needs both carry it
        if known.setdefault(kind, each) is not each:
            raise BadInput("two plugins bring the same kind", value=kind)
    return known
