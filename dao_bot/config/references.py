"""References to secrets: `env:NAME` or `file:PATH`, resolved only where the secret is used."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field
from pathlib import Path

from dao_bot.domain.errors import BadInput

_LARGEST_SECRET = 65_536
REFERENCE = re.compile(r"(env|file):(.*)", re.DOTALL)
_ENVIRONMENT_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


@dataclass(frozen=True, slots=True)
class SecretReference:
    """Where a secret is: `env:NAME`, or `file:PATH` relative to the configuration file. Says nothing of its value."""

    kind: str
    name: str
    directory: Path = field(default=Path(), repr=False)

    def __str__(self) -> str:
        return f"{self.kind}:{self.name}"

    def resolve(self) -> str:
        """The secret itself, without surrounding white space.

        Raises:
            BadInput: the variable is not set, or the file cannot be read; or it is empty.
        """
        secret = (self._from_environment() if self.kind == "env" else self._from_file()).strip()
        if not secret:
            raise BadInput(f"the secret {self} is empty", next_step="Give it a value")
        return secret

    def _from_environment(self) -> str:
        if self.name not in os.environ:
            raise BadInput(
                f"the environment variable {self.name} is not set",
                next_step=f"Set it in the environment of this process; the configuration refers to it as {self}",
            )
        return os.environ[self.name]

    def _from_file(self) -> str:
        path = self.directory / Path(self.name).expanduser()
        try:
            with path.open("rb") as file:
                content = file.read(_LARGEST_SECRET + 1)
            if len(content) > _LARGEST_SECRET:
                raise BadInput("the file of a secret is too large", value=str(path), limit=f"{_LARGEST_SECRET} bytes")
            return content.decode()
        except (OSError, UnicodeDecodeError, RuntimeError) as error:
            reason = getattr(error, "strerror", None) or "it is not text"
            raise BadInput(f"the secret {self} cannot be read: {reason}", value=str(path)) from None


def parse_reference(text: object, directory: Path = Path()) -> SecretReference:
    """`env:NAME` or `file:PATH`.

    Raises:
        BadInput: it is something else, which is not repeated because it may be the secret itself.
    """
    match = REFERENCE.fullmatch(text) if isinstance(text, str) else None
    if match is None:
        raise BadInput(
            "not a reference to a secret",
            limit="env:NAME or file:PATH",
            next_step="The secret itself never stands in this file",
        )
    kind, name = match.groups()
    if kind == "env" and not _ENVIRONMENT_NAME.fullmatch(name):
        raise BadInput("not the name of an environment variable", limit="env: and letters, digits, underscores")
    if kind == "file" and not name.strip():
        raise BadInput("a reference to a file without its path", limit="file:PATH")
    return SecretReference(kind, name.strip(), directory)
