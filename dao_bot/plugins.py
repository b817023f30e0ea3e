"""Plugins, found by entry point or by path. To import one is to run its code, so only named ones are imported."""

from __future__ import annotations

import ast
import hashlib
import importlib.util
import re
import sys
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from types import ModuleType
from typing import Any

from dao_bot.domain.errors import BadInput, NotFound, PluginFailed, Refused
from dao_bot.domain.hashing import digest
from dao_bot.fields import Settings
from dao_bot.suggest import did_you_mean

STRATEGIES = "dao_bot.strategies"
PROTOCOLS = "dao_bot.protocols"
POLICY_RULES = "dao_bot.policy_rules"
PRICE_SOURCES = "dao_bot.price_sources"
ROUTES = "dao_bot.routes"
APPROVALS = "dao_bot.approvals"
VOTING_POWER = "dao_bot.voting_power"

_WORDS = {
    STRATEGIES: "strategy",
    PROTOCOLS: "protocol",
    POLICY_RULES: "policy rule",
    PRICE_SOURCES: "price source",
    ROUTES: "route",
    APPROVALS: "approval rule",
    VOTING_POWER: "source of voting power",
}
_OWN = "dao-bot"
_only_own = False
_BY_PATH = re.compile(r"(?P<file>.+\.py):(?P<name>[A-Za-z_][A-Za-z0-9_]*)")


def names(group: str) -> tuple[str, ...]:
    """Every name that is installed in `group`, sorted; nothing is imported."""
    return tuple(sorted(_installed(group)))


def trust_only_own() -> None:
    """From now on this process imports no plugin but those of this program's own distribution."""
    global _only_own  # noqa: PLW0603 - it holds for the whole process, and cannot be taken back
    _only_own = True


def find(group: str, name: str) -> type[Any]:
    """The class behind an entry point; imports its module.

    Raises:
        NotFound: no installed distribution offers the name.
        BadInput: two distributions offer it, or it does not name a class.
        PluginFailed: its module cannot be imported.
        Refused: it is a stranger's, and this process trusts only its own.
    """
    entry = entry_point(group, name)
    if _only_own and (entry.dist is None or entry.dist.name != _OWN):
        raise Refused(
            f"the {_word(group)} `{name}` is not part of this program, and no plugin's code runs in this process",
            value=_distribution(entry),
            limit=_OWN,
        )
    try:
        found = entry.load()
    except Exception as error:
        raise PluginFailed(
            f"the {_word(group)} `{name}` cannot be imported: {type(error).__name__}: {error}",
            value=entry.value,
            next_step=f"Reinstall or remove the distribution {_distribution(entry)}",
        ) from error
    if not isinstance(found, type):
        raise BadInput(f"the {_word(group)} `{name}` is not a class", value=entry.value)
    return found


def settings_model(kind: type[Any], attribute: str) -> type[Settings]:
    """The model under which a plugin's settings are validated.

    Raises:
        BadInput: the class has none.
    """
    model = getattr(kind, attribute, None)
    if not (isinstance(model, type) and issubclass(model, Settings)):
        raise BadInput(
            f"the plugin {kind.__module__}.{kind.__qualname__} has no model of its settings",
            limit=f"a class `{attribute}` that derives from dao_bot.fields.Settings",
        )
    return model


def entry_point(group: str, name: str) -> EntryPoint:
    """The one entry point of that name; nothing is imported.

    Raises:
        NotFound: no installed distribution offers the name.
        BadInput: two distributions offer it.
    """
    installed = _installed(group)
    entries = installed.get(name, ())
    if not entries:
        plain = name.encode("unicode_escape").decode()
        raise NotFound(f"there is no {_word(group)} `{plain}`", next_step=did_you_mean(name, installed) or None)
    if len(entries) > 1:
        raise BadInput(
            f"two distributions offer a {_word(group)} `{name}`",
            value=" and ".join(sorted(_distribution(entry) for entry in entries)),
            limit="one",
            next_step="Uninstall the one that you do not trust",
        )
    return entries[0]


def _installed(group: str) -> dict[str, tuple[EntryPoint, ...]]:
    return _all_installed(tuple(sys.path)).get(group, {})


@cache
def _all_installed(_path: tuple[str, ...]) -> dict[str, dict[str, tuple[EntryPoint, ...]]]:
    """Reading the metadata of every distribution takes milliseconds, so it is done once for each `sys.path`."""
    found: dict[str, dict[str, tuple[EntryPoint, ...]]] = {}
    installed = entry_points()
    for group in (each for each in installed.groups if each.startswith("dao_bot.")):
        named = found.setdefault(group, {})
        for entry in installed.select(group=group):
            named[entry.name] = (*named.get(entry.name, ()), entry)
    return found


def _distribution(entry: EntryPoint) -> str:
    return f"{entry.dist.name} {entry.dist.version}" if entry.dist else "an unnamed distribution"


def _word(group: str) -> str:
    return _WORDS.get(group, f"plugin of {group}")


def require_strategy(use: str, base: Path) -> None:
    """Raise what `load_strategy` would raise, as far as that can be known without running the plugin's code."""
    by_path = _split(use)
    if by_path is None:
        entry_point(STRATEGIES, use)
        return
    file, name = by_path
    path, source = _read(file, base)
    classes = [node.name for node in ast.walk(_parse(path, source)) if isinstance(node, ast.ClassDef)]
    if name not in classes:
        raise NotFound(f"there is no class `{name}` in {file}", next_step=did_you_mean(name, classes) or None)


def load_strategy(use: str, base: Path) -> type[Any]:
    """The strategy class that `use` names: an entry point, or `file.py:ClassName` relative to `base`.

    A file is loaded alone: it cannot import its neighbours, so that its digest covers all of it.

    Raises:
        BadInput: there is no such file, class or entry point, or it is not a strategy.
        PluginFailed: its code raised while it was imported.
    """
    if _only_own:
        raise Refused("no strategy runs in this process", value=use)
    by_path = _split(use)
    loaded = find(STRATEGIES, use) if by_path is None else _load_file(*by_path, base)
    lacking = [part for part in ("name", "Params", "needs", "decide") if not hasattr(loaded, part)]
    if lacking:
        raise BadInput(
            f"`{use}` is not a strategy: it has no {', no '.join(lacking)}",
            next_step="See `Strategy` in dao_bot.strategy for what a strategy has",
        )
    return loaded


def strategy_digest(use: str, base: Path) -> str:
    """0x-hex identity of a strategy's code, for the policy hash; nothing is imported."""
    by_path = _split(use)
    if by_path is None:
        return code_digest(STRATEGIES, use)
    _, source = _read(by_path[0], base)
    return digest({"file": _sha256(source)})


def code_digest(group: str, name: str) -> str:
    """0x-hex identity of the code behind an entry point: every file of its top-level package; nothing is imported."""
    return package_digest(entry_point(group, name).module.partition(".")[0])


@cache
def package_digest(package: str) -> str:
    """0x-hex identity of all files of a top-level package or module (compiled caches aside).

    Raises:
        NotFound: it is not installed as plain files.
    """
    spec = importlib.util.find_spec(package)
    if spec is not None and spec.submodule_search_locations:
        roots = sorted({Path(location) for location in spec.submodule_search_locations})
        files = {
            f"{number}/{path.relative_to(root).as_posix()}": path
            for number, root in enumerate(roots)
            for path in root.rglob("*")
            if path.is_file() and "__pycache__" not in path.parts
        }
    elif spec is not None and spec.origin and Path(spec.origin).is_file():
        files = {Path(spec.origin).name: Path(spec.origin)}
    else:
        raise NotFound(f"the code of `{package}` cannot be found", next_step="Install it as plain files")
    return digest({name: _sha256(path.read_bytes()) for name, path in files.items()})


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _split(use: str) -> tuple[str, str] | None:
    """File and class of a strategy by path, or None for an entry point."""
    match = _BY_PATH.fullmatch(use)
    if match:
        return match["file"], match["name"]
    if any(mark in use for mark in "/\\:") or use.endswith(".py"):
        raise BadInput("not a strategy", value=repr(use), limit="an entry point, or ./file.py:ClassName")
    return None


def _read(file: str, base: Path) -> tuple[Path, bytes]:
    path = base / Path(file).expanduser()
    try:
        return path, path.read_bytes()
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise NotFound(
            f"the strategy's file cannot be read: {reason}",
            value=str(path),
            next_step="The path is relative to the directory of the configuration file",
        ) from error


def _parse(path: Path, source: bytes) -> ast.Module:
    try:
        return ast.parse(source, filename=str(path))
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        line = f", line {error.lineno}" if isinstance(error, SyntaxError) and error.lineno else ""
        raise BadInput(f"the strategy's file is not valid Python: {error}", value=f"{path}{line}") from error


def _load_file(file: str, name: str, base: Path) -> type[Any]:
    path, source = _read(file, base)
    identity = hashlib.sha256(str(path.resolve()).encode() + b"\0" + source).hexdigest()[:16]
    module_name = f"dao_bot_plugin_{identity}"
    module = sys.modules.get(module_name) or _execute(module_name, path, source)
    found = getattr(module, name, None)
    if not isinstance(found, type):
        classes = [key for key, value in vars(module).items() if isinstance(value, type)]
        raise NotFound(f"there is no class `{name}` in {file}", next_step=did_you_mean(name, classes) or None)
    return found


def _execute(module_name: str, path: Path, source: bytes) -> ModuleType:
    """Runs the very bytes that were read, so that what runs is what was digested."""
    code = compile(_parse(path, source), str(path), "exec", dont_inherit=True)
    module = ModuleType(module_name)
    module.__file__ = str(path)
    sys.modules[module_name] = module  # dataclasses and pydantic look annotations up there
    try:
        exec(code, vars(module))  # noqa: S102  # to run a plugin that the stewards named is the purpose
    except Exception as error:
        del sys.modules[module_name]
        raise PluginFailed(f"the strategy's file failed: {type(error).__name__}: {error}", value=path) from error
    return module
