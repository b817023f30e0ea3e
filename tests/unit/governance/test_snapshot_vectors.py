"""The kinds of ballot that Snapshot knows give what snapshot.js gives."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from governance.ballots import InvalidChoice, Method, tally
from governance.ballots.shares import shares
from tests.unit.governance.ballot_box import KIND_OF_SNAPSHOT_TYPE, ballot, method, votes

_VECTORS: list[dict[str, Any]] = json.loads((Path(__file__).parent / "snapshot_vectors.json").read_text())["ballots"]
_IDS = [f"{vector['type']}-{i}" for i, vector in enumerate(_VECTORS)]


def _method(vector: dict[str, Any]) -> Method:
    return method(KIND_OF_SNAPSHOT_TYPE.get(vector["type"], vector["type"]), vector["options"])


@pytest.mark.parametrize("vector", _VECTORS, ids=_IDS)
def test_scores_equal_those_of_snapshot(vector: dict[str, Any]) -> None:
    rules = _method(vector)
    valid = [(choice, power) for choice, power, counts in vector["votes"] if counts]
    counted = tally(ballot(rules), votes(rules, valid))
    assert [float(score) / 1e6 for score in counted.scores] == pytest.approx(vector["scores"], rel=1e-9, abs=1e-12)


@pytest.mark.parametrize("vector", _VECTORS, ids=_IDS)
def test_shares_are_those_that_snapshot_shows(vector: dict[str, Any]) -> None:
    """Its page divides scores by snapshot.js's `getScoresTotal`: all valid power; of a run-off, the last round's."""
    rules = _method(vector)
    valid = [(choice, power) for choice, power, counts in vector["votes"] if counts]
    counted = tally(ballot(rules), votes(rules, valid))
    total = sum(vector["scores"] if counted.rounds else (power / 1e6 for _, power in valid))
    shown = [score / total if total else 0 for score in vector["scores"]]
    assert [float(part) for part in shares(rules, counted).parts] == pytest.approx(shown, rel=1e-9, abs=1e-12)


@pytest.mark.parametrize("vector", _VECTORS, ids=_IDS)
def test_choices_are_refused_that_snapshot_refuses(vector: dict[str, Any]) -> None:
    rules = _method(vector)
    for choice, _, counts in vector["votes"]:
        if counts:
            assert rules.parse(choice) == rules.parse(rules.parse(choice)), choice
        else:
            with pytest.raises(InvalidChoice):
                rules.parse(choice)


def test_every_type_of_snapshot_is_held_against_it() -> None:
    assert {vector["type"] for vector in _VECTORS} == {
        "approval",
        "basic",
        "copeland",
        "quadratic",
        "ranked-choice",
        "single-choice",
        "weighted",
    }
    assert sum(not counts for vector in _VECTORS for _, _, counts in vector["votes"]) >= 50
