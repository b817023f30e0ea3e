"""The commands below `dao-bot ladder`: names, options and help."""

from __future__ import annotations

from typing import Annotated

import typer

from dao_bot.app.options import CONFIG, Config, Json, finish

ladder = typer.Typer(
    help="How much each strategy may do by itself.\n\nExample: dao-bot ladder show",
    no_args_is_help=True,
    rich_markup_mode=None,
)


@ladder.command()
def show(config: Config = CONFIG, json: Json = False) -> None:
    """Show each strategy's rung and record.

    Example: dao-bot ladder show
    """
    from dao_bot.app.climbing import show as command

    finish(command(config, json))


@ladder.command()
def promote(
    strategy: Annotated[str, typer.Argument(help="A strategy of the configuration.")],
    to: Annotated[str, typer.Option(help="propose, delayed or instant.")],
    config: Config = CONFIG,
    json: Json = False,
) -> None:
    """Propose to let a strategy do more by itself; shows its record so far.

    Example: dao-bot ladder promote buyback --to delayed
    """
    from dao_bot.app.climbing import promote as command

    finish(command(config, strategy, to, json))


@ladder.command()
def demote(
    strategy: Annotated[str, typer.Argument(help="A strategy of the configuration.")],
    reason: Annotated[str, typer.Option(help="Why; goes into the record.")],
    config: Config = CONFIG,
    json: Json = False,
) -> None:
    """Have people asked again, from now on.

    Example: dao-bot ladder demote buyback --reason "odd prices"
    """
    from dao_bot.app.climbing import demote as command

    finish(command(config, strategy, reason, json))
