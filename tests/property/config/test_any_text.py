"""Whatever the file holds: a configuration or `ConfigErrors`, no other error; and every place is right."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from dao_bot.config.load import load_config, load_text
from dao_bot.config.problems import ConfigErrors
from dao_bot.config.source import parse_source
from tests.examples import examples

ROOT = Path(__file__).resolve().parents[3]
SAMPLE = (ROOT / "tests" / "unit" / "config" / "sample.yaml").read_text(encoding="utf-8")
LINES = SAMPLE.splitlines(keepends=True)
PIECES = [
    *("a", "use", "rules", "tokens", "0x", "1e5", "010", "no", "null", "true", "~", "12.5%", "USD", "env:X", "<<"),
    *(": ", ":", "- ", "? ", "{", "}", "[", "]", ",", "&a ", "*a", "!!int ", "! ", "|", ">", "'", '"', "#", "%", "@"),
    *("\n", "\n  ", "\t", "---\n", "...\n", "\\", "\x00", "\u202e", "\ufeff", "\r", "é", "\ud7ff", "😀"),
    *("treasury:\n  tokens:\n", "policy:\n  rules:\n    - ", "strategies:\n  s:\n    use: "),
]


def fails_only_as_promised(text: str) -> None:
    try:
        load_text(text, ROOT / "strategies.yaml")
    except ConfigErrors as errors:
        assert errors.problems
        count = text.count("\n") + text.count("\r") + 1
        for problem in errors.problems:
            assert problem.what
            assert problem.position is None or 1 <= problem.position.line <= count + 1
            assert str(problem).isprintable()


@settings(max_examples=examples(150), deadline=None)
@given(st.lists(st.sampled_from(PIECES), max_size=40).map("".join) | st.text(max_size=80))
def test_any_text_is_a_configuration_or_config_errors(text: str) -> None:
    fails_only_as_promised(text)


TYPICAL = ["0x1", "5%", "1 USD", "1h", "use", "-1", "9" * 5000, "9" * 4000 + "%", "env:X", "\u0663%"]
VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none()
    | st.booleans()
    | st.text(max_size=12)
    | st.sampled_from(["0x1", "5%", "1 USD", "1h", "use", "-1", "9" * 5000]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


def paths_of(data: Any, above: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    items = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    return [above, *(path for key, value in items for path in paths_of(value, (*above, key)))]


SAMPLE_DATA = parse_source("sample.yaml", SAMPLE).data
SAMPLE_PATHS = [path for path in paths_of(SAMPLE_DATA) if path]


@settings(max_examples=examples(100), deadline=None)
@given(st.sampled_from(SAMPLE_PATHS), VALUES)
def test_any_value_anywhere_in_a_configuration_is_accepted_or_told(path: tuple[str | int, ...], value: Any) -> None:
    changed = json.loads(json.dumps(SAMPLE_DATA))
    parent = changed
    for part in path[:-1]:
        parent = parent[part]
    parent[path[-1]] = value
    fails_only_as_promised(json.dumps(changed))


@settings(max_examples=examples(50), deadline=None)
@given(st.lists(st.integers(0, len(LINES) - 1), min_size=1, max_size=4), st.integers(0, 12))
def test_any_lines_lost_or_moved_are_told(lost: list[int], indent: int) -> None:
    text = "".join((" " * indent + line) if n in lost[1:] else line for n, line in enumerate(LINES) if n != lost[0])
    fails_only_as_promised(text)


@settings(max_examples=examples(30), deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_on_disk_are_a_configuration_or_config_errors(
    tmp_path_factory: pytest.TempPathFactory, content: bytes
) -> None:
    path = tmp_path_factory.getbasetemp() / "any.yaml"
    path.write_bytes(content)
    with pytest.raises(ConfigErrors):
        load_config(path)


WORDS = st.text(st.characters(categories=("Ll", "Lu", "Nd")), min_size=1, max_size=10)
TREES: st.SearchStrategy[Any] = st.recursive(
    WORDS,
    lambda inner: st.lists(inner, min_size=1, max_size=4) | st.dictionaries(WORDS, inner, min_size=1, max_size=4),
    max_leaves=20,
)


@settings(max_examples=examples(75), deadline=None)
@given(st.dictionaries(WORDS, TREES, min_size=1, max_size=4), st.booleans())
def test_every_value_stands_where_its_position_says(tree: dict[str, Any], flow: bool) -> None:
    text = json.dumps(tree, indent=1, ensure_ascii=False) if flow else yaml.safe_dump(tree, allow_unicode=True)
    source = parse_source("f.yaml", text)
    lines = text.splitlines()
    for path in paths_of(tree):
        value: Any = tree
        for part in path:
            value = value[part]
        if path and isinstance(value, str):
            position = source.positions[path]
            written = lines[position.line - 1][position.column - 1 :].lstrip("\"'")
            assert written.startswith(value)
        if path and isinstance(path[-1], str):
            key = source.keys[path]
            assert lines[key.line - 1][key.column - 1 :].lstrip("\"'? ").startswith(path[-1])
