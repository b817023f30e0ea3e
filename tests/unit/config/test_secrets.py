"""Secrets stand nowhere in the file, are never repeated, and are resolved only when they are used."""

from __future__ import annotations

from pathlib import Path

import pytest

from dao_bot.config.references import SecretReference, parse_reference
from dao_bot.config.secrets import leaks, redact
from dao_bot.config.source import parse_source
from dao_bot.config.urls import parse_rpc_url, parse_store_url
from dao_bot.domain.errors import BadInput

KEY = "ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80"
PHRASE = "test test test test test test test test test test test junk"


@pytest.mark.parametrize(
    "text",
    [
        f"key: 0x{KEY}",
        f"key: {KEY.upper()}",
        f'key: "{KEY}"',
        f"a: {{b: [x, 0x{KEY}]}}",
        f"# old key {KEY}\na: 1",
        f"0x{KEY}: 1",
        f"keeper: env:0x{KEY}",
        f"url: https://node.example/{KEY}",
        "key: |\n  0x" + KEY,
        'key: "\\x61' + KEY[1:] + '"',
        f"words: {PHRASE}",
        f"words: {PHRASE.upper()}",
        f"# {PHRASE}\na: 1",
        "words:\n" + "".join(f"  - {word}\n" for word in PHRASE.split()),
        "words: [" + ", ".join(PHRASE.split()) + "]",
        "words: >\n  " + PHRASE.replace(" ", "\n  "),
        "# " + " ".join(f"{n}. {word}" for n, word in enumerate(PHRASE.split(), 1)) + "\na: 1",
        "key: xprv" + "9s21ZrQH" * 13,
    ],
)
def test_secret_anywhere_in_the_file_is_refused_and_not_repeated(text: str) -> None:
    problems = parse_source("f.yaml", text).problems
    assert problems
    shown = "\n".join(map(str, problems))
    assert "secrets never stand in this file" in shown
    assert KEY[1:20].lower() not in shown.lower()
    assert "test test" not in shown.lower()
    assert "xprv9" not in shown


def test_hash_under_a_key_that_says_so_is_no_secret() -> None:
    text = f"code_hashes: {{router: 0x{KEY}}}\nabi_hash: {KEY}\n"
    assert parse_source("f.yaml", text).problems == ()


def test_secret_under_a_key_that_names_a_hash_is_still_refused_as_a_phrase() -> None:
    assert parse_source("f.yaml", f"code_hash: {PHRASE}").problems


@pytest.mark.parametrize(
    "text",
    [
        "0x89fd9a9D4a4155c385a4b51a6F2A5EB00310F722",
        "the owners sign what the keeper sends and the policy is checked again before that",
        "0x" + "ab" * 33,
        "12 words are not a phrase by themselves",
    ],
)
def test_what_is_no_secret_is_not_taken_for_one(text: str) -> None:
    assert list(leaks(text)) == []


def test_word_list_is_that_of_bip39() -> None:
    import eth_account

    shipped = Path(eth_account.__file__).parent / "hdaccount" / "wordlist" / "english.txt"
    import dao_bot.config

    ours = Path(dao_bot.config.__file__).parent / "bip39_english.txt"
    assert ours.read_bytes() == shipped.read_bytes()


def test_reference_to_the_environment_is_resolved_when_used(monkeypatch: pytest.MonkeyPatch) -> None:
    reference = parse_reference("env:SOME_SECRET")
    assert str(reference) == "env:SOME_SECRET"
    monkeypatch.delenv("SOME_SECRET", raising=False)
    with pytest.raises(BadInput, match="SOME_SECRET is not set"):
        reference.resolve()
    monkeypatch.setenv("SOME_SECRET", " ")
    with pytest.raises(BadInput, match="is empty"):
        reference.resolve()
    monkeypatch.setenv("SOME_SECRET", "hush\n")
    assert reference.resolve() == "hush"
    assert "hush" not in repr(reference)


def test_reference_to_a_file_starts_at_the_configuration(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("hush\n")
    assert parse_reference("file:key", tmp_path).resolve() == "hush"
    assert parse_reference(f"file:{tmp_path / 'key'}").resolve() == "hush"
    (tmp_path / "binary").write_bytes(b"\xff\xfe")
    (tmp_path / "large").write_bytes(b"x" * 100_000)
    for name, what in (("none", "cannot be read"), (".", "cannot be read"), ("binary", "not text"), ("large", "large")):
        with pytest.raises(BadInput, match=what) as caught:
            parse_reference(f"file:{name}", tmp_path).resolve()
        assert "xxx" not in str(caught.value)


@pytest.mark.parametrize("text", ["hunter2", "0xabc", "", "env:", "env:A B", "env:1A", "file:", "file: ", None, True])
def test_what_is_no_reference_is_refused_without_being_repeated(text: object) -> None:
    with pytest.raises(BadInput) as caught:
        parse_reference(text)
    assert "hunter2" not in str(caught.value)
    assert "0xabc" not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://mainnet.infura.io/v3/0123456789abcdef", "https://mainnet.infura.io/(not shown)"),
        ("https://user:pass@node.example:8545/", "https://node.example:8545"),
        ("https://node.example/?apikey=abc", "https://node.example/(not shown)"),
        ("http://127.0.0.1:8545", "http://127.0.0.1:8545"),
        ("http://[::1]:8545/key", "http://[::1]:8545/(not shown)"),
    ],
)
def test_url_of_a_node_is_shown_without_its_keys(url: str, shown: str) -> None:
    node = parse_rpc_url(url, Path())
    assert node.resolve() == url
    assert str(node) == shown
    assert repr(node) == f"RpcUrl({shown})"


@pytest.mark.parametrize(
    "url",
    [
        "ws://node.example",
        "wss://user:hush@node.example",
        "ftp://x",
        "node.example",
        "http://",
        "https://a b",
        "http://[::1",
        "",
        "ipc:",
        None,
    ],
)
def test_url_of_a_node_is_http_or_ipc(url: object) -> None:
    with pytest.raises(BadInput) as caught:
        parse_rpc_url(url, Path())
    assert "hush" not in str(caught.value)


def test_socket_is_a_node_too() -> None:
    assert parse_rpc_url("ipc:///var/run/geth.ipc", Path()).resolve() == "ipc:///var/run/geth.ipc"


def test_url_by_reference_is_checked_when_it_is_resolved(monkeypatch: pytest.MonkeyPatch) -> None:
    node = parse_rpc_url("env:NODE", Path())
    assert repr(node) == "RpcUrl(env:NODE)"
    monkeypatch.setenv("NODE", "https://node.example/hush")
    assert node.resolve() == "https://node.example/hush"
    monkeypatch.setenv("NODE", "wss://node.example/hush")
    with pytest.raises(BadInput, match="not the URL of a node") as caught:
        node.resolve()
    assert "hush" not in str(caught.value)
    assert "read from env:NODE" in str(caught.value)


def test_relative_store_starts_at_the_configuration_wherever_the_program_was_started(tmp_path: Path) -> None:
    assert parse_store_url("sqlite:///record.db", tmp_path).resolve() == f"sqlite:///{tmp_path}/record.db"
    assert parse_store_url("sqlite:////var/lib/record.db", tmp_path).resolve() == "sqlite:////var/lib/record.db"


def test_store_is_shown_without_its_password(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    store = parse_store_url("postgresql://user:hush@db.example:5432/record", tmp_path)
    assert store.resolve() == "postgresql://user:hush@db.example:5432/record"
    assert "hush" not in repr(store) + str(store)
    monkeypatch.setenv("STORE", "sqlite:///record.db")
    assert parse_store_url("env:STORE", tmp_path).resolve() == f"sqlite:///{tmp_path}/record.db"


@pytest.mark.parametrize(
    "url",
    [
        "sqlite://",
        "sqlite:///",
        "sqlite:///:memory:",
        "sqlite:///a?mode=memory",
        "mysql://a/b",
        "record.db",
        "postgresql://user:hush@host",
        None,
    ],
)
def test_store_outlives_the_process(url: object, tmp_path: Path) -> None:
    with pytest.raises(BadInput) as caught:
        parse_store_url(url, tmp_path)
    assert "hush" not in str(caught.value)


def test_redacting_leaves_the_rest_of_a_message() -> None:
    assert redact(f"key 0x{KEY} at https://a.example/b failed") == (
        "key (not shown) at https://a.example/(not shown) failed"
    )
    assert redact("no secret, 0x89fd9a9D4a4155c385a4b51a6F2A5EB00310F722") == (
        "no secret, 0x89fd9a9D4a4155c385a4b51a6F2A5EB00310F722"
    )


def test_references_are_equal_by_where_they_point() -> None:
    assert parse_reference("env:A") == SecretReference("env", "A")
