"""The commands to set a treasury up, and to see one at work: their names, options and help."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from dao_bot.app.options import CONFIG, Config, Json, finish


def demo(
    json: Json = False,
    directory: Annotated[Path | None, typer.Option(help="Where the demo leaves its files.")] = None,
) -> None:
    """Play the main job on a local chain: observe, decide, check, sign, execute.

    Example: dao-bot demo --json
    """
    from dao_bot.app.demo import run_demo

    finish(run_demo(directory, as_json=json))


def devnet(
    port: Annotated[int, typer.Option(help="Port of the local chain.")] = 8545,
    json: Json = False,
) -> None:
    """Keep a local chain with the real contracts running.

    Example: dao-bot devnet --port 8545
    """
    from dao_bot.app.devnet import devnet as command

    finish(command(port, json))


def init(path: Annotated[Path, typer.Argument(help="The file to write.")] = CONFIG) -> None:
    """Write a commented strategies.yaml, policy included.

    Example: dao-bot init
    """
    from dao_bot.app.configure import init as command

    finish(command(path))


def check(config: Config = CONFIG, json: Json = False) -> None:
    """Read the configuration offline and tell every error at once.

    Example: dao-bot check -c strategies.yaml
    """
    from dao_bot.app.configure import check as command

    finish(command(config, json))


def doctor(
    config: Config = CONFIG,
    json: Json = False,
    accept: Annotated[
        bool, typer.Option("--accept", help="First record the Safe as it is now: its owners did what changed.")
    ] = False,
) -> None:
    """Test the configuration against the chain, line by line.

    Example: dao-bot doctor
    """
    from dao_bot.app.doctor import doctor as command

    finish(command(config, accept, json))
