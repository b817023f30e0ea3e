"""The commented strategies.yaml that `dao-bot init` writes."""

from __future__ import annotations

from contextlib import suppress
from importlib.resources import files
from pathlib import Path

from dao_bot.domain.errors import BadInput


def template() -> str:
    """The text: Ethereum, mode plan, a policy, one strategy. It passes `load_config` as it stands."""
    return files("dao_bot.config").joinpath("template.yaml").read_text(encoding="utf-8")


def write_template(path: Path) -> None:
    """Write it to `path`, never over something that is there.

    Raises:
        BadInput: `path` exists or cannot be written.
    """
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(template())
    except FileExistsError as error:
        raise BadInput(
            f"{path} exists already and is not overwritten", next_step="Name another file, or move it away"
        ) from error
    except OSError as error:
        with suppress(OSError):
            path.unlink()
        raise BadInput(f"{path} cannot be written: {error.strerror}", next_step="Name another place") from error
