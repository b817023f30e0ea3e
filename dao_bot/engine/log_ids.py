"""The ids that a line of the log carries, so that all that concerns one run or one proposal can be found."""

from __future__ import annotations

from typing import Any

from dao_bot.domain.runs import RunId


def log_ids(run: RunId | None, proposal: str | None) -> dict[str, Any]:
    """The strategy with the nominal time of its run, the run's and the proposal's whole id, or None."""
    return {
        "strategy": run.strategy if run else None,
        "nominal": run.nominal if run else None,
        "run": run.digest if run else None,
        "proposal": proposal,
    }
