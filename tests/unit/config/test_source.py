"""YAML is read so that nothing is guessed, and every part keeps its place."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from dao_bot.config import source as source_module
from dao_bot.config.problems import Position
from dao_bot.config.source import LARGEST_FILE, Source, parse_source, read_source

ADDRESS = "0x89fd9a9D4a4155c385a4b51a6F2A5EB00310F722"


def told(source: Source) -> list[str]:
    return [str(problem) for problem in source.problems]


def parse(text: str) -> Source:
    return parse_source("f.yaml", text)


@pytest.mark.parametrize(
    "written",
    [
        ADDRESS,
        "0xdead",
        "010",
        "0o17",
        "1e5",
        "1_000",
        "1.50",
        ".inf",
        ".nan",
        "1:30:00",
        "2024-01-01",
        "2024-01-01T00:00:00Z",
        "no",
        "NO",
        "yes",
        "on",
        "off",
        "y",
        "True",
        "FALSE",
        "~",
        "Null",
        "=",
        "12.5%",
    ],
)
def test_unquoted_scalar_stays_the_text_that_was_written(written: str) -> None:
    assert parse(f"a: {written}").data == {"a": written}


def test_only_true_false_and_null_are_typed() -> None:
    assert parse("{a: true, b: false, c: null, d: }").data == {"a": True, "b": False, "c": None, "d": None}
    assert parse("""{a: "true", b: 'null', c: ""}""").data == {"a": "true", "b": "null", "c": ""}


def test_keys_are_always_text() -> None:
    assert parse("{true: a, null: b, 010: c, no: d}").data == {"true": "a", "null": "b", "010": "c", "no": "d"}


def test_duplicate_key_is_refused_and_names_the_first_line() -> None:
    source = parse("a:\n  b: 1\n  c: 2\n  b: 3\n")
    assert told(source) == ["f.yaml:4:3: a.b: the key stands here a second time; the first is on line 2"]
    assert source.data == {"a": {"b": "1", "c": "2"}}


def test_what_stands_under_a_duplicate_key_hides_nothing_of_the_first() -> None:
    source = parse("a: {x: 1}\na: {x: 2, y: 3}\n")
    assert source.data == {"a": {"x": "1"}}
    assert source.positions[("a", "x")] == Position(1, 8)
    assert ("a", "y") not in source.positions


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("a: &x 1\n", "anchors"),
        ("a: 1\nb: *a\n", "aliases"),
        ("a: {b: 1}\nc:\n  <<: {d: 2}\n", "merge keys"),
        ("a: !!python/object/apply:os.system [id]\n", "tags"),
        ("a: !!int 3\n", "tags"),
        ("a: ! x\n", "tags"),
    ],
)
def test_what_lets_a_file_say_two_things_is_refused(text: str, what: str) -> None:
    assert any(f"{what} are not understood" in line for line in told(parse(text)))


def test_billion_laughs_is_refused_before_it_grows() -> None:
    text = 'a: &a ["lol","lol"]\n' + "".join(
        f"{new}: &{new} [{','.join(['*' + old] * 9)}]\n" for old, new in zip("abcdefgh", "bcdefghi", strict=True)
    )
    assert any("aliases are not understood" in line for line in told(parse(text)))


@pytest.mark.parametrize("text", ["[" * 100_000, "{a: " * 100_000, "- " * 100_000 + "x", "? " * 1_000])
def test_deep_nesting_is_refused_without_deep_recursion(text: str) -> None:
    source = parse(text)
    assert not source.readable
    assert len(source.problems) == 1


def test_depth_and_size_have_limits(tmp_path: Path) -> None:
    assert "nested too deeply" in told(parse("a: " + "[" * 40 + "]" * 40))[0]
    assert "too many keys and values" in told(parse("a: [" + "x," * 100_001 + "]"))[0]
    assert "the text is too long" in told(parse("a: " + "x" * 5_000))[0]
    large = tmp_path / "large.yaml"
    large.write_bytes(b"a" * (LARGEST_FILE + 1))
    assert "too large" in told(read_source(large))[0]


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("a: 1\nb: [1, 2\n", "f.yaml:3:1: not valid YAML"),
        ("a:\n\tb: 1\n", "f.yaml:2:1: not valid YAML"),
        ("a: 'x\n", "f.yaml:2:1: not valid YAML"),
        ("a: b: c\n", "f.yaml:1:5: not valid YAML"),
        ("a: 1\n---\nb: 2\n", "f.yaml:2:1: a second document begins here"),
        ("a: 1\n{b: 1}: 2\n", "f.yaml:2:1: a key must be plain text"),
        ("- a\n- b\n", "f.yaml:1:1: the file must be a mapping"),
        ("just text\n", "f.yaml:1:1: the file must be a mapping"),
    ],
)
def test_broken_yaml_is_told_with_its_place(text: str, where: str) -> None:
    source = parse(text)
    assert not source.readable
    assert any(line.startswith(where) for line in told(source)), told(source)


def test_a_tab_is_named_as_the_reason() -> None:
    assert "indent with spaces" in told(parse("a:\n\tb: 1\n"))[0]


@pytest.mark.parametrize("text", ["", "\n\n", "# only a comment\n", "---\n", "null\n"])
def test_empty_file_is_told(text: str) -> None:
    assert told(parse(text)) == ["f.yaml: the file is empty; `dao-bot init` writes one to begin with"]


def test_file_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    assert "there is no file" in told(read_source(tmp_path / "none.yaml"))[0]
    assert "is a directory" in told(read_source(tmp_path))[0]
    latin = tmp_path / "latin.yaml"
    latin.write_bytes("a: 1\nname: Zürich\n".encode("latin-1"))
    assert told(read_source(latin)) == ["latin.yaml: the file is not UTF-8 text (line 2); save it as UTF-8"]
    utf16 = tmp_path / "utf16.yaml"
    utf16.write_bytes("a: 1".encode("utf-16"))
    assert "not UTF-8" in told(read_source(utf16))[0]
    assert "cannot be read" in told(read_source(Path("a\0b")))[0]


def test_byte_order_mark_and_windows_line_ends_are_accepted(tmp_path: Path) -> None:
    path = tmp_path / "windows.yaml"
    path.write_bytes(b"\xef\xbb\xbfa: 1\r\nb:\r\n  c: 2\r\n")
    source = read_source(path)
    assert source.data == {"a": "1", "b": {"c": "2"}}
    assert source.positions[("b", "c")] == Position(3, 6)


@pytest.mark.parametrize("character", ["\u202e", "\u2066", "\u200b", "\ufeff", "\x00", "\x1b", "\u2028", "\x85"])
def test_character_that_cannot_be_seen_is_refused(character: str) -> None:
    source = parse(f"a: 1 # x{character}y\n")
    assert told(source)[0].startswith("f.yaml:1:9: a character that cannot be seen")
    assert character not in told(source)[0]


@pytest.mark.parametrize("escape", [r"\u202e", r"\x1b", r"\0", r"\e"])
def test_character_that_cannot_be_seen_is_refused_as_an_escape_too(escape: str) -> None:
    source = parse(f'a: "x{escape}y"\n')
    assert any("cannot be seen" in line or "not valid YAML" in line for line in told(source))


def test_positions_of_values_keys_and_what_is_missing() -> None:
    source = parse("top:\n  list:\n    - {use: a, max: 1}\n    - use: b\n  empty:\nother: x\n")
    assert source.position(("top", "list", 0, "max")) == Position(3, 21)
    assert source.position(("top", "list", 0, "max"), key=True) == Position(3, 16)
    assert source.position(("top", "list", 1)) == Position(4, 7)
    assert source.position(("top", "list")) == Position(2, 3)
    assert source.position(("top", "empty")) == Position(5, 3)
    assert source.position(("top", "list", 1, "missing", "deeper")) == Position(4, 7)
    assert source.position(("nothing",)) == Position(1, 1)


@pytest.mark.parametrize("loader", [yaml.SafeLoader, getattr(yaml, "CSafeLoader", yaml.SafeLoader)])
def test_both_parsers_give_the_same_data_and_places(
    loader: object, sample: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = parse(sample)
    monkeypatch.setattr(source_module, "_LOADER", loader)
    found = parse(sample)
    assert (found.data, found.positions, found.keys) == (expected.data, expected.positions, expected.keys)
