"""Event streams against a real node: exact, incremental, and the same after a restart or a fork."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dao_bot.chain.endpoints import Endpoints, Freshness
from dao_bot.chain.provider import ReadContext, Treasury
from dao_bot.chain.rpc import Endpoint
from dao_bot.chain.streams.canonical import DEPTH
from dao_bot.chain.streams.provider import EventsProvider
from dao_bot.devnet.accounts import STRANGER
from dao_bot.devnet.anvil import CHAIN_ID, Anvil
from dao_bot.devnet.transactions import send
from dao_bot.domain.addresses import ZERO_ADDRESS
from dao_bot.domain.columns import FixedBytes, Integers, Lists, Texts
from dao_bot.domain.errors import BadInput, NotFound
from dao_bot.domain.needs import EventColumns, Events
from dao_bot.domain.runs import RunId
from dao_bot.domain.tokens import Token
from tests.integration.chain.hostile import Behaviour, HostileServer, honest, liar
from tests.integration.chain.streams.kit import EMITTER, Emitter, block_of, chain_of, new_emitter, rows, stream_of

Serve = Callable[[Behaviour], HostileServer]
NOTED = (
    "Noted(address indexed author, string indexed subject, int64 indexed number, string text, bytes attachment, "
    "uint256[] values, bytes4 tag, bool open, int256 balance)"
)


def test_columns_are_exactly_what_the_chain_says(emitter: Emitter, endpoint: Endpoint, tmp_path: Path) -> None:
    for count in (3, 0, 250, 1):
        emitter.emit(count)
    emitter.starts = 2**160 - 20
    send(emitter.anvil, STRANGER.address, emitter.address, EMITTER, "transfer_many", 5, 2**160 - 20, 2**95 + 1)
    columns = stream_of(emitter, tmp_path).columns(chain_of(endpoint))
    assert rows(columns) == emitter.truth()
    assert len(columns) == 259
    assert max(row[5] for row in rows(columns)) > 2**250


def test_every_kind_of_parameter_comes_through(emitter: Emitter, endpoint: Endpoint, tmp_path: Path) -> None:
    note = ("provenance", -5, "schön", b"\x00\xff", [1, 2**256 - 1], b"\xde\xad\xbe\xef", True, -(2**255))
    send(emitter.anvil, STRANGER.address, emitter.address, EMITTER, "note", *note)
    send(emitter.anvil, STRANGER.address, emitter.address, EMITTER, "note", "", 1, "", b"", [], bytes(4), False, 0)
    fields = stream_of(emitter, tmp_path, NOTED).columns(chain_of(endpoint)).fields
    author, subject, tag, balance = (fields[name] for name in ("author", "subject", "tag", "balance"))
    text, attachment, values = (fields[name] for name in ("text", "attachment", "values"))
    assert isinstance(author, FixedBytes) and isinstance(subject, FixedBytes) and isinstance(tag, FixedBytes)
    assert isinstance(text, Texts) and isinstance(attachment, Texts) and isinstance(values, Lists)
    assert isinstance(balance, Integers) and isinstance(values.items, Integers)
    assert author.hex() == [STRANGER.address.lower()] * 2
    assert len(subject[0]) == 32
    assert [text[0], text[1], attachment[0], attachment[1]] == ["schön", "", b"\x00\xff", b""]
    assert values.offsets.tolist() == [0, 2, 2]
    assert values.items.exact() == [1, 2**256 - 1]
    assert tag.hex() == ["0xdeadbeef", "0x00000000"]
    assert balance.exact() == [-(2**255), 0]
    assert fields["number"].tolist() == [-5, 1]  # type: ignore[union-attr]
    assert fields["open"].tolist() == [True, False]  # type: ignore[union-attr]


def test_a_restart_reads_on_from_the_cursor(emitter: Emitter, serve: Serve, tmp_path: Path) -> None:
    server = serve(liar(emitter.anvil.port, honest))
    endpoint = Endpoint(server.url, "local")
    emitter.emit(2)
    stream_of(emitter, tmp_path).columns(chain_of(endpoint))
    emitter.emit(3)
    server.seen.clear()
    assert rows(stream_of(emitter, tmp_path).columns(chain_of(endpoint))) == emitter.truth()
    calls = [call for body in server.seen for call in (body if isinstance(body, list) else [body])]
    asked = [call["params"][0] for call in calls if call["method"] == "eth_getLogs"]
    assert [(int(each["fromBlock"], 16), int(each["toBlock"], 16)) for each in asked] == [(3, 3)]
    server.seen.clear()
    stream_of(emitter, tmp_path).columns(chain_of(endpoint))
    assert "eth_getLogs" not in server.methods


def test_only_events_up_to_the_pinned_block_are_seen(emitter: Emitter, endpoint: Endpoint, tmp_path: Path) -> None:
    for _ in range(4):
        emitter.emit(1)
    stream = stream_of(emitter, tmp_path)
    assert len(stream.columns(chain_of(endpoint))) == 4
    assert rows(stream.columns(chain_of(endpoint, 3))) == emitter.truth()[:2]
    assert len(stream.columns(chain_of(endpoint, 0))) == 0
    assert rows(stream.columns(chain_of(endpoint))) == emitter.truth()


def test_a_stream_begins_at_its_first_block(emitter: Emitter, endpoint: Endpoint, tmp_path: Path) -> None:
    for _ in range(4):
        emitter.emit(1)
    stream = stream_of(emitter, tmp_path, first=4)
    assert len(stream.columns(chain_of(endpoint, 2))) == 0
    assert rows(stream.columns(chain_of(endpoint))) == emitter.truth()[2:]
    assert len(stream.columns(chain_of(endpoint, 2))) == 0
    assert rows(stream.columns(chain_of(endpoint))) == emitter.truth()[2:]


def test_a_window_ends_with_the_pinned_block(emitter: Emitter, endpoint: Endpoint, tmp_path: Path) -> None:
    for _ in range(3):
        emitter.anvil.advance(100)
        emitter.emit(1)
    stream, chain = stream_of(emitter, tmp_path), chain_of(endpoint)
    _, second, third = (row[2] for row in emitter.truth())
    assert [row[2] for row in rows(stream.columns(chain, window=third - second))] == [third]
    assert [row[2] for row in rows(stream.columns(chain, window=third - second + 1))] == [second, third]


def test_a_fork_takes_its_events_away_and_brings_its_own(emitter: Emitter, endpoint: Endpoint, tmp_path: Path) -> None:
    for _ in range(6):
        emitter.emit(2)
    stream = stream_of(emitter, tmp_path)
    before = rows(stream.columns(chain_of(endpoint)))
    emitter.replace(4, [0, 3, 0, 1])
    after = rows(stream.columns(chain_of(endpoint)))
    assert after == emitter.truth()
    assert after[:4] == before[:4]
    assert len(after) == 4 + 4
    assert not set(after[4:]) & set(before)


def test_a_fork_deeper_than_all_single_hashes_is_rolled_back_to_where_a_segment_ended(
    emitter: Emitter, endpoint: Endpoint, tmp_path: Path
) -> None:
    emitter.emit(1)
    stream = stream_of(emitter, tmp_path)
    stream.columns(chain_of(endpoint))
    emitter.emit(1)
    emitter.anvil.mine(DEPTH + 10)
    emitter.emit(1)
    stream.columns(chain_of(endpoint))
    emitter.replace(DEPTH + 5, [2])
    assert rows(stream.columns(chain_of(endpoint))) == emitter.truth()


def test_another_chain_of_the_same_number_takes_nothing_from_the_first(
    emitter: Emitter, endpoint: Endpoint, tmp_path: Path, fresh_anvil: Callable[..., Anvil]
) -> None:
    """A local chain that was started anew: lower, with the same contract at the same address."""
    for _ in range(5):
        emitter.emit(2)
    stream_of(emitter, tmp_path).columns(chain_of(endpoint))
    second = new_emitter(fresh_anvil(timestamp=1_000_000_000))
    assert second.address == emitter.address
    second.emit(1)
    new = Endpoint(str(second.anvil.ipc), "local")
    assert rows(stream_of(second, tmp_path).columns(chain_of(new))) == second.truth()
    new.close()


def observation_of(emitter: Emitter, endpoint: Endpoint) -> ReadContext:
    treasury = Treasury(CHAIN_ID, emitter.address, {}, Token(CHAIN_ID, ZERO_ADDRESS, "ETH", 18), emitter.address)
    return ReadContext(treasury, RunId("test", 0), block_of(endpoint), {})


def provider_of(emitter: Emitter, endpoint: Endpoint, directory: Path) -> EventsProvider:
    fresh = Freshness(oldest=None, ahead=None)
    endpoints = Endpoints([endpoint], chain_id=CHAIN_ID, multicall3=emitter.address, freshness=fresh)
    return EventsProvider({"transfers": stream_of(emitter, directory)}, endpoints)


def answer(plan: Any) -> EventColumns:
    with pytest.raises(StopIteration) as end:
        next(plan)
    columns: EventColumns = end.value.value
    return columns


def test_a_strategy_gets_what_its_need_names(emitter: Emitter, endpoint: Endpoint, tmp_path: Path) -> None:
    emitter.emit(3)
    provider, context = provider_of(emitter, endpoint, tmp_path), observation_of(emitter, endpoint)
    assert rows(answer(provider.read(Events("transfers"), context))) == emitter.truth()
    assert len(answer(provider.read(Events("transfers", window=1), context))) == 3
    with pytest.raises(NotFound, match="Did you mean `transfers`"):
        next(provider.read(Events("transfer"), context))
    with pytest.raises(BadInput, match="positive window"):
        next(provider.read(Events("transfers", window=0), context))
