"""Asking a strategy in its own process: start it without secrets, bound it, and read its answer as data."""

from __future__ import annotations

import json
import pickle
import signal
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dao_bot.domain.decisions import Decision
from dao_bot.domain.errors import BadInput, PluginFailed
from dao_bot.domain.json_depth import is_too_deep
from dao_bot.domain.needs import Need
from dao_bot.engine.answers import decision_from, need_from
from dao_bot.engine.fork_server import server
from dao_bot.engine.worker import Request
from dao_bot.strategy import Observation

_LONGEST_LINE = 500
_DEEPEST_ANSWER = 64


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
        raw, status, errors = server.ask(pickle.dumps(request), self.limits.wall_seconds, self.name)
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
            if not isinstance(answer, dict):
                raise ValueError("not an object")
        except ValueError as error:
            raise PluginFailed(f"strategy {self.name} answered what is not a JSON object", value=str(error)) from error
        server.import_once(answer.pop("libraries", None))
        if "failed" in answer:
            failure = PluginFailed(f"strategy {self.name} failed", value=str(answer["failed"])[:_LONGEST_LINE])
            failure.details = str(answer.get("traceback", ""))
            raise failure
        return answer


def _how_it_ended(status: int) -> str:
    if status >= 0:
        return f"exit code {status}"
    meaning = {signal.SIGXCPU: ", its processor time was used up", signal.SIGKILL: ", out of time or memory"}
    return f"signal {signal.Signals(-status).name}{meaning.get(signal.Signals(-status), '')}"


def kinds(types: Iterable[type]) -> dict[str, type]:
    """`kind` -> type; two types of one kind are refused."""
    known: dict[str, type] = {}
    for each in types:
        kind = each.kind  # type: ignore[attr-defined]  # operations and needs both carry it
        if known.setdefault(kind, each) is not each:
            raise BadInput("two plugins bring the same kind", value=kind)
    return known
