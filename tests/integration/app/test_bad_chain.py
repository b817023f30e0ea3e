"""A chain that is not what the configuration says, and nodes that fail or lie: one clear error, nothing sent."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from dao_bot.chain.rpc import Endpoint
from dao_bot.devnet.scenarios import set_feed_price
from tests.integration.app.kit import Office, in_, refused
from tests.integration.chain.hostile import Behaviour, Conversation, HostileServer, honest, liar

if TYPE_CHECKING:
    from dao_bot.devnet import Anvil, World

pytestmark = pytest.mark.usefixtures("untouched")
Serve = Callable[[Behaviour], HostileServer]
NOBODY = "0x000000000000000000000000000000000000dEaD"


WRONG = {
    "wrong chain id": (in_("treasury", "chain", id="1337"), 2, ["is on another chain", "31337", "allowed: 1337"]),
    "no Safe there": (in_("treasury", safe=NOBODY), 2, ["there is no Safe at this address", "Check treasury.safe"]),
    "no token there": (in_("treasury", "tokens", "USDC", address=NOBODY), 1, ["USDC", NOBODY, "dao-bot doctor"]),
    "other decimals": (
        in_("treasury", "tokens", "USDC", decimals="18"),
        2,
        ["the chain says 6 decimals, the configuration 18", "dao-bot doctor"],
    ),
    "no router there": (in_("protocols", "uniswap_v3", router=NOBODY), 2, ["router", NOBODY, "correct its address"]),
    "no quoter there": (in_("protocols", "uniswap_v3", quoter=NOBODY), 2, ["quoter", NOBODY, "correct its address"]),
    "no factory there": (in_("protocols", "uniswap_v3", factory=NOBODY), 2, ["factory", NOBODY]),
    "no multicall there": (in_("treasury", "chain", multicall3=NOBODY), 1, ["there is no Multicall3 contract"]),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_address_or_number_stops_a_plan(office: Office, name: str) -> None:
    change, code, words = WRONG[name]
    office.configure(change)
    refused(office.dao_bot("plan", "reserve", "--json"), code, *words)


@pytest.mark.parametrize("name", WRONG)
def test_doctor_says_what_is_wrong_and_fails(office: Office, name: str) -> None:
    change, _, _ = WRONG[name]
    office.configure(change)
    ended = office.dao_bot("doctor", "--json")
    assert (ended.code, ended.facts["ok"]) == (1, False), ended
    assert any(check["problem"] and check["fatal"] for check in ended.facts["checks"])


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nodes get a moment instead of half a minute."""
    monkeypatch.setattr(Endpoint.__init__, "__defaults__", (0.4,))
    monkeypatch.setitem(Endpoint.__init__.__kwdefaults__ or {}, "patience", 0.5)


def use_nodes(office: Office, *urls: str) -> None:
    nodes = [{"url": url, "operator": f"operator {number}"} for number, url in enumerate(urls, start=1)]
    office.configure(in_("treasury", "chain", rpcs=nodes))


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize(
    ("behave", "words"),
    [
        (lambda server: server.released.wait(5), ["did not answer in time", "use another node"]),
        (lambda server: None, ["closed the connection"]),
    ],
    ids=["silent", "hangs up"],
)
def test_a_node_that_does_not_answer_is_named(office: Office, serve: Serve, behave: Any, words: list[str]) -> None:
    def answer(conversation: Conversation) -> None:
        behave(server)
        conversation.hang_up()

    server = serve(answer)
    use_nodes(office, server.url)
    refused(office.dao_bot("plan", "reserve", "--json"), 1, server.url, *words)


@pytest.mark.usefixtures("impatient")
def test_a_node_that_limits_its_rate_is_named(office: Office, serve: Serve) -> None:
    server = serve(lambda conversation: conversation.answer(b"slow down", 429, {"Retry-After": "7"}))
    use_nodes(office, server.url)
    refused(office.dao_bot("plan", "reserve", "--json"), 1, "limits how often it may be asked", "run less often")


def test_a_node_that_refuses_connections_is_named(office: Office) -> None:
    use_nodes(office, "http://127.0.0.1:9")
    refused(office.dao_bot("plan", "reserve", "--json"), 1, "refused the connection", "Start it")
    facts = office.dao_bot("doctor", "--json").facts
    dead, together = facts["checks"]
    assert dead["subject"] == "node operator 1 (http://127.0.0.1:9)" and "refused the connection" in dead["problem"]
    assert "nothing else was tested" in together["problem"] and not together["fatal"]


def lags(method: str, params: Any, answer: dict[str, Any]) -> dict[str, Any]:
    if method == "eth_getBlockByNumber" and params[0] == "latest":
        answer["result"]["number"] = hex(int(answer["result"]["number"], 16) - 9)
    return answer


def lies_about_its_block(method: str, _params: Any, answer: dict[str, Any]) -> dict[str, Any]:
    if method == "eth_getBlockByNumber":
        answer["result"]["hash"] = "0x" + "11" * 32
    return answer


def lies_about_balances(method: str, _params: Any, answer: dict[str, Any]) -> dict[str, Any]:
    if method == "eth_call" and "result" in answer:
        answer["result"] = answer["result"][:-2] + "ff"
    return answer


@pytest.mark.parametrize(
    ("alter", "words"),
    [
        (lags, ["lags behind", "9 blocks", "allowed: 3 blocks"]),
        (lies_about_its_block, ["two nodes have different blocks", "Nothing was done"]),
        (lies_about_balances, ["two nodes give different answers", "Nothing was done"]),
    ],
)
def test_a_second_node_that_says_something_else_stops_everything(
    office: Office, anvil: Anvil, serve: Serve, alter: Any, words: list[str]
) -> None:
    server = serve(liar(anvil.port, lambda method, params, answer: alter(method, params, copy.deepcopy(answer))))
    use_nodes(office, anvil.url, server.url)
    refused(office.dao_bot("plan", "reserve", "--json"), 1, *words)
    assert not [method for method in server.methods if method.startswith("eth_send")]


def test_a_single_node_that_lies_about_its_block_is_found_out(office: Office, anvil: Anvil, serve: Serve) -> None:
    server = serve(liar(anvil.port, lies_about_its_block))
    use_nodes(office, server.url)
    refused(office.dao_bot("plan", "reserve", "--json"), 1, "does not have block", "0x1111")


def test_doctor_says_which_second_witness_there_is(office: Office, anvil: Anvil, serve: Serve) -> None:
    def line() -> str:
        checks = office.facts("doctor")["checks"]
        return next(str(check["found"]) for check in checks if check["subject"] == "second witness")

    assert "a local fork of operator 1" in line()
    assert "mode live needs nodes of two operators" in line()
    use_nodes(office, anvil.url, serve(liar(anvil.port, honest)).url)
    assert line() == "a node of another operator"


def test_a_stale_price_lets_nothing_be_decided_and_doctor_fails(office: Office, anvil: Anvil, world: World) -> None:
    set_feed_price(anvil, world, "USDC", 1_00000000, anvil.timestamp() - 100 * 3600)
    says = office.facts("plan", "reserve")["strategy_says"]["reason"]
    assert "cannot be valued" in says
    assert "4 d 4 h old, more than 1 d 1 h" in says
    ended = office.dao_bot("doctor", "--json")
    assert ended.code == 1
    (line,) = [check for check in ended.facts["checks"] if check["subject"] == "price of USDC"]
    assert "4 d 4 h old" in line["problem"]


def test_a_price_that_its_second_source_contradicts_is_none(office: Office, anvil: Anvil, world: World) -> None:
    set_feed_price(anvil, world, "USDC", 1_20000000)
    assert "19.99 % apart" in office.facts("plan", "reserve")["strategy_says"]["reason"]


def test_a_missing_price_source_is_asked_for(office: Office) -> None:
    office.configure(lambda data: data["prices"]["sources"].pop("USDC"))
    refused(office.dao_bot("plan", "reserve", "--json"), 2, "no source prices in USD", "Add a source in USD")


def test_without_a_price_of_the_native_coin_the_policy_refuses(office: Office) -> None:
    office.configure(lambda data: data["prices"]["sources"].pop("ETH"))
    ended = office.dao_bot("plan", "reserve", "--json")
    assert ended.code == 3, ended
    assert [rule["rule"] for rule in ended.facts["rules"] if rule["violated"]]
