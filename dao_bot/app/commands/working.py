"""The commands that keep a treasury at work, and what it did: their names, options and help."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from dao_bot.app.options import CONFIG, Config, Json, finish

JsonLog = Annotated[bool, typer.Option("--json", help="Each line as a JSON object, for collectors of logs.")]


def run(
    config: Config = CONFIG,
    once: Annotated[bool, typer.Option("--once", help="One pass over what is due, then stop.")] = False,
    json: JsonLog = False,
) -> None:
    """Run the schedule and the keeper until SIGTERM.

    Example: dao-bot run --once
    """
    from dao_bot.app.running import run as command

    finish(command(config, once, json))


def signer(
    socket: Annotated[Path, typer.Option(help="Where the keeper asks; `treasury.keeper.signer` of its configuration.")],
    config: Config = CONFIG,
    user: Annotated[int | None, typer.Option(help="Id of the user that may ask, besides this one.")] = None,
    json: JsonLog = False,
) -> None:
    """Hold the keeper's key, and sign only what this own copy of the configuration allows. Run it as a user of its own.

    Example: dao-bot signer -c /etc/dao-bot-signer/strategies.yaml --socket /run/dao-bot/signer.sock --user 1001
    """
    from dao_bot.app.signing_service import serve as command

    finish(command(config, socket, user, json))


def discord(config: Config = CONFIG, json: JsonLog = False) -> None:
    """Serve the configured Discord until SIGTERM: cards, votes, approvals, vetoes.

    Example: dao-bot discord
    """
    from dao_bot.app.chatting import chat as command

    finish(command(config, json))


def web(config: Config = CONFIG, json: JsonLog = False) -> None:
    """Serve the wallet page until SIGTERM: people link wallets and sign there. It has no key.

    Example: dao-bot web
    """
    from dao_bot.app.serving import web as command

    finish(command(config, json))


def invite(
    errand: Annotated[
        str, typer.Argument(help="link, unlink, vote, approve, veto, delegate, freeze, unfreeze or sign.")
    ],
    subject: Annotated[str | None, typer.Argument(help="The proposal or mandate that it is about.")] = None,
    user: Annotated[str, typer.Option(help="Who gets the link: a name for the record.")] = "owner",
    config: Config = CONFIG,
    json: Json = False,
) -> None:
    """Print a link to the wallet page, for one person and one purpose; it works once, within ten minutes.

    Example: dao-bot invite sign 3f9a1c --user ada
    """
    from dao_bot.app.serving import invite as command

    finish(command(config, errand, subject, user, json))


def pause(
    strategy: Annotated[str, typer.Argument(help="A strategy of the configuration.")],
    reason: Annotated[str, typer.Option(help="Why; goes into the record.")],
    config: Config = CONFIG,
    json: Json = False,
) -> None:
    """Let a strategy run no more, until it is resumed.

    Example: dao-bot pause reserve --reason "new limits"
    """
    from dao_bot.app.pausing import pause as command

    finish(command(config, strategy, reason, json))


def resume(
    strategy: Annotated[str, typer.Argument(help="A strategy of the configuration.")],
    config: Config = CONFIG,
    json: Json = False,
) -> None:
    """Let a paused strategy run again.

    Example: dao-bot resume reserve
    """
    from dao_bot.app.pausing import resume as command

    finish(command(config, strategy, json))


def audit(
    config: Config = CONFIG,
    head: Annotated[str | None, typer.Option(help="A published head, NUMBER:HASH, that must be in the record.")] = None,
    json: Json = False,
) -> None:
    """Verify the record's hash chain and print it.

    Example: dao-bot audit --head 42:0x…
    """
    from dao_bot.app.auditing import audit as command

    finish(command(config, head, json))


def report(
    config: Config = CONFIG,
    month: Annotated[str | None, typer.Option(help="Only one month, such as 2026-11.")] = None,
    strategy: Annotated[str | None, typer.Option(help="Only one strategy.")] = None,
    json: Json = False,
    table: Annotated[Path | None, typer.Option("--csv", help="Also write every execution as CSV.")] = None,
    html: Annotated[Path | None, typer.Option(help="Also write it with plots as one HTML file.")] = None,
) -> None:
    """Sum up how well batches were executed: cost against the oracle, against what was promised, gas, time.

    Example: dao-bot report --month 2026-11 --html november.html
    """
    from dao_bot.app.reporting import report as command

    finish(command(config, month, strategy, json, table, html))
