"""What goes wrong on demand."""

from __future__ import annotations

import re
from dataclasses import dataclass

from dao_bot.devnet.discord.errors import ApiError, RateLimited


@dataclass(slots=True)
class _Fault:
    method: str
    path: re.Pattern[str]
    error: ApiError
    left: int


class Faults:
    """The next requests to a path fail, before or after they had their effect."""

    def __init__(self) -> None:
        self._before: list[_Fault] = []
        self._after: list[_Fault] = []

    def fail(self, method: str, path: str, status: int = 503, *, times: int = 1, after: bool = False) -> None:
        """Answer `status` to requests whose path (below the version) matches the expression.

        Args:
            after: whether the request has its effect all the same, and only the answer is lost.
        """
        fault = _Fault(method, re.compile(path), ApiError(status, 0, f"{status}: as asked for"), times)
        (self._after if after else self._before).append(fault)

    def refuse(self, method: str, path: str, status: int, code: int, message: str, *, times: int = 1) -> None:
        """Answer with one of Discord's own errors."""
        self._before.append(_Fault(method, re.compile(path), ApiError(status, code, message), times))

    def limit(self, method: str, path: str, retry_after: float, *, everywhere: bool = False, times: int = 1) -> None:
        """Answer 429."""
        self._before.append(_Fault(method, re.compile(path), RateLimited(retry_after, everywhere=everywhere), times))

    def heal(self) -> None:
        self._before.clear()
        self._after.clear()

    def before(self, method: str, path: str) -> None:
        _raise_first(self._before, method, path)

    def after(self, method: str, path: str) -> None:
        _raise_first(self._after, method, path)


def _raise_first(faults: list[_Fault], method: str, path: str) -> None:
    for fault in faults:
        if fault.method == method and fault.path.fullmatch(path):
            fault.left -= 1
            if fault.left <= 0:
                faults.remove(fault)
            raise fault.error
