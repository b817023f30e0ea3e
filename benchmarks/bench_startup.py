"""How long `dao-bot --help` and `dao-bot check` take, and what it costs to ask a strategy anything at all."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from dao_bot.engine.decide import StrategyProcess
from dao_bot.engine.fork_server import server

RUNS = 15
HELP_LIMIT_MS = 80.0
QUESTION_LIMIT_MS = 100.0
ROOT = Path(__file__).resolve().parents[1]
SMALLEST = """
import typer

app = typer.Typer(rich_markup_mode=None, add_completion=False, pretty_exceptions_enable=False)


@app.command()
def nothing() -> None:
    "Do nothing."


app()
"""


def commands(directory: Path) -> dict[str, list[str]]:
    """What is timed, by name; each is started with the interpreter that runs this."""
    smallest = directory / "smallest.py"
    smallest.write_text(SMALLEST, encoding="utf-8")
    start = [sys.executable, "-c", "from dao_bot.app.main import main; main()"]
    return {
        "interpreter": [sys.executable, "-c", "pass"],
        "smallest --help": [sys.executable, str(smallest), "--help"],
        "--help": [*start, "--help"],
        "check": [*start, "check", "-c", str(ROOT / "strategies.yaml")],
    }


def milliseconds(command: list[str], environment: dict[str, str]) -> float:
    """Wall time of one run, from start to end of the process."""
    began = time.perf_counter()
    subprocess.run(command, env=environment, cwd=ROOT, stdout=subprocess.DEVNULL, check=True)
    return (time.perf_counter() - began) * 1_000


def question() -> dict[str, object]:
    """Milliseconds to ask the shipped reserve for its needs: by a new process, and by the one that is there."""
    process = StrategyProcess("reserve", "reserve-rebalance", ROOT, {}, {}, {})
    cold, warm = [], []
    for _ in range(RUNS):
        server.end()
        for times in (cold, warm):
            began = time.perf_counter()
            process.problems()
            times.append((time.perf_counter() - began) * 1_000)
    return {
        "benchmark": "question to a strategy",
        "cold_ms": round(statistics.median(cold), 1),
        "warm_ms": round(statistics.median(warm), 1),
        "warm_limit_ms": QUESTION_LIMIT_MS,
        "ok": statistics.median(warm) <= QUESTION_LIMIT_MS,
    }


def main() -> int:
    """One JSON line for each command, and one for a question; exit code 1 when help or a question is too slow."""
    # Without compiled bytecode everything is several times slower, and nobody starts it like that twice.
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    with tempfile.TemporaryDirectory() as name:
        timed = commands(Path(name))
        for command in timed.values():
            milliseconds(command, environment)
        # In turns, so that whatever else the machine does meets all of them alike.
        times: dict[str, list[float]] = {each: [] for each in timed}
        for _ in range(RUNS):
            for each, command in timed.items():
                times[each].append(milliseconds(command, environment))
    medians = {each: statistics.median(found) for each, found in times.items()}
    ok = medians["--help"] <= HELP_LIMIT_MS
    for each in ("--help", "check"):
        line = {
            "benchmark": "startup",
            "command": f"dao-bot {each}",
            "median_ms": round(medians[each], 1),
            "least_ms": round(min(times[each]), 1),
            "interpreter_ms": round(medians["interpreter"], 1),
            "smallest_typer_ms": round(medians["smallest --help"], 1),
            "ratio_to_smallest_typer": round(medians[each] / medians["smallest --help"], 2),
            "runs": RUNS,
        }
        if each == "--help":
            line |= {"limit_ms": HELP_LIMIT_MS, "ok": ok}
        sys.stdout.write(json.dumps(line) + "\n")
    asked = question()
    sys.stdout.write(json.dumps(asked) + "\n")
    return 0 if ok and asked["ok"] else 1


if __name__ == "__main__":
    sys.exit(main())
