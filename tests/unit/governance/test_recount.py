"""Real proposals of two DAOs recount to their official totals."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest

from benchmarks.shared_data import DIRECTORY
from governance.ballots import Ballot, Tally, Vote, floor_power, tally
from tests.shared_data import needs_shared_data
from tests.unit.governance.ballot_box import KIND_OF_SNAPSHOT_TYPE, method

_FILES = [DIRECTORY / f"snapshot_{name}.parquet" for name in ("proposals", "votes")]

pytestmark = needs_shared_data(*(file.name for file in _FILES))
_DAY = 86_400


def _seconds(day: str) -> int:
    return int(datetime.fromisoformat(f"{day}T00:00:00+00:00").timestamp())


def _recounted() -> list[tuple[Any, Tally]]:
    import pandas as pd

    proposals, cast = (pd.read_parquet(file) for file in _FILES)
    recounted: list[tuple[Any, Tally]] = []
    for proposal in proposals.to_dict("records"):
        rows = cast[cast.proposal_id == proposal["proposal_id"]].to_dict("records")
        if not rows:
            continue
        rules = method(KIND_OF_SNAPSHOT_TYPE.get(proposal["type"], proposal["type"]), ("For", "Against", "Abstain"))
        ballot = Ballot(proposal["proposal_id"], rules, _seconds(proposal["start"]), _seconds(proposal["end"]) + _DAY)
        votes = [
            Vote(
                ballot=ballot.id,
                voter=row["voter"],
                wallet=row["voter"],
                power=floor_power(int(Decimal(repr(row["voting_power"])).scaleb(18)), 18),
                choice=rules.parse(int(row["choice"])),
                at=_seconds(row["created"]),
                sequence=number,
            )
            for number, row in enumerate(rows)
        ]
        recounted.append((proposal, tally(ballot, votes)))
    return recounted


def test_the_ten_proposals_with_votes_recount_to_their_official_totals() -> None:
    recounted = _recounted()
    assert len(recounted) == 10
    for proposal, counted in recounted:
        assert counted.votes == proposal["votes"], proposal["title"]
        assert counted.total / 1e6 == pytest.approx(proposal["scores_total"], rel=1e-9), proposal["title"]
        assert sum(counted.scores) == counted.total
        share = float(max(counted.scores) / counted.total * 100)
        assert share == pytest.approx(proposal["top_choice_pct"], abs=0.0501), proposal["title"]
