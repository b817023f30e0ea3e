"""The `dao-bot` command: all commands in one, and whatever goes wrong as one message and an exit code."""

from __future__ import annotations

import os
import sys
from typing import Annotated

import typer

from dao_bot.app.commands.group import Commands

app = typer.Typer(
    name="dao-bot",
    cls=Commands,
    help=(
        "Run a DAO's treasury by rules: strategies decide, people approve, a keeper executes exactly what was approved."
        "\n\nExit codes: 0 done, 1 failed, 2 bad input, 3 refused by policy, 130 interrupted."
        "\n\nExample: dao-bot demo"
    ),
    rich_markup_mode=None,
    add_completion=False,
    pretty_exceptions_enable=False,
    no_args_is_help=True,
)


def _print_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(f"dao-bot {version('dao-bot')}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    """Options of `dao-bot` itself."""


INTERRUPTED = 130
"""As shells count: 128 and the number of SIGINT."""


def main() -> None:
    """Entry point: whatever goes wrong becomes one message and an exit code, never a traceback."""
    as_json = "--json" in sys.argv
    os.environ["PYDANTIC_DISABLE_PLUGINS"] = "__all__"  # else it would import each that is installed
    try:
        code = app(standalone_mode=False)
    except Exception as error:  # noqa: BLE001 - the last place where an error can be told
        from dao_bot.app.exits import tell

        sys.exit(tell(error, as_json=as_json))
    if code == INTERRUPTED:
        from dao_bot.app.exits import tell_interruption

        tell_interruption(as_json=as_json)
    sys.exit(code)


if __name__ == "__main__":
    main()
