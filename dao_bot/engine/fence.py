"""The fence around a strategy: limits on time and memory, and no sockets, programs or foreign files by accident.

It keeps honest code pure. It is no wall against hostile code: what stops that is that the process has no secrets,
that its answer is parsed as data, and that every batch passes the policy.
"""

from __future__ import annotations

import resource
import sys
import sysconfig
from pathlib import Path
from typing import Any

_FORBIDDEN = frozenset(
    {
        "socket.connect",
        "socket.bind",
        "socket.getaddrinfo",
        "socket.sendto",
        "subprocess.Popen",
        "os.exec",
        "os.fork",
        "os.posix_spawn",
        "os.remove",
        "os.rename",
        "os.rmdir",
        "os.system",
        "shutil.rmtree",
    }
)
_WRITING = frozenset("wax+")


def limit_resources(cpu_seconds: int, memory_bytes: int) -> None:
    """Let the kernel end this process when it takes more processor time or address space."""
    resource.setrlimit(resource.RLIMIT_CPU, (cpu_seconds, cpu_seconds))
    resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def raise_fence(plugin_root: Path) -> None:
    """From now on refuse I/O that a pure decision has no use for. Cannot be lowered again in this process."""
    readable = tuple(
        str(Path(path).resolve())
        for path in {
            sys.prefix,
            sys.base_prefix,
            sysconfig.get_path("stdlib"),
            *(entry for entry in sys.path if entry),
            str(plugin_root),
            "/dev/null",
            "/dev/urandom",
            "/proc/self",
            "/proc/cpuinfo",
            "/proc/meminfo",
            "/sys/devices/system/cpu",
            "/sys/fs/cgroup",
            "/etc/ld.so.cache",
            "/usr/lib",
            "/usr/share/zoneinfo",
        }
    )

    def watch(event: str, arguments: tuple[Any, ...]) -> None:
        if event in _FORBIDDEN:
            raise PermissionError(f"a strategy may not do I/O: {event}")
        if event == "open":
            _check_open(arguments, readable)

    sys.addaudithook(watch)


def _check_open(arguments: tuple[Any, ...], readable: tuple[str, ...]) -> None:
    path, mode = arguments[0], arguments[1]
    if isinstance(path, int):
        return
    if isinstance(mode, str) and _WRITING & set(mode) and str(path) != "/dev/null":
        raise PermissionError(f"a strategy may not write files: {path}")
    where = str(Path(path.decode() if isinstance(path, bytes) else path).absolute())
    if not where.startswith(readable):
        raise PermissionError(f"a strategy may not read files of its own accord: {path}; ask for it in needs()")
