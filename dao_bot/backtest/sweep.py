"""Many backtests at once through joblib: on local cores, or on a Dask cluster by one setting, the same to the bit."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

from dao_bot.backtest.backtest import Backtest
from dao_bot.backtest.measures import Measures, Runway, mark, measure
from dao_bot.backtest.run import run
from dao_bot.domain.errors import BadInput
from dao_bot.plugins import load_strategy

Point = TypeVar("Point")
Outcome = TypeVar("Outcome")

ANSWER_WITHIN = 30
"""Seconds in which the scheduler of a cluster must answer."""
_CHUNKS_EACH = 8
"""Chunks for each worker: few enough that handing them out costs nothing, enough that none waits long for another."""


def sweep(
    work: Callable[[Point], Outcome],
    points: Sequence[Point],
    *,
    jobs: int = 1,
    dask: str | None = None,
    done: Callable[[int], None] | None = None,
) -> list[Outcome]:
    """`work` of every point, in their order, whoever computes it.

    Args:
        work: picklable, and a function of its point alone.
        jobs: processes on this machine; 1 is this process.
        dask: address of a scheduler such as `tcp://10.0.0.5:8786`, whose workers then do it all.
        done: told how many points are done, as they are.

    Raises:
        BadInput: a cluster is asked for where Dask is not installed or does not answer.
    """
    from joblib import Parallel, delayed

    if not points:
        return []
    with _backend(jobs, dask) as workers:
        size = max(1, math.ceil(len(points) / (workers * _CHUNKS_EACH)))
        chunks = [points[start : start + size] for start in range(0, len(points), size)]
        parallel = Parallel(return_as="generator", batch_size=1, pre_dispatch="all")
        outcomes: list[Outcome] = []
        for part in parallel(delayed(_chunk)(work, chunk) for chunk in chunks):
            outcomes.extend(part)
            if done is not None:
                done(len(outcomes))
        return outcomes


def _chunk(work: Callable[[Point], Outcome], points: Sequence[Point]) -> list[Outcome]:
    """One thread for linear algebra, everywhere: with another number of threads sums are rounded otherwise."""
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]  # comes with scikit-learn

    with threadpool_limits(limits=1):
        return [work(point) for point in points]


@contextmanager
def _backend(jobs: int, dask: str | None) -> Iterator[int]:
    """Chooses who works; yields how many they are."""
    from joblib import effective_n_jobs, parallel_config

    if dask is None:
        with parallel_config(backend="loky", n_jobs=jobs):
            yield effective_n_jobs(jobs)
        return
    try:
        from dask.distributed import Client
    except ImportError as error:
        raise BadInput(
            "a Dask cluster is asked for, and Dask is not installed",
            value=dask,
            next_step="Install `dask` and `distributed` beside dao-bot, here and on the workers",
        ) from error
    try:
        client = Client(dask, timeout=ANSWER_WITHIN)  # type: ignore[no-untyped-call]  # it has few types
    except (OSError, ValueError) as error:
        raise BadInput("the Dask cluster does not answer", value=f"{dask}: {error}") from error
    with client, parallel_config(backend="dask", wait_for_workers_timeout=60):
        yield max(1, len(client.scheduler_info(n_workers=-1)["workers"]))


@dataclass(frozen=True, slots=True)
class Variation:
    """A backtest of one strategy whose parameters are varied: `Variation(point)` are the measures with the point's.

    Attributes:
        base: the backtest; its first player is replaced.
        use, directory, params: the strategy, as in strategies.yaml, and its parameters there.
        tokens: the symbols that parameters may name.
    """

    base: Backtest
    use: str
    directory: Path
    params: Mapping[str, Any]
    tokens: tuple[str, ...]
    runway: Runway | None = None

    def __call__(self, point: Mapping[str, str]) -> Measures:
        kind = load_strategy(self.use, self.directory)
        params = kind.Params.model_validate(varied(self.params, point), context={"tokens": self.tokens})
        player = replace(self.base.players[0], strategy=kind(params))
        result = run(replace(self.base, players=(player,)))
        return measure(result, mark(result), self.runway)


def grid(ranges: Mapping[str, Sequence[str]]) -> list[dict[str, str]]:
    """Every combination of the values, the last name varying fastest."""
    return [dict(zip(ranges, values, strict=True)) for values in itertools.product(*ranges.values())]


def varied(params: Mapping[str, Any], point: Mapping[str, str]) -> dict[str, Any]:
    """Parameters with those of the point in their place; `peg.bound` is the key `bound` of the mapping `peg`."""
    changed = dict(params)
    for place, value in point.items():
        name, _, rest = place.partition(".")
        inner = changed.get(name)
        if rest:
            changed[name] = varied(inner if isinstance(inner, Mapping) else {}, {rest: value})
        else:
            changed[name] = value
    return changed


def parse_ranges(texts: Sequence[str]) -> dict[str, list[str]]:
    """`turnover=10%,30%` as a name and its values.

    Raises:
        BadInput: a text of another shape, or a name that stands twice.
    """
    ranges: dict[str, list[str]] = {}
    for text in texts:
        name, sign, values = text.partition("=")
        listed = [value.strip() for value in values.split(",") if value.strip()]
        if not sign or not name.strip() or not listed or name.strip() in ranges:
            raise BadInput(
                "not a range of a parameter, or its second", value=text, limit="a name and values: turnover=10%,30%"
            )
        ranges[name.strip()] = listed
    return ranges
