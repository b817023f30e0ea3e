"""The group of all commands: a command is imported when it is used, and help is shown from the table."""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Mapping
from typing import Any

import typer.core
import typer.main

from dao_bot.app.commands.table import MODULES, TABLE


class Commands(typer.core.TyperGroup):
    """`dao-bot` itself."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self.commands = _Imported()  # type: ignore[assignment]  # nobody adds to it

    def list_commands(self, ctx: Any) -> list[str]:
        """Their names, in the order of help."""
        return list(MODULES)

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """Write them under what people want to do."""
        width = max(map(len, MODULES))
        for title, commands in TABLE.items():
            with formatter.section(title):
                formatter.write_dl([(f"{name:{width}}", f"{short}.") for name, (_, short) in commands.items()])


class _Imported(Mapping[str, Any]):
    """The command of each name, imported when it is asked for."""

    def __getitem__(self, name: str) -> Any:
        module = importlib.import_module(f"dao_bot.app.commands.{MODULES[name]}")
        defined = getattr(module, name)
        if isinstance(defined, typer.Typer):
            return typer.main.get_group(defined)
        alone = typer.Typer(add_completion=False, rich_markup_mode=None)
        alone.command()(defined)
        return typer.main.get_command(alone)

    def __iter__(self) -> Iterator[str]:
        return iter(MODULES)

    def __len__(self) -> int:
        return len(MODULES)
