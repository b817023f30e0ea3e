"""The command line itself: usage errors, interruptions, bugs, colours; never a traceback."""

from __future__ import annotations

import contextlib
import io
import json
import os
import pty
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from dao_bot.app.commands.table import MODULES
from dao_bot.app.output import print_shown
from tests.integration.app.kit import ROOT, Office, command, open_office
from tests.integration.chain.hostile import HostileServer

if TYPE_CHECKING:
    from collections.abc import Callable

    from dao_bot.devnet import World


@pytest.mark.parametrize("name", ["", *MODULES])
def test_every_command_has_help_with_an_example(name: str) -> None:
    ended = command(*([name] if name else []), "--help")
    assert ended.code == 0
    assert "  Example: dao-bot" in ended.out if name else "Example: dao-bot" in ended.out


@pytest.mark.parametrize("arguments", [["plan"], ["plan", "reserve", "--jsn"], ["fly"], ["sign", "3f9a1c"]])
def test_a_wrong_usage_is_bad_input_for_people_and_programs(arguments: list[str]) -> None:
    assert command(*arguments).code == 2
    ended = command(*arguments, "--json")
    assert ended.code == 2
    assert ended.facts["error"] == "BadInput"
    assert ended.facts["what"] in ended.err


def test_without_arguments_there_is_help() -> None:
    ended = command()
    assert (ended.code, "Usage:" in ended.err + ended.out) == (2, True)


def test_a_bug_is_one_line_and_a_file_that_only_its_user_reads(monkeypatch: pytest.MonkeyPatch) -> None:
    key = "0x" + "ab" * 32

    def fails(*_: object) -> int:
        raise RuntimeError(f"surprise at https://node.example/v2/abcdefgh12345678 with {key}")

    monkeypatch.setattr("dao_bot.app.configure.check", fails)
    ended = command("check", "--json")
    assert ended.code == 1
    assert len(ended.err.splitlines()) == 1
    assert "RuntimeError: surprise" in ended.err
    assert "This is a bug; details in" in ended.err
    file = Path(ended.facts["next_step"].rpartition(" ")[2])
    assert file.stat().st_mode & 0o077 == 0
    text = file.read_text()
    file.unlink()
    assert "Traceback" in text
    for secret in (key, "abcdefgh12345678"):
        assert secret not in ended.out + ended.err + text


def start(*arguments: object, **options: Any) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "dao_bot.app.main", *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        **options,
    )


@pytest.fixture
def waiting(tmp_path: Path, world: World, serve: Callable[..., HostileServer]) -> tuple[Office, HostileServer]:
    """An office whose node never answers."""
    server: HostileServer = serve(lambda conversation: server.released.wait(20))
    return open_office(tmp_path, world, [server.url]), server


@pytest.mark.parametrize("arguments", [["plan", "reserve", "--json"], ["run", "--once"]])
def test_control_c_ends_a_command_with_one_line(waiting: tuple[Office, HostileServer], arguments: list[str]) -> None:
    office, server = waiting
    with start(*arguments, "-c", office.path) as process:
        deadline = time.monotonic() + 20
        while not server.seen and time.monotonic() < deadline:
            time.sleep(0.02)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=10)
    assert process.returncode == 130, (out, err)
    assert err == "dao-bot: interrupted; what was recorded is kept, and nothing is half done.\n"
    if "--json" in arguments:
        assert json.loads(out)["error"] == "Interrupted"


def test_a_reader_that_goes_away_is_no_accident(office: Office) -> None:
    with start("audit", "-c", office.path) as process:
        assert process.stdout is not None
        process.stdout.close()
        assert process.stderr is not None
        assert "Traceback" not in process.stderr.read()


def test_cards_have_colours_on_a_terminal_and_none_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    from rich.text import Text

    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)
    card = Text("What changes", style="bold red")
    elsewhere = io.StringIO()
    with contextlib.redirect_stdout(elsewhere):
        print_shown(card, 80)
    assert elsewhere.getvalue() == "What changes\n"
    ours, theirs = pty.openpty()
    with os.fdopen(theirs, "w") as terminal, contextlib.redirect_stdout(terminal):
        print_shown(card, 80)
        terminal.flush()
        shown = os.read(ours, 1_000)
    os.close(ours)
    assert shown.strip() == b"\x1b[1;31mWhat changes\x1b[0m"
