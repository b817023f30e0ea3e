"""The commands below `dao-bot roles`: names, options and help."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from dao_bot.app.options import CONFIG, Config, Json, finish

roles = typer.Typer(
    help="The module's role: derived, shown, compared.\n\nExample: dao-bot roles diff",
    no_args_is_help=True,
    rich_markup_mode=None,
)


@roles.command()
def plan(
    config: Config = CONFIG,
    out: Annotated[Path | None, typer.Option(help="Write the owners' transaction for the Transaction Builder.")] = None,
    propose: Annotated[
        bool, typer.Option("--propose", help="Put it into the owners' queue (treasury.service).")
    ] = False,
    json: Json = False,
) -> None:
    """Derive the smallest role from the strategies, and what owners execute to give it.

    Example: dao-bot roles plan --propose
    """
    from dao_bot.app.roles import plan as command

    finish(command(config, out, propose, json))


@roles.command()
def diff(config: Config = CONFIG, json: Json = False) -> None:
    """Compare the role on the chain with the derived one; exit code 1 when it differs.

    Example: dao-bot roles diff
    """
    from dao_bot.app.roles import diff as command

    finish(command(config, json))
