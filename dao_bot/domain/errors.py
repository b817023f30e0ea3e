"""Every error a person may see: what was wrong, the value, the limit, and the next step."""

from __future__ import annotations


class DaoBotError(Exception):
    """Root of all errors of this program.

    Args:
        what: one sentence, without the final full stop, saying what was wrong.
        value: the offending value, if there is one. Never a secret.
        limit: what would have been accepted.
        next_step: what the reader can do now.
    """

    def __init__(
        self,
        what: str,
        *,
        value: object | None = None,
        limit: object | None = None,
        next_step: str | None = None,
    ) -> None:
        self.what = what
        self.value = value
        self.limit = limit
        self.next_step = next_step
        super().__init__(what)

    def __str__(self) -> str:
        parts = [self.what]
        if self.value is not None:
            parts.append(f"got {self.value}")
        if self.limit is not None:
            parts.append(f"allowed: {self.limit}")
        text = "; ".join(parts) + "."
        if self.next_step:
            text += f" {self.next_step.rstrip('.')}{'' if self.next_step.endswith('?') else '.'}"
        return "\n".join([text, *getattr(self, "__notes__", [])])


class BadInput(DaoBotError):
    """Something given from outside (config, argument, file, signature) is not valid."""


class NotFound(BadInput):
    """A named thing does not exist."""


class Refused(DaoBotError):
    """The policy, or a rule that holds everywhere, does not allow this."""


class ChainError(DaoBotError):
    """The chain, or a node that tells of it, did not answer as it must."""


class RpcUnavailable(ChainError):
    """A node timed out, refused the connection, is rate limiting, or answered nonsense."""


class RpcDisagreement(ChainError):
    """Two nodes, or two witnesses, do not say the same."""


class Reverted(ChainError):
    """A call reverted; `what` carries the reason in words."""


class SourceUnavailable(DaoBotError):
    """A source of market data outside the chain did not answer, limits its rate, or answered nonsense."""


class ServiceUnavailable(DaoBotError):
    """A hosted service did not answer, limits its rate, its month is used up, or it answered nonsense."""


class ServiceRefused(DaoBotError):
    """A hosted service understood a request and does not accept it; the same again would not help.

    Attributes:
        status: of HTTP.
    """

    def __init__(
        self,
        what: str,
        *,
        status: int,
        value: object | None = None,
        limit: object | None = None,
        next_step: str | None = None,
    ) -> None:
        super().__init__(what, value=value, limit=limit, next_step=next_step)
        self.status = status


class StoreError(DaoBotError):
    """The record cannot be read or written."""


class Conflict(StoreError):
    """Somebody else changed the record first; nothing was written."""


class PluginFailed(DaoBotError):
    """A strategy raised, ran out of time or memory, or returned what is no decision.

    Attributes:
        details: for its author: the traceback, or what it printed last. Too long for a message.
    """

    details: str = ""
