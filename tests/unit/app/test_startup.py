"""What is not needed is not loaded: help is there at once, and the configuration is read without heavy libraries."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from dao_bot.app.commands.table import MODULES

HEAVY = {
    "alembic",
    "apscheduler",
    "ccxt",
    "cvxpy",
    "discord",
    "eth_abi",
    "eth_account",
    "numpy",
    "pandas",
    "pyarrow",
    "rich",
    "safe_eth",
    "scipy",
    "sklearn",
    "sqlalchemy",
    "web3",
}
HELP = """
import contextlib, io, json, sys
from dao_bot.app.main import main
loaded = {}
for name in ["", *json.loads(sys.argv[1])]:
    sys.argv = ["dao-bot", *([name] if name else []), "--help"]
    with contextlib.redirect_stdout(io.StringIO()) as shown, contextlib.suppress(SystemExit):
        main()
    assert "Usage:" in shown.getvalue(), name
    loaded[name] = sorted(sys.modules)
print(json.dumps(loaded))
"""


def python(code: str, *arguments: str) -> str:
    """What a fresh interpreter prints."""
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_help_of_every_command_loads_nothing_heavy() -> None:
    loaded: dict[str, list[str]] = json.loads(python(HELP, json.dumps([*MODULES])))
    assert set(loaded) == {"", *MODULES}
    for name, modules in loaded.items():
        assert not (HEAVY | {"yaml"}) & set(modules), f"dao-bot {name} --help"
    assert "pydantic" not in loaded[""], "only typer itself loads it, for the parameters of a command"
    first, *_ = MODULES.values()
    commands = {f"dao_bot.app.commands.{module}" for module in MODULES.values()}
    assert not commands & set(loaded[""])
    assert commands & set(loaded[next(iter(MODULES))]) == {f"dao_bot.app.commands.{first}"}


def test_a_plugin_of_a_library_is_not_imported(tmp_path: Path) -> None:
    (tmp_path / "stranger.py").write_text("raise SystemExit('a stranger runs here')")
    (tmp_path / "stranger-1.dist-info").mkdir()
    (tmp_path / "stranger-1.dist-info" / "entry_points.txt").write_text("[pydantic]\nstranger = stranger:plugin\n")
    code = f"""
import contextlib, io, sys
sys.path.append({str(tmp_path)!r})
sys.argv = ["dao-bot", "check", "-c", "/dev/null"]
from dao_bot.app.main import main
with contextlib.redirect_stderr(io.StringIO()) as told:
    try:
        main()
    except SystemExit as end:
        print(end.code, "dao_bot.config.settings" in sys.modules)
"""
    assert python(code).split() == ["2", "True"]


def loaded_by(module: str) -> set[str]:
    """Top-level packages that are loaded after `import module`."""
    code = f"import {module}, json, sys; print(json.dumps([name.partition('.')[0] for name in sys.modules]))"
    return set(json.loads(python(code)))


def test_the_configuration_is_read_without_heavy_libraries() -> None:
    assert not HEAVY & loaded_by("dao_bot.config.load")


def test_the_domain_and_its_needs_load_no_library_at_all() -> None:
    assert not (HEAVY | {"pydantic", "yaml"}) & loaded_by("dao_bot.domain.needs")
