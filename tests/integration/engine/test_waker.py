"""The waker: rounds follow each other and never overlap; signals end it, in two steps."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from typing import IO

import pytest

SCRIPT = """
import sys, time
from dao_bot.engine.waker import keep_running


class Slow:
    stopping = False

    def stop(self):
        self.stopping = True

    def is_due(self):
        return True

    def play(self):
        print("begins", flush=True)
        time.sleep({seconds})
        print("ends", flush=True)
        return []


keep_running(Slow(), lambda told: None, every=0.05)
print("stopped", flush=True)
"""


@pytest.fixture
def waker(request: pytest.FixtureRequest) -> Iterator[subprocess.Popen[str]]:
    """A process whose rounds take longer than the time between them."""
    script = SCRIPT.format(seconds=request.param)
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True) as process:
        yield process
        process.kill()


def lines(process: subprocess.Popen[str]) -> IO[str]:
    assert process.stdout is not None
    return process.stdout


@pytest.mark.parametrize("waker", [0.2], indirect=True)
def test_rounds_never_overlap_and_the_last_one_ends_before_the_process(waker: subprocess.Popen[str]) -> None:
    printed = [lines(waker).readline().strip() for _ in range(7)]
    waker.send_signal(signal.SIGTERM)
    printed += [line.strip() for line in lines(waker)]
    assert waker.wait(10) == 0
    assert printed == ["begins", "ends"] * (len(printed) // 2) + ["stopped"]


@pytest.mark.parametrize("waker", [60], indirect=True)
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_second_signal_ends_the_process_at_once(waker: subprocess.Popen[str], number: signal.Signals) -> None:
    assert lines(waker).readline() == "begins\n"
    waker.send_signal(number)
    with pytest.raises(subprocess.TimeoutExpired):
        waker.wait(0.3)
    waker.send_signal(number)
    assert waker.wait(10) == -number
