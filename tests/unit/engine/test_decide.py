"""A strategy's process has no secrets, is bounded, and its answer is only data."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest

from dao_bot.domain.addresses import Address
from dao_bot.domain.errors import DaoBotError, PluginFailed
from dao_bot.engine.decide import Limits, StrategyProcess, kinds
from dao_bot.engine.fork_server import server
from dao_bot.strategy import Block, Holding, Holdings, Observation, RunId, Swap, Token, Transfer

USDC = Token(1, Address("0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48"), "USDC", 6)
HEAD = """
from dao_bot.strategy import *
class S:
    name = "s"
    class Params(StrategyParams):
        size: int = 1
    def __init__(self, params): self.params = params
    def needs(self): return (Holdings(),)
    def decide(self, seen):
"""


def process(tmp_path: Path, body: str, limits: Limits | None = None, **params: object) -> StrategyProcess:
    lines = "\n".join("        " + line for line in body.strip().splitlines())
    (tmp_path / "s.py").write_text(HEAD + lines + "\n")
    return StrategyProcess(
        "s", "./s.py:S", tmp_path, params, kinds([Swap, Transfer]), kinds([Holdings]), limits or Limits()
    )


def seen() -> Observation:
    data = {Holdings(): {USDC: Holding(10**30, 5)}}
    return Observation(RunId("s", 0), Block(1, 1, "0x" + "00" * 32, 0), {"USDC": USDC}, data)


def test_a_decision_travels_whole(tmp_path: Path) -> None:
    body = """
held = seen[Holdings()][seen.tokens["USDC"]]
return Decision((Transfer(seen.tokens["USDC"].amount(held.available), "0x" + "11" * 20),), "why",
    evidence=(Evidence("held", 1.5, "USD"),), binding=(BindingConstraint("cap", 0.25, "%"),),
    memory=Memory(1, {"a": [1, None]}), wake_at=7, urgent=True)
"""
    decision = process(tmp_path, body).decide(seen())
    assert decision.operations == (Transfer(USDC.amount(10**30), Address("0x" + "11" * 20)),)
    assert (decision.wake_at, decision.urgent, decision.memory.value) == (7, True, {"a": [1, None]})  # type: ignore[union-attr]


def test_the_process_sees_no_secret_of_its_parent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DAO_BOT_KEEPER_KEY", "a secret")
    server.end()
    decision = process(tmp_path, "import os\nreturn Decision.nothing(str(dict(os.environ)))").decide(seen())
    assert "a secret" not in decision.reason
    assert "PATH" in decision.reason


@pytest.mark.parametrize(
    "body",
    [
        "import socket\nsocket.create_connection(('127.0.0.1', 9))",
        "import subprocess\nsubprocess.run(['true'])",
        "open('/etc/passwd').read()",
        "open('/dev/shm/x', 'w')",
        "import os\nos.fork()",
    ],
)
def test_io_in_decide_is_refused(tmp_path: Path, body: str) -> None:
    with pytest.raises(PluginFailed, match="a strategy may not"):
        process(tmp_path, body + "\nreturn Decision.nothing('done')").decide(seen())


def test_an_endless_decision_is_ended(tmp_path: Path) -> None:
    with pytest.raises(PluginFailed, match="too long"):
        process(tmp_path, "while True: pass", Limits(wall_seconds=2.0)).decide(seen())


def test_a_greedy_decision_is_ended(tmp_path: Path) -> None:
    with pytest.raises(PluginFailed, match="MemoryError|ended without an answer"):
        process(tmp_path, "x = bytearray(8 * 2**30)\nreturn Decision.nothing('')").decide(seen())


def test_an_exception_is_told_with_its_place(tmp_path: Path) -> None:
    with pytest.raises(PluginFailed, match="ZeroDivisionError") as caught:
        process(tmp_path, "return 1 / 0").decide(seen())
    assert "s.py" in str(caught.value)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("import os; os.write(3, b'[]'); os._exit(0)", "not a JSON object"),
        ("return None", "must return a Decision"),
        ("return Decision((Transfer(seen.tokens['USDC'].amount(1), 5),), 'x')", "malformed operation"),
        ("return Decision((Transfer(Token(1, '0x' + '22' * 20, 'USDC', 6).amount(1), '0x'),), 'x')", "not configured"),
        ("return Decision((Holdings(),), 'x')", "no configured protocol knows"),
        ("import os; os._exit(7)", "exit code 7"),
        ("return Decision.nothing('x', evidence=(Evidence('n', float('nan')),))", "no canonical form"),
    ],
)
def test_what_is_no_decision_is_refused_in_words(tmp_path: Path, body: str, words: str) -> None:
    with pytest.raises(PluginFailed, match=words):
        process(tmp_path, body).decide(seen())


def test_what_a_plugin_prints_is_no_answer(tmp_path: Path) -> None:
    body = "print('{\"decision\": 1}' * 100000)\nreturn Decision.nothing('quiet')"
    assert process(tmp_path, body).decide(seen()).reason == "quiet"


def test_wrong_parameters_are_told_by_place(tmp_path: Path) -> None:
    bad = process(tmp_path, "return Decision.nothing('')", size="x", other=1)
    assert {tuple(problem["loc"]) for problem in bad.problems()} == {("size",), ("other",)}
    with pytest.raises(DaoBotError, match="parameters of strategy s"):
        bad.describe()


def ended(pid: int) -> bool:
    """Within ten seconds; a killed orphan stays a zombie where nobody reaps it."""
    status, deadline = Path(f"/proc/{pid}/stat"), time.monotonic() + 10
    while time.monotonic() < deadline:
        if not status.exists() or status.read_text().rpartition(")")[2].split()[0] == "Z":
            return True
        time.sleep(0.02)
    return False


def test_what_a_strategy_started_before_the_fence_ends_with_it(tmp_path: Path) -> None:
    asked = process(tmp_path, "return Decision.nothing(STARTED)")
    start = """
import os, time
STARTED = str(os.fork() or os.closerange(0, 4) or time.sleep(60))
"""
    (tmp_path / "s.py").write_text(start + (tmp_path / "s.py").read_text())
    assert ended(int(asked.decide(seen()).reason))


def test_a_question_finds_nothing_of_the_last_one_and_no_way_to_who_asks(tmp_path: Path) -> None:
    body = """
import os, sys
others = [name for name in sys.modules if name.startswith("dao_bot_plugin") and name != __name__]
descriptors = [number for number in range(100) if os.path.exists(f"/proc/self/fd/{number}")]
found = (others, hasattr(sys, "left"), descriptors, os.getsid(0) == os.getpid())
sys.left = True
return Decision.nothing(str(found))
"""
    for _ in range(2):
        assert process(tmp_path, body).decide(seen()).reason == "([], False, [0, 1, 2, 3], True)"


def test_a_strategy_that_kills_who_forks_is_ended_and_the_next_is_asked(tmp_path: Path) -> None:
    asked, told = process(tmp_path, "return Decision.nothing('asked')", Limits(wall_seconds=1.0)), tmp_path / "told"
    assert asked.decide(seen()).reason == "asked"
    kill = (
        f"import os, time\nopen({str(told)!r}, 'w').write(str(os.getpid()))\nos.kill(os.getppid(), 9)\ntime.sleep(60)"
    )
    (tmp_path / "s.py").write_text(kill)
    with pytest.raises(PluginFailed, match="too long"):
        asked.describe()
    assert ended(int(told.read_text()))
    assert process(tmp_path, "return Decision.nothing('again')").decide(seen()).reason == "again"


def test_worker_and_who_forks_end_with_a_killed_keeper(tmp_path: Path) -> None:
    told = tmp_path / "told"
    code = f"import os, time\nopen({str(told)!r}, 'w').write(f'{{os.getppid()}} {{os.getpid()}}.')\ntime.sleep(60)"
    (tmp_path / "s.py").write_text(code)
    ask = (
        "import pathlib, sys; from dao_bot.engine.decide import StrategyProcess;"
        "StrategyProcess('s', './s.py:S', pathlib.Path(sys.argv[1]), {}, {}, {}).describe()"
    )
    with subprocess.Popen([sys.executable, "-c", ask, str(tmp_path)]) as keeper:
        while not (told.exists() and told.read_text().endswith(".")):
            assert keeper.poll() is None
            time.sleep(0.02)
        keeper.kill()
    assert all(ended(int(pid)) for pid in told.read_text().rstrip(".").split())


def test_what_one_question_imported_is_at_hand_for_the_next(tmp_path: Path) -> None:
    body = "import sys\nfound = 'highspy' in sys.modules\nimport highspy\nreturn Decision.nothing(str(found))"
    server.end()
    asked = process(tmp_path, body)
    asked.decide(seen())
    assert asked.decide(seen()).reason == "True"


def test_a_bottomless_answer_is_refused_without_a_crash(tmp_path: Path) -> None:
    body = "import os\nos.write(3, b'[' * 1000000)\nos._exit(0)"
    with pytest.raises(PluginFailed, match="nested too deep"):
        process(tmp_path, body).decide(seen())
