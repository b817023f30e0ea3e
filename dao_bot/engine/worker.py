"""The program that runs one strategy: started for one answer, without secrets, by `engine.decide`.

Reads one pickled request (from its parent, trusted) on standard input and writes one JSON answer on the file
descriptor that it is given, so that whatever a plugin prints cannot be mistaken for an answer.
"""

from __future__ import annotations

import json
import os
import pickle
import sys
import traceback
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dao_bot.config.wording import in_words
from dao_bot.domain.hashing import canonical
from dao_bot.engine.fence import limit_resources, raise_fence
from dao_bot.plugins import load_strategy
from dao_bot.strategy import Decision, Observation, Strategy


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
    """Answer one request on the file descriptor named by the first argument."""
    request: Request = pickle.load(sys.stdin.buffer)
    answer_descriptor = int(sys.argv[1])
    limit_resources(request.cpu_seconds, request.memory_bytes)
    try:
        answer = _answer(request)
    except Exception as error:  # noqa: BLE001 - whatever the plugin raises is its answer, told to the parent
        answer = {"failed": _in_one_line(error), "traceback": traceback.format_exc(limit=-8)}
    with os.fdopen(answer_descriptor, "w", encoding="utf-8") as out:
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


if __name__ == "__main__":
    main()
