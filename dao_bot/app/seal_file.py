"""The seal of a policy: a file beside the configuration. Only the signatures in it are believed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dao_bot.config.load import Config
from dao_bot.domain.errors import BadInput
from dao_bot.durable import write_durably

_LARGEST = 4 << 20


@dataclass(frozen=True, slots=True)
class Seal:
    """What was sealed.

    Attributes:
        revision: counted up with each policy that is sealed.
        sealed: the policy as plain values, to compare with.
        signatures: 0x-hex.
    """

    revision: int
    policy_hash: str
    sealed: Mapping[str, Any]
    signatures: tuple[str, ...]


def seal_path(config: Config) -> Path:
    """Beside the configuration: strategies.yaml has strategies.seal.json."""
    return config.path.with_suffix(".seal.json")


def read_seal(config: Config) -> Seal | None:
    """The seal as it lies there, or None while there is none.

    Raises:
        BadInput: it cannot be read, or is none.
    """
    path = seal_path(config)
    try:
        with path.open("rb") as file:
            content = file.read(_LARGEST + 1)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise BadInput("the seal cannot be read", value=path, next_step=str(error.strerror)) from None
    try:
        data = json.loads(content if len(content) <= _LARGEST else b"")
        signatures = tuple(map(str, data["signatures"]))
        seal = Seal(int(data["revision"]), str(data["policy_hash"]), dict(data["sealed"]), signatures)
    except (ValueError, TypeError, KeyError):
        raise BadInput("this is no seal of a policy", value=path, next_step="Remove it and sign again") from None
    if not 0 < seal.revision < 2**53:
        raise BadInput("the seal has no revision", value=seal.revision, limit="1 to 2^53 - 1", next_step="Sign again")
    return seal


def write_seal(config: Config, seal: Seal) -> None:
    """Replace the seal, durably."""
    content = {
        "revision": seal.revision,
        "policy_hash": seal.policy_hash,
        "sealed": seal.sealed,
        "signatures": list(seal.signatures),
    }
    write_durably(seal_path(config), json.dumps(content, indent=1).encode() + b"\n")
