"""What is seen of a running keeper from outside, and that nothing of it can stop the keeper."""

from __future__ import annotations

import json
import socket
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from dao_bot.app.keeping import make_keeper, make_seat
from dao_bot.app.running import run
from dao_bot.app.watching import HEALTHY_SECONDS, watching
from dao_bot.app.wiring import open_desk
from dao_bot.domain.lifecycle import State
from dao_bot.engine.round import Round
from tests.integration.chain.hostile import Conversation, HostileServer
from tests.integration.engine.kit import KEEPER_VARIABLE, Office, ready, write_config

if TYPE_CHECKING:
    from dao_bot.devnet import Anvil, World


@pytest.fixture
def receivers() -> Iterator[dict[str, HostileServer]]:
    """Stand for a dead man's switch and for a chat's webhook."""

    def take(conversation: Conversation) -> None:
        conversation.answer({})

    with HostileServer(take) as heartbeat, HostileServer(take) as alerts:
        yield {"heartbeat": heartbeat, "alerts": alerts}


@pytest.fixture
def office(
    tmp_path: Path,
    world: World,
    anvil: Anvil,
    monkeypatch: pytest.MonkeyPatch,
    receivers: dict[str, HostileServer],
) -> Iterator[Office]:
    monkeypatch.setenv(KEEPER_VARIABLE, world.keeper_key)
    for name, server in receivers.items():
        monkeypatch.setenv(f"URL_OF_{name.upper()}", f"{server.url}/a-secret-path")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]

    def watched(data: dict[str, Any]) -> None:
        references = {name: f"env:URL_OF_{name.upper()}" for name in receivers}
        data["watch"] = {"listen": f"127.0.0.1:{port}", **references}
        for strategy in data["strategies"].values():
            strategy["enabled"] = False

    with open_desk(write_config(tmp_path, anvil.url, watched)) as desk:
        yield Office(desk, world, anvil)


def get(office: Office, path: str) -> tuple[int, str]:
    assert office.desk.config.watch is not None
    try:
        with urllib.request.urlopen(f"http://{office.desk.config.watch.listen}{path}", timeout=10) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()


def round_of(office: Office, watch: Any) -> Round:
    seat = make_seat(office.desk)
    return Round(office.desk.services, office.desk.store, make_keeper(office.desk, seat), seat, None, watch.after_round)


def metrics(office: Office) -> dict[str, float]:
    lines = [line for line in get(office, "/metrics")[1].splitlines() if not line.startswith("#")]
    return {name: float(value) for name, value in (line.rsplit(" ", 1) for line in lines)}


def test_metrics_health_and_heartbeat_tell_of_a_keeper_that_works(
    office: Office, receivers: dict[str, HostileServer]
) -> None:
    proposal = ready(office)
    with watching(office.desk) as watch:
        assert get(office, "/healthz")[0] == 200
        assert get(office, "/readyz") == (503, "no round has ended\n")
        assert get(office, "/elsewhere")[0] == 404
        round_of(office, watch).play()
        assert office.state(proposal) is State.EXECUTED
        assert get(office, "/readyz") == (200, "ready\n")
        seen = metrics(office)
    head = office.desk.store.head()
    assert seen["dao_bot_rounds_total"] == 1 and seen["dao_bot_ready"] == 1
    assert seen["dao_bot_record_events_total"] == head.number
    assert seen['dao_bot_strategy_paused{strategy="reserve"}'] == 0
    balance = int(office.anvil.rpc("eth_getBalance", office.world.keeper, "latest"), 16)
    assert seen["dao_bot_keeper_balance_wei"] == pytest.approx(balance, rel=1e-9)
    (beat,) = receivers["heartbeat"].seen
    assert beat["head"] == {"number": head.number, "hash": head.hash}


def test_what_a_person_must_know_is_told_once(office: Office, receivers: dict[str, HostileServer]) -> None:
    office.anvil.rpc("anvil_setBalance", office.world.keeper, "0x1")
    stuck = ready(office)
    with watching(office.desk) as watch:
        work = round_of(office, watch)
        work.play()
        work.play()
    told = [alert["words"] for alert in receivers["alerts"].seen]
    assert {alert["proposal"] for alert in receivers["alerts"].seen} == {stuck, None}
    assert any("cannot pay for the gas" in words for words in told), told
    assert any("its balance is low" in words for words in told), told
    assert len(told) == len(set(told))
    assert all(alert["content"] == alert["text"] for alert in receivers["alerts"].seen)


def test_a_round_that_failed_is_not_ready_and_sends_no_heartbeat(
    office: Office, receivers: dict[str, HostileServer], monkeypatch: pytest.MonkeyPatch
) -> None:
    with watching(office.desk) as watch:
        assert watch is not None
        work = round_of(office, watch)
        office.desk.store.close()
        monkeypatch.setattr(office.desk.services.endpoints, "pin", _no_node)
        work.play()
        status, words = get(office, "/readyz")
        assert status == 503 and "no node" in words
        assert receivers["heartbeat"].seen == []
        assert metrics(office)["dao_bot_failed_rounds_total"] == 1
        assert watch.pulse.ended is not None
        watch.pulse.ended -= HEALTHY_SECONDS
        assert get(office, "/healthz")[0] == 503


def _no_node() -> None:
    from dao_bot.domain.errors import RpcUnavailable

    raise RpcUnavailable("there is no node")


def test_receivers_that_are_down_stop_nothing_and_their_urls_are_not_shown(
    office: Office, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("URL_OF_HEARTBEAT", "http://127.0.0.1:1/a-secret-path")
    proposal = ready(office)
    with watching(office.desk) as watch:
        round_of(office, watch).play()
    assert office.state(proposal) is State.EXECUTED
    assert "env:URL_OF_HEARTBEAT could not be told" in caplog.text and "a-secret-path" not in caplog.text


def test_logs_are_json_on_request_with_whole_ids(office: Office, capsys: pytest.CaptureFixture[str]) -> None:
    proposal = ready(office)
    assert run(office.desk.config.path, once=True, as_json=True) == 0
    first, *lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert "is accepted as it is" in first["words"] and first["proposal"] is None
    made = office.stored(proposal).proposal.run
    ids = {"strategy": made.strategy, "nominal": made.nominal, "run": made.digest, "proposal": proposal}
    assert lines and all(line.items() >= ids.items() and line["subject"] == proposal for line in lines)
    assert all(abs(line["at"] - time.time()) < 600 and line["words"] and line["level"] == "info" for line in lines)
