"""The commands below `dao-bot policy`: names, options and help."""

from __future__ import annotations

from typing import Annotated

import typer

from dao_bot.app.options import CONFIG, Config, Json, finish

policy = typer.Typer(
    help="Seal the policy: mode live runs only what stewards' wallets have signed.\n\nExample: dao-bot policy diff",
    no_args_is_help=True,
    rich_markup_mode=None,
)


@policy.command()
def message(config: Config = CONFIG) -> None:
    """Print what a steward's wallet signs (EIP-712, eth_signTypedData_v4), as JSON.

    Example: dao-bot policy message
    """
    from dao_bot.app.sealing import message as command

    finish(command(config))


@policy.command()
def sign(
    key: Annotated[str | None, typer.Option(help="The steward's key, to sign here: env:NAME or file:PATH.")] = None,
    signature: Annotated[str | None, typer.Option(help="Or what a wallet signed (see `message`), 0x…")] = None,
    config: Config = CONFIG,
    json: Json = False,
) -> None:
    """Add a steward's signature over the policy as it is now, to the seal beside the configuration.

    Example: dao-bot policy sign --key file:steward.json
    """
    from dao_bot.app.sealing import sign as command

    finish(command(config, key, signature, json))


@policy.command()
def diff(config: Config = CONFIG, json: Json = False) -> None:
    """Show what differs from what was sealed: settings, code, dependencies. Exit code 1 when anything does.

    Example: dao-bot policy diff --json
    """
    from dao_bot.app.sealing import diff as command

    finish(command(config, json))
