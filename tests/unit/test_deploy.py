"""The image and the units in deploy/: they name what is there, run what is installed, allow no more than is needed."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import subprocess
import tomllib
from configparser import RawConfigParser
from importlib.metadata import entry_points
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from typer.main import get_command

from dao_bot.app.main import app

ROOT = Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "deploy"
UNITS = ("dao-bot.service", "dao-bot-signer.service")
HARDENED = {
    "NoNewPrivileges": "yes",
    "PrivateDevices": "yes",
    "PrivateTmp": "yes",
    "ProtectHome": "yes",
    "ProtectSystem": "strict",
    "ProtectProc": "invisible",
    "ProtectKernelLogs": "yes",
    "RestrictNamespaces": "yes",
    "CapabilityBoundingSet": "",
    "UMask": "0077",
}


def instructions() -> list[tuple[str, str]]:
    """(instruction, rest) in order, with continued lines joined and comments left out."""
    text = (DEPLOY / "Dockerfile").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    joined = re.sub(r"\\\n\s*", "", "\n".join(lines))
    return [(line.split(None, 1)[0], line.split(None, 1)[1]) for line in joined.splitlines() if line.strip()]


def stages() -> list[list[tuple[str, str]]]:
    """The instructions of each stage, its FROM first."""
    found: list[list[tuple[str, str]]] = []
    for instruction in instructions():
        if instruction[0] == "FROM":
            found.append([])
        if found:
            found[-1].append(instruction)
    return found


def require_command(words: list[str]) -> None:
    """`dao-bot` with these words is a command of what is installed, with these options."""
    (script,) = entry_points(group="console_scripts", name="dao-bot")
    assert script.value == "dao_bot.app.main:main"
    command = get_command(app).commands[words[0]]  # type: ignore[attr-defined]
    options = {option for parameter in command.params for option in parameter.opts}
    assert {word for word in words[1:] if word.startswith("--")} <= options


def test_the_image_is_built_in_two_stages_from_one_pinned_base() -> None:
    arguments = dict(rest.split("=", 1) for name, rest in instructions() if name == "ARG")
    assert re.fullmatch(r"python:3\.\d+-slim-\w+(@sha256:[0-9a-f]{64})?", arguments["BASE"])
    build, last = stages()
    assert build[0][1] == "${BASE} AS build" and last[0][1] == "${BASE}"
    runs = [rest for name, rest in build if name == "RUN"]
    assert "--require-hashes -r requirements.lock" in runs[0] and "--no-deps ." in runs[1]
    assert [rest for name, rest in build if name == "COPY"] == ["deploy/requirements.lock ./", ". ."]


def locked(path: Path) -> dict[str, tuple[str, ...]]:
    """Version and hashes of every pinned package, by its name; for which systems it is pinned is left out."""
    lines = [line for line in path.read_text(encoding="utf-8").splitlines() if not line.lstrip().startswith("#")]
    pins = re.sub(r" *\\\n *", " ", "\n".join(lines)).splitlines()
    found = {}
    for pin in filter(None, pins):
        name, version = re.split(r"\[|==", pin)[0], re.findall(r"==([\w.]+)", pin)[0]
        found[name] = (version, *re.findall(r"--hash=\S+", pin))
    return found


def test_the_image_installs_what_runs_in_the_versions_that_are_tested_and_nothing_else() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    running, tested = locked(DEPLOY / "requirements.lock"), locked(ROOT / "requirements.lock")
    assert {canonical(name) for name in project["project"]["dependencies"]} <= running.keys()
    assert not {"distributed", "mypy", "playwright", "pytest", "ruff", "vyper"} & running.keys()
    assert len(running["web3"]) > 1 and running.items() <= tested.items()


def canonical(requirement: str) -> str:
    return canonicalize_name(Requirement(requirement).name)


def test_the_image_copies_what_is_there_and_never_secrets_or_records() -> None:
    for name, rest in instructions():
        if name == "COPY" and not rest.startswith("--from"):
            assert all((ROOT / source).exists() for source in rest.split()[:-1])
    ignored = (ROOT / ".dockerignore").read_text(encoding="utf-8").split()
    assert {".git", "**/*.sqlite3*", "**/.env*", "**/*.seal.json"} <= set(ignored)


def test_the_image_runs_the_keeper_as_nobody_special() -> None:
    last = dict(stages()[-1])
    assert last["USER"].isdecimal() and int(last["USER"]) > 0
    assert f"--uid {last['USER']}" in last["RUN"]
    assert json.loads(last["ENTRYPOINT"]) == ["dao-bot"] and last["STOPSIGNAL"] == "SIGTERM"
    require_command(json.loads(last["CMD"]))


def service(unit: str) -> dict[str, str]:
    parser = RawConfigParser(strict=True)
    parser.optionxform = str  # type: ignore[assignment, method-assign]
    parser.read(DEPLOY / unit)
    return dict(parser["Service"])


@pytest.mark.parametrize("unit", UNITS)
def test_a_unit_runs_a_command_that_is_installed_with_no_more_than_it_needs(unit: str) -> None:
    settings = service(unit)
    assert HARDENED.items() <= settings.items()
    assert settings["User"] != "root" and settings["StateDirectory"] == unit.removesuffix(".service")
    words = shlex.split(settings["ExecStart"])
    words = shlex.split(words[2].removeprefix("exec ")) if words[:2] == ["/bin/sh", "-c"] else words
    assert words[0] == "/opt/dao-bot/bin/dao-bot"
    require_command(words[1:])


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="there is no systemd that could say so")
@pytest.mark.parametrize("unit", UNITS)
def test_systemd_knows_every_setting_of_a_unit(unit: str, tmp_path: Path) -> None:
    script = tmp_path / "dao-bot"
    script.write_text("#!/bin/sh\n")
    script.chmod(0o755)
    text = (DEPLOY / unit).read_text(encoding="utf-8")
    (tmp_path / unit).write_text(text.replace("ExecStart=/opt/dao-bot/bin/dao-bot", f"ExecStart={script}"))
    ended = subprocess.run(["systemd-analyze", "verify", tmp_path / unit], capture_output=True, text=True, check=False)
    assert "Unknown" not in ended.stderr and unit not in ended.stderr, ended.stderr
