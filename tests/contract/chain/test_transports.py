"""What every transport must do, held against a real node over HTTP and over its Unix socket."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from dao_bot.chain.answers import RpcFault
from dao_bot.chain.rpc import Endpoint
from dao_bot.domain.errors import RpcUnavailable

if TYPE_CHECKING:
    from dao_bot.devnet import Anvil


@pytest.fixture(params=["http", "socket", "ipc: socket"])
def endpoint(request: pytest.FixtureRequest, anvil: Anvil) -> Endpoint:
    urls = {"http": anvil.url, "socket": str(anvil.ipc), "ipc: socket": f"ipc:{anvil.ipc}"}
    return Endpoint(urls[request.param], "node", timeout=10)


def test_a_request_is_one_round_trip(endpoint: Endpoint) -> None:
    assert endpoint.request("eth_chainId") == hex(31337)
    assert endpoint.round_trips == 1


def test_a_batch_is_one_round_trip_in_order(endpoint: Endpoint) -> None:
    chain_id, number, again = endpoint.batch([("eth_chainId", ()), ("eth_blockNumber", ()), ("eth_chainId", ())])
    assert chain_id == again == hex(31337) != number
    assert endpoint.round_trips == 1


def test_an_empty_batch_asks_nothing(endpoint: Endpoint) -> None:
    assert endpoint.batch([]) == []
    assert endpoint.round_trips == 0


def test_one_fault_in_a_batch_leaves_the_others(endpoint: Endpoint) -> None:
    good, bad = endpoint.settle([("eth_chainId", ()), ("eth_noSuchMethod", ())])
    assert good == hex(31337)
    assert isinstance(bad, RpcFault)
    with pytest.raises(RpcFault):
        endpoint.batch([("eth_chainId", ()), ("eth_noSuchMethod", ())])


def test_a_large_answer_comes_whole(endpoint: Endpoint, anvil: Anvil) -> None:
    holder = "0x00000000000000000000000000000000000000aa"
    anvil.rpc("anvil_setCode", holder, "0x" + "5b" * 24_000)
    codes = endpoint.batch([("eth_getCode", (holder, "latest"))] * 40)
    assert {len(code) for code in codes} == {48_002}


def test_a_batch_beyond_the_limits_goes_in_parts(anvil: Anvil, endpoint: Endpoint) -> None:
    small = Endpoint(endpoint.url, "node", batch_limit=10)
    assert small.batch([("eth_chainId", ())] * 25) == [hex(31337)] * 25
    assert small.round_trips == 3
    call = {"to": "0x" + "11" * 20, "data": "0x" + "00" * 200_000}
    assert endpoint.batch([("eth_call", (call, "latest"))] * 4) == ["0x"] * 4
    assert endpoint.round_trips == 2, "2 MB at once would be refused"


def test_threads_share_an_endpoint(endpoint: Endpoint) -> None:
    wrong = []

    def ask() -> None:
        for number in range(30):
            holder = f"0x{number:040x}"
            if endpoint.batch([("eth_getBalance", (holder, "latest")), ("eth_chainId", ())])[1] != hex(31337):
                wrong.append(number)

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
    assert endpoint.round_trips == 120


def test_a_closed_endpoint_opens_again(endpoint: Endpoint) -> None:
    endpoint.request("eth_chainId")
    endpoint.close()
    assert endpoint.request("eth_chainId") == hex(31337)


def test_a_missing_socket_is_named(tmp_path: Path) -> None:
    with pytest.raises(RpcUnavailable, match="no such socket"):
        Endpoint(str(tmp_path / "none.ipc"), "node").request("eth_chainId")
