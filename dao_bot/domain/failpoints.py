"""Failpoints: named places where a test may kill or stop the process; they do nothing otherwise."""

from __future__ import annotations

from collections.abc import Callable

Hook = Callable[[str], None]

_hook: Hook | None = None


def install(hook: Hook | None) -> None:
    """Call `hook` with the name of every failpoint that this process reaches; None takes it away."""
    global _hook  # noqa: PLW0603 - one hook for the process is what a test installs
    _hook = hook


def reach(name: str) -> None:
    """Stands just before and just after each effect that cannot be taken back: a commit, a send."""
    if _hook is not None:
        _hook(name)
