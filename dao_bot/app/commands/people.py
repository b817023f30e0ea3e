"""The commands with which people approve, vote and delegate: their names, options and help."""

from __future__ import annotations

from typing import Annotated

import typer

from dao_bot.app.options import CONFIG, Config, Json, finish

SubjectId = Annotated[str, typer.Argument(help="A proposal's or mandate's id, or at least its first 6 hex digits.")]
Key = Annotated[str, typer.Option(help="Your wallet's key: env:NAME or file:PATH (key or keystore).")]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask.")]
Reason = Annotated[str, typer.Option(help="Why; goes into the record.")]


def inbox(
    wallet: Annotated[str | None, typer.Option(help="What awaits this wallet; without it, all that is open.")] = None,
    config: Config = CONFIG,
    json: Json = False,
) -> None:
    """List what awaits people: what to do, until when, and what doing nothing means.

    Example: dao-bot inbox --wallet 0x…
    """
    from dao_bot.app.governing import inbox as command

    finish(command(config, wallet, json))


def vote(
    subject: SubjectId,
    choice: Annotated[str, typer.Argument(help="An option, several (Red, Blue), or parts (Red: 60, Blue: 40).")],
    key: Key,
    reason: Reason = "",
    config: Config = CONFIG,
    yes: Yes = False,
    json: Json = False,
) -> None:
    """Vote with your wallet's signature.

    Example: dao-bot vote 3f9a1c for --key file:wallet.json
    """
    from dao_bot.app.governing import vote as command

    finish(command(config, subject, choice, key, reason, yes, json))


def approve(
    subject: SubjectId,
    key: Key,
    reason: Reason = "",
    config: Config = CONFIG,
    withdraw: Annotated[bool, typer.Option("--withdraw", help="Take back whatever you said before.")] = False,
    yes: Yes = False,
    json: Json = False,
) -> None:
    """Approve as a steward, with your wallet's signature.

    Example: dao-bot approve 3f9a1c --key file:steward.json
    """
    from dao_bot.app.governing import stand as command

    finish(command(config, subject, "withdraw" if withdraw else "approve", key, reason, yes, json))


def veto(
    subject: SubjectId, key: Key, reason: Reason, config: Config = CONFIG, yes: Yes = False, json: Json = False
) -> None:
    """Veto as a steward, with your wallet's signature; possible until the batch is sent.

    Example: dao-bot veto 3f9a1c --key file:steward.json --reason "wrong pool"
    """
    from dao_bot.app.governing import stand as command

    finish(command(config, subject, "veto", key, reason, yes, json))


def delegate(
    to: Annotated[str, typer.Argument(help="The wallet that votes for yours, or `nobody`.")],
    key: Key,
    config: Config = CONFIG,
    yes: Yes = False,
    json: Json = False,
) -> None:
    """Hand your voting power on, for votes that open later; your own vote always comes first.

    Example: dao-bot delegate 0x… --key file:wallet.json
    """
    from dao_bot.app.governing import delegate as command

    finish(command(config, to, key, yes, json))


def link(
    code: Annotated[str, typer.Argument(help="The code that the chat gave you for linking, or unlinking.")],
    key: Key,
    config: Config = CONFIG,
    yes: Yes = False,
    json: Json = False,
) -> None:
    """Link a wallet to the chat account that the code was given to.

    Example: dao-bot link 4be1… --key file:wallet.json
    """
    from dao_bot.app.governing import link as command

    finish(command(config, code, key, yes, json))


def freeze(key: Key, reason: Reason, config: Config = CONFIG, yes: Yes = False, json: Json = False) -> None:
    """Stop all approvals, as a steward.

    Example: dao-bot freeze --key file:steward.json --reason "a stranger has our role"
    """
    from dao_bot.app.governing import freeze as command

    finish(command(config, key, reason, yes, json))


def unfreeze(key: Key, config: Config = CONFIG, yes: Yes = False, json: Json = False) -> None:
    """Sign, as a steward, that approvals may go on; enough of you must.

    Example: dao-bot unfreeze --key file:steward.json
    """
    from dao_bot.app.governing import unfreeze as command

    finish(command(config, key, yes, json))


def tally(
    subject: SubjectId,
    config: Config = CONFIG,
    wallet: Annotated[str | None, typer.Option(help="Also prove that this wallet's vote is in.")] = None,
    json: Json = False,
) -> None:
    """Count a vote again from the record.

    Example: dao-bot tally 3f9a1c --wallet 0x…
    """
    from dao_bot.app.counting import tally as command

    finish(command(config, subject, wallet, json))


def mandate(
    strategy: Annotated[str, typer.Argument(help="The strategy whose batches it lets through.")],
    tokens: Annotated[str, typer.Option(help="The only tokens that may move: USDC,USDT.")],
    total: Annotated[str, typer.Option(help="All that its batches may take out: 500000 USD.")],
    per_window: Annotated[str, typer.Option(help="What they may take out within a window: 100000 USD.")],
    window: Annotated[str, typer.Option(help="How long a window is: 1d.")],
    worst_price: Annotated[str, typer.Option(help="What a batch may lose against the oracle: 50bps.")],
    valid_for: Annotated[str, typer.Option(help="How long it is worth something: 30d.")],
    key: Key,
    config: Config = CONFIG,
    yes: Yes = False,
    json: Json = False,
) -> None:
    """Propose, as a steward, bounds inside which batches need no approval of their own.

    Example: dao-bot mandate reserve --tokens USDC,USDT --total "500000 USD" --per-window "100000 USD" --window 1d
    --worst-price 50bps --valid-for 30d --key file:steward.json
    """
    from dao_bot.app.mandating import propose as command

    bounds = (tokens, total, per_window, window, worst_price, valid_for)
    finish(command(config, strategy, bounds, key, yes, json))


def ask(
    title: Annotated[str, typer.Argument(help="The question, in one line.")],
    power: Annotated[str, typer.Option(help="What a vote weighs: a name under governance.power.")],
    duration: Annotated[str, typer.Option(help="How long the vote takes: 3d.")],
    key: Key,
    option: Annotated[list[str] | None, typer.Option(help="What can be chosen; given again for each.")] = None,
    kind: Annotated[
        str, typer.Option(help="single-choice, approval, weighted, quadratic, ranked-choice, copeland.")
    ] = "single-choice",
    quorum: Annotated[str, typer.Option(help="Least power of all votes together, in whole units.")] = "0",
    config: Config = CONFIG,
    yes: Yes = False,
    json: Json = False,
) -> None:
    """Put a question to the vote, as a steward; what comes of it binds nothing.

    Example: dao-bot ask "Which colour?" --option Red --option Blue --power members --duration 3d --key file:key.json
    """
    from dao_bot.app.asking import ask as command

    finish(command(config, title, kind, option or [], power, duration, quorum, key, yes, json))


def mandates(config: Config = CONFIG, json: Json = False) -> None:
    """List mandates, with what became of them and what is left of their budgets.

    Example: dao-bot mandates
    """
    from dao_bot.app.mandating import mandates as command

    finish(command(config, json))
