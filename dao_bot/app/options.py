"""Options that commands share, and how a command ends."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Config = Annotated[Path, typer.Option("--config", "-c", help="The configuration file.")]
Json = Annotated[bool, typer.Option("--json", help="Print facts as JSON, for programs.")]
ProposalId = Annotated[str, typer.Argument(help="A proposal's id, or at least its first 6 hex digits.")]
CONFIG = Path("strategies.yaml")


def finish(code: int) -> None:
    """End the process with this exit code."""
    if code:
        raise typer.Exit(code)
