"""`sample.yaml`, with single lines exchanged; and distributions with plugins, installed for one test."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from dao_bot.config.load import Config, load_text
from dao_bot.config.problems import ConfigErrors

ROOT = Path(__file__).resolve().parents[3]

Edited = Callable[..., str]
Lines = Callable[[str], list[str]]
Install = Callable[..., Path]


@pytest.fixture(scope="session")
def sample() -> str:
    """A configuration with everything in it."""
    return (Path(__file__).parent / "sample.yaml").read_text(encoding="utf-8")


@pytest.fixture
def edited(sample: str) -> Edited:
    """`edited(old, new, …)`: the sample with `old` replaced, which must stand in it exactly once."""

    def edit(*changes: str) -> str:
        text = sample
        for old, new in zip(changes[::2], changes[1::2], strict=True):
            assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times"
            text = text.replace(old, new)
        return text

    return edit


@pytest.fixture
def load() -> Callable[[str], Config]:
    """A text as configuration, as if it were the file at the root."""
    return lambda text: load_text(text, ROOT / "strategies.yaml")


@pytest.fixture
def lines(load: Callable[[str], Config]) -> Lines:
    """Every problem of a text, as it is printed."""

    def told(text: str) -> list[str]:
        try:
            load(text)
        except ConfigErrors as errors:
            return str(errors).splitlines()
        return []

    return told


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Install:
    """`install(name, {group: {entry: value}}, {file: source})`: a distribution on the path, as pip leaves one."""

    def make(name: str, entries: Mapping[str, Mapping[str, str]], sources: Mapping[str, str]) -> Path:
        site = tmp_path / f"site-{name}"
        info = site / f"{name.replace('-', '_')}-1.0.dist-info"
        info.mkdir(parents=True)
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        groups = [
            f"[{group}]\n" + "".join(f"{entry} = {value}\n" for entry, value in values.items())
            for group, values in entries.items()
        ]
        (info / "entry_points.txt").write_text("\n".join(groups))
        for file, source in sources.items():
            path = site / file
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(textwrap.dedent(source))
        monkeypatch.syspath_prepend(str(site))
        return site

    return make
