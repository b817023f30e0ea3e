"""Strategies that crash, hang, lie or reach out: one line for the stewards, the rest in a file for the author."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.integration.app.kit import Office, refused

pytestmark = pytest.mark.usefixtures("untouched")

HEAD = """
from dao_bot.strategy import *

class Bad:
    name = "bad"
    Params = StrategyParams
    def __init__(self, params): pass
    def needs(self): return (Holdings(),)
    def decide(self, seen):
"""


@pytest.fixture
def bad(office: Office) -> Office:
    """The office with `./bad.py:Bad` as its only strategy."""
    office.configure(lambda data: data["strategies"]["reserve"].update(use="./bad.py:Bad", params={}))
    return office


def write(office: Office, body: str) -> None:
    lines = "".join(f"        {line}\n" for line in body.splitlines())
    (office.directory / "bad.py").write_text(HEAD + lines)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("raise RuntimeError('the moon is\\nfull')", "RuntimeError: the moon is full (bad.py, line 10)"),
        ("return None", "must return a Decision"),
        ("print('{}'); import os; os._exit(3)", "exit code 3"),
        ("raise KeyboardInterrupt", "KeyboardInterrupt"),
        ("return self.decide(seen)", "RecursionError"),
        ("return bytearray(2**40)", "MemoryError (bad.py, line 10)"),
        ("open('/etc/passwd')", "may not read files of its own accord"),
        ("import socket; socket.create_connection(('127.0.0.1', 80))", "may not do I/O"),
        ("return Decision((Holdings(),), 'x')", "no configured protocol knows"),
    ],
)
def test_what_it_did_is_one_line_and_the_traceback_is_in_a_file(bad: Office, body: str, words: str) -> None:
    write(bad, body)
    ended = bad.dao_bot("plan", "reserve", "--json")
    facts = refused(ended, 1, "strategy reserve", words)
    assert len(ended.err.splitlines()) <= 2
    if "details" in facts:
        file = Path(facts["details"])
        assert file.stat().st_mode & 0o077 == 0
        assert "bad.py" in file.read_text() or "Decision" in words
        file.unlink()


def test_a_failed_run_is_recorded_and_the_strategy_is_paused_after_as_many_as_stated(bad: Office) -> None:
    bad.configure(lambda data: data["strategies"]["reserve"].update(max_failures="1", schedule={"every": "1s"}))
    write(bad, "raise ValueError('no')")
    first = bad.dao_bot("run", "--once")
    assert first.code == 1, first
    assert "ValueError: no (bad.py, line 10)" in first.out
    assert "Traceback" not in first.out + first.err
    assert "paused" in first.out
    bad.dao_bot("run", "--once")
    assert bad.events().count("run finished") == 1, "a paused strategy is not run again"


def test_a_file_that_is_no_python_or_has_no_such_class_is_told_by_check(bad: Office) -> None:
    for text, words in (("def (", "not valid Python"), ("x = 1", "there is no class `Bad`")):
        (bad.directory / "bad.py").write_text(text)
        for command in (["check"], ["plan", "reserve"]):
            ended = bad.dao_bot(*command)
            assert (ended.code, words in ended.err) == (2, True), ended
            assert "strategies.yaml:" in ended.err


def test_a_module_that_fails_when_it_is_imported_is_told(bad: Office) -> None:
    write(bad, "pass")
    file = bad.directory / "bad.py"
    file.write_text(file.read_text() + "\n1 / 0\n")
    refused(bad.dao_bot("plan", "reserve", "--json"), 1, "ZeroDivisionError", "bad.py")


def test_an_unknown_strategy_is_told_with_the_known_ones(office: Office) -> None:
    refused(office.dao_bot("plan", "reserv", "--json"), 2, "Did you mean `reserve`?")
