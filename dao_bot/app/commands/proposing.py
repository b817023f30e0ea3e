"""The commands about proposals: made, looked at, signed, executed, closed: their names, options and help."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from dao_bot.app.options import CONFIG, Config, Json, ProposalId, finish


def plan(
    strategy: Annotated[str, typer.Argument(help="A strategy of the configuration.")],
    config: Config = CONFIG,
    json: Json = False,
    html: Annotated[Path | None, typer.Option(help="Also write the card as one HTML file.")] = None,
) -> None:
    """Run one strategy up to the proposal card; nothing is stored or sent.

    Example: dao-bot plan reserve
    """
    from dao_bot.app.planning import plan as command

    finish(command(config, strategy, json, html))


def proposals(
    config: Config = CONFIG,
    json: Json = False,
    everything: Annotated[bool, typer.Option("--all", help="Also those that are over.")] = False,
) -> None:
    """List proposals, newest first.

    Example: dao-bot proposals --all
    """
    from dao_bot.app.looking import proposals as command

    finish(command(config, json, everything))


def show(
    proposal: ProposalId,
    config: Config = CONFIG,
    json: Json = False,
    html: Annotated[Path | None, typer.Option(help="Write the card as one HTML file.")] = None,
    transaction: Annotated[
        Path | None, typer.Option(help="Write the Safe transaction, for `dao-bot verify` on an owner's machine.")
    ] = None,
) -> None:
    """Show a proposal's card.

    Example: dao-bot show 3f9a1c --html card.html
    """
    from dao_bot.app.looking import show as command

    finish(command(config, proposal, json, html, transaction))


def sign(
    proposal: ProposalId,
    key: Annotated[str, typer.Option(help="Your owner key: env:NAME or file:PATH (key or keystore).")],
    config: Config = CONFIG,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    json: Json = False,
) -> None:
    """Sign this Safe's transaction for a proposal, nothing else.

    Example: dao-bot sign 3f9a1c --key file:owner.json
    """
    from dao_bot.app.proposing import sign as command

    finish(command(config, proposal, key, yes, json))


def execute(proposal: ProposalId, config: Config = CONFIG, json: Json = False) -> None:
    """Execute an approved proposal now, as the keeper would.

    Example: dao-bot execute 3f9a1c
    """
    from dao_bot.app.proposing import execute as command

    finish(command(config, proposal, json))


def cancel(
    proposal: ProposalId,
    reason: Annotated[str, typer.Option(help="Why; goes into the record.")],
    config: Config = CONFIG,
    json: Json = False,
) -> None:
    """Cancel a proposal; offers a rejection if it was signed.

    Example: dao-bot cancel 3f9a1c --reason "wrong pool"
    """
    from dao_bot.app.proposing import cancel as command

    finish(command(config, proposal, reason, json))


def verify(
    what: Annotated[str, typer.Argument(help="A safeTxHash in the record, or a file with the Safe transaction.")],
    config: Config = CONFIG,
    json: Json = False,
) -> None:
    """Recompute the hashes, decode and simulate, on your own machine.

    Example: dao-bot verify transaction.json
    """
    from dao_bot.app.verifying import verify as command

    finish(command(config, what, json))


def inspect(
    file: Annotated[Path, typer.Argument(help="A Safe Transaction Builder batch (JSON).")],
    config: Config = CONFIG,
    json: Json = False,
) -> None:
    """Decode, simulate and check a Transaction Builder batch.

    Example: dao-bot inspect batch.json
    """
    from dao_bot.app.verifying import inspect as command

    finish(command(config, file, json))
