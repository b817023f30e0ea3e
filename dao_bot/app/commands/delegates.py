"""The commands below `dao-bot delegates`: names, options and help."""

from __future__ import annotations

from typing import Annotated

import typer

from dao_bot.app.options import CONFIG, Config, Json, finish

delegates = typer.Typer(
    help="Let this program propose at the Safe transaction service: who may, what owners sign for it, how it ends."
    "\n\nExample: dao-bot delegates message",
    no_args_is_help=True,
    rich_markup_mode=None,
)

Delegate = Annotated[
    str | None, typer.Option(help="Whom it is about; by default the account of treasury.service.proposer.")
]
Owner = Annotated[str, typer.Argument(help="The owner of the Safe in whose name the delegate proposes.")]
Signature = Annotated[str | None, typer.Option(help="What the owner signed (see `message`), 0x…")]
Key = Annotated[str | None, typer.Option(help="Or the owner's key, to sign here: env:NAME or file:PATH.")]


@delegates.command("list")
def list_(config: Config = CONFIG, json: Json = False) -> None:
    """List who may propose for this Safe.

    Example: dao-bot delegates list --json
    """
    from dao_bot.app.delegating import list_delegates as command

    finish(command(config, json))


@delegates.command()
def message(delegate: Delegate = None, config: Config = CONFIG, json: Json = False) -> None:
    """Print what an owner must sign (EIP-712), to add a delegate or to remove one. It holds for an hour or two.

    Example: dao-bot delegates message --json
    """
    from dao_bot.app.delegating import show_message as command

    finish(command(config, json, delegate))


@delegates.command()
def add(
    owner: Owner,
    signature: Signature = None,
    key: Key = None,
    label: Annotated[str, typer.Option(help="What people see in Safe{Wallet}.")] = "dao-bot",
    delegate: Delegate = None,
    config: Config = CONFIG,
    json: Json = False,
) -> None:
    """Register a delegate with what an owner signed; with another label it is renamed.

    Example: dao-bot delegates add 0x7099…79C8 --signature 0x…
    """
    from dao_bot.app.delegating import add_delegate as command

    finish(command(config, json, owner, signature, key, label, delegate))


@delegates.command()
def remove(
    owner: Owner,
    signature: Signature = None,
    key: Key = None,
    delegate: Delegate = None,
    config: Config = CONFIG,
    json: Json = False,
) -> None:
    """Take a delegate off the list. Without a signature, the configured proposer signs its own removal.

    Example: dao-bot delegates remove 0x7099…79C8
    """
    from dao_bot.app.delegating import remove_delegate as command

    finish(command(config, json, owner, signature, key, delegate))
