"""The table of commands says what their own help says, and lacks none."""

from __future__ import annotations

import importlib
import pkgutil
from importlib.metadata import version
from inspect import getdoc, isfunction

import typer
from typer.testing import CliRunner

from dao_bot.app import commands
from dao_bot.app.commands.table import MODULES, TABLE
from dao_bot.app.main import app

SHORT = {name: short for below in TABLE.values() for name, (_, short) in below.items()}


def defined(module_name: str) -> dict[str, str]:
    """The whole help of each command that a module defines."""
    module = importlib.import_module(f"dao_bot.app.commands.{module_name}")
    groups = {name: str(each.info.help) for name, each in vars(module).items() if isinstance(each, typer.Typer)}
    own = [each for each in vars(module).values() if isfunction(each) and each.__module__ == module.__name__]
    return groups or {each.__name__: getdoc(each) or "" for each in own}


def test_the_table_has_every_command_and_begins_as_its_help_does() -> None:
    modules = {module.name for module in pkgutil.iter_modules(commands.__path__)} - {"group", "table"}
    found = {name: (module, told) for module in modules for name, told in defined(module).items()}
    assert {name: module for name, (module, _) in found.items()} == MODULES
    for name, (_, told) in found.items():
        assert told.startswith(SHORT[name]), name
        assert not told.removeprefix(SHORT[name])[0].isalnum(), name


def test_help_shows_every_command_under_its_title() -> None:
    shown = CliRunner().invoke(app, ["--help"]).stdout
    for title, below in TABLE.items():
        section = shown.partition(f"{title}:\n")[2].partition("\n\n")[0].splitlines()
        assert [line.split()[0] for line in section if line[2] != " "] == [*below]


def test_the_version_is_the_installed_one() -> None:
    assert CliRunner().invoke(app, ["--version"]).stdout == f"dao-bot {version('dao-bot')}\n"
