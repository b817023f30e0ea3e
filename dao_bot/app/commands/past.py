"""The commands that look at the past: their names, options and help."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from dao_bot.app.options import CONFIG, Config, Json, finish


def backtest(
    strategy: Annotated[str, typer.Argument(help="A strategy of the configuration, or `all`.")],
    begin: Annotated[str, typer.Option("--from", help="First moment, in UTC: 2022-05-01 or `2022-05-01 12:00`.")],
    end: Annotated[str, typer.Option("--to", help="Last moment.")],
    config: Config = CONFIG,
    market: Annotated[Path, typer.Option(help="Prices, depth and holdings of the backtest.")] = Path("market.yaml"),
    out: Annotated[Path | None, typer.Option(help="Directory for the report (HTML, Parquet, JSON).")] = None,
    vary: Annotated[
        list[str] | None, typer.Option(help="Try several values: NAME=VALUE,VALUE. May be given again.")
    ] = None,
    jobs: Annotated[int, typer.Option(help="Processes for a sweep; -1 takes every core.")] = -1,
    dask: Annotated[str | None, typer.Option(help="Scheduler of a Dask cluster that does the sweep.")] = None,
    json: Json = False,
) -> None:
    """Play strategies over history; nothing is read from a chain.

    Example: dao-bot backtest all --from 2022-05-01 --to 2022-05-31 --out report
    """
    from dao_bot.app.backtesting import backtest as command

    finish(command(config, strategy, market, begin, end, out, json, vary or [], jobs, dask))


def crisis(
    data: Annotated[Path, typer.Option(help="Directory with the data of the crises.")],
    strategy: Annotated[str, typer.Argument(help="The strategy that keeps the reserve.")] = "reserve",
    config: Config = CONFIG,
    delay: Annotated[str, typer.Option(help="From a decision to its execution: people read and sign.")] = "1h",
    out: Annotated[Path | None, typer.Option(help="Write the report as one HTML file.")] = None,
    jobs: Annotated[int, typer.Option(help="Processes; -1 takes every core.")] = -1,
    json: Json = False,
) -> None:
    """Replay the reserve through past crises and hold it to stated limits; exit code 1 when one is broken.

    Example: dao-bot crisis --data history --out crisis.html
    """
    from dao_bot.app.backtesting import crisis as command

    finish(command(config, strategy, data, delay, out, json, jobs))


def brief(
    strategy: Annotated[str, typer.Argument(help="A strategy that writes a brief, such as the curator.")],
    config: Config = CONFIG,
    json: Json = False,
    directory: Annotated[Path | None, typer.Option(help="Also write NAME-brief.json and NAME-brief.md there.")] = None,
) -> None:
    """Print what a strategy has learned, such as what the community prefers.

    Example: dao-bot brief curator
    """
    from dao_bot.app.briefing import brief as command

    finish(command(config, strategy, json, directory))
