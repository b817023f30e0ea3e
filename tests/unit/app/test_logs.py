"""The log as JSON lines: whole ids in fields, whoever speaks."""

from __future__ import annotations

import json
import logging
import warnings
from pathlib import Path
from typing import Any

import pytest

from dao_bot.app.logs import logging_as_json, saying, tell_as_json
from dao_bot.domain.runs import RunId
from dao_bot.engine.log_ids import log_ids
from dao_bot.engine.round import Told
from dao_bot.store.values import RunResult

RUN = RunId("reserve", 1_700_000_000)
PROPOSAL = "0x" + "ab" * 32


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_every_line_has_the_same_fields_and_whole_ids(capsys: pytest.CaptureFixture[str]) -> None:
    told = [
        Told("reserve", "proposal: sell\ntwo lines", RunResult.PROPOSAL, RUN, PROPOSAL),
        Told("keeper", "could not go on: no node", RunResult.FAILED),
    ]
    with logging_as_json():
        tell_as_json(told)
    made, failed = lines(capsys)
    assert made.items() >= {"strategy": "reserve", "nominal": RUN.nominal, "run": RUN.digest}.items()
    assert (made["proposal"], made["result"], made["level"]) == (PROPOSAL, "proposal", "info")
    assert (failed["run"], failed["proposal"], failed["result"], failed["level"]) == (None, None, "failed", "error")
    assert made.keys() == failed.keys()


def test_what_others_log_is_a_line_too_without_secrets_and_only_meanwhile(capsys: pytest.CaptureFixture[str]) -> None:
    before = logging.getLogger().handlers
    with logging_as_json():
        with warnings.catch_warnings(action="always"):
            warnings.warn("odd", stacklevel=1)
        try:
            raise OSError("https://node.example/v2/a-secret-path does not answer")
        except OSError:
            logging.getLogger("dao_bot.web").exception("%s failed", "a page")
        logging.getLogger("alembic").info("a library's chatter")
    warned, failed = lines(capsys)
    assert "odd" in warned["words"] and warned["level"] == "warning"
    assert failed["subject"] == "dao_bot.web" and "a-secret-path" not in failed["words"]
    assert "OSError" in failed["words"] and "a page failed" in failed["words"]
    assert logging.getLogger().handlers is before


def test_a_process_that_serves_speaks_plainly_or_in_lines_of_the_same_form(capsys: pytest.CaptureFixture[str]) -> None:
    with saying("signer", as_json=False) as say:
        say("serves")
    assert capsys.readouterr().out == "serves\n"
    with saying("signer", as_json=True) as say:
        say("serves")
        facts = {"subject": PROPOSAL, **log_ids(RUN, PROPOSAL)}
        logging.getLogger("governance.discord").warning("%s is not in step", PROPOSAL, extra={"facts": facts})
    said, logged = lines(capsys)
    assert (said["subject"], said["words"], said["proposal"]) == ("signer", "serves", None)
    assert (logged["subject"], logged["proposal"], logged["run"]) == (PROPOSAL, PROPOSAL, RUN.digest)
    assert "is not in step" in logged["words"] and logged["level"] == "warning"


def test_a_log_that_cannot_be_written_ends_nothing(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with Path("/dev/null").open() as not_for_writing:
        monkeypatch.setattr("sys.stdout", not_for_writing)
        with logging_as_json():
            tell_as_json([Told("keeper", "works")])
    assert "the log cannot be written: UnsupportedOperation" in capsys.readouterr().err
