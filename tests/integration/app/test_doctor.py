"""`dao-bot doctor` says line by line what is there, and fails for what a treasury must not be run with."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from dao_bot.app import doctor, doctor_nodes
from dao_bot.app.wiring import make_assembly, open_desk
from dao_bot.devnet.scenarios import deploy_token, give
from governance.wallets.person import Person
from governance.wallets.sign_in import Page
from tests.integration.app.kit import Change, Office, in_, refused
from tests.integration.chain.hostile import Behaviour, HostileServer, liar
from tests.integration.governance.town import ANN

if TYPE_CHECKING:
    from dao_bot.devnet import Anvil, RunningWorld, World

Serve = Callable[[Behaviour], HostileServer]

pytestmark = pytest.mark.usefixtures("untouched")


def lines(office: Office) -> dict[str, dict[str, Any]]:
    """Every line by its subject."""
    ended = office.dao_bot("doctor", "--json")
    found = {check["subject"]: check for check in ended.facts["checks"]}
    failed = any(check["problem"] and check["fatal"] for check in found.values())
    assert (ended.code, ended.facts["ok"]) == ((1, False) if failed else (0, True))
    return found


def test_on_the_demo_s_chain_every_line_that_matters_passes(office: Office, world: World) -> None:
    found = lines(office)
    assert {"nodes", "second witness", "Safe: owners", "Safe: singleton", "Safe: fallback handler"} <= found.keys()
    assert {"token USDC", "USDC tried out", "price of USDC", "keeper", "keeper's balance"} <= found.keys()
    assert {"code of MultiSendCallOnly", "code of Uniswap v3 router", "uniswap_v3 pool USDC/USDT 100"} <= found.keys()
    assert all(owner in found["Safe: owners"]["found"] for owner in world.owners)
    assert found["Safe: threshold"]["found"] == "2 of 3"
    assert "its issuer can block single holders" in found["USDC tried out"]["found"]
    assert not any(check["problem"] for check in found.values() if check["fatal"])


@contextmanager
def silent() -> Iterator[str]:
    """A node that takes connections and never says anything."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"


def nodes(office: Office, *urls: str, operator: str | None = None) -> None:
    """Each of an operator of its own, or all of one."""
    rpcs = [{"url": url, "operator": operator or f"operator {number}"} for number, url in enumerate(urls, start=1)]
    office.configure(in_("treasury", "chain", rpcs=rpcs))


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor_nodes, "_SILENCE", 0.5)


CLOSED = "http://127.0.0.1:9"
"""Where nobody listens."""


@pytest.mark.usefixtures("hurried")
def test_dead_nodes_are_one_failing_line_each_and_keep_nobody_waiting(office: Office, anvil: Anvil) -> None:
    with silent() as quiet:
        nodes(office, quiet, anvil.url, CLOSED)
        began = time.monotonic()
        found = lines(office)
        took = time.monotonic() - began
    assert "did not answer in time" in found[f"node operator 1 ({quiet})"]["problem"]
    assert "refused the connection" in found[f"node operator 3 ({CLOSED})"]["problem"]
    assert found[f"node operator 2 ({anvil.url})"]["problem"] is None
    assert "nothing else was tested" in found["nodes"]["problem"] and len(found) == 4
    assert took < 5, "all are asked at once, and nobody is asked again"


@pytest.mark.usefixtures("hurried")
def test_everything_is_tested_with_the_nodes_that_live(office: Office, anvil: Anvil) -> None:
    with silent() as quiet:
        for operator, others in ((None, [anvil.url, f"ipc:{anvil.ipc}"]), ("operator 1", [anvil.url])):
            nodes(office, quiet, *others, operator=operator)
            found = lines(office)
            failed = [subject for subject, check in found.items() if check["problem"] and check["fatal"]]
            assert failed == [f"node operator 1 ({quiet})"], operator
            assert {"Safe: owners", "USDC tried out", "price of USDC", "keeper's balance"} <= found.keys()


@pytest.mark.usefixtures("hurried")
def test_a_node_that_dies_meanwhile_ends_the_rest(office: Office, anvil: Anvil, serve: Serve) -> None:
    server: HostileServer

    def dies(method: str, params: Any, answer: dict[str, Any]) -> dict[str, Any] | None:
        return None if len(server.seen) > 2 else answer

    server = serve(liar(anvil.port, dies))
    nodes(office, server.url)
    ended = office.dao_bot("doctor", "--json")
    told = [(check["subject"], bool(check["problem"])) for check in ended.facts["checks"]]
    node = f"node operator 1 ({server.url})"
    assert ended.code == 1
    assert told == [
        (node, False),
        ("nodes", False),
        ("second witness", False),
        ("safe", True),
        (node, True),
        ("nodes", True),
    ]


def test_a_signer_that_never_answers_is_not_waited_for(
    office: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(doctor, "NODE_SECONDS", 0.5)
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(tmp_path / "signer.sock"))
        listening.listen()
        office.configure(
            lambda data: data["treasury"]["keeper"].update(signer=str(tmp_path / "signer.sock")),
            lambda data: data["treasury"]["keeper"].pop("key"),
        )
        assert "the signer does not answer" in lines(office)["keeper"]["problem"]


def holds(symbol: str, address: str, *, hold_only: bool) -> Change:
    token = {"address": address, "decimals": "18", **({"hold_only": True} if hold_only else {})}
    return lambda data: data["treasury"]["tokens"].update({symbol: token})


@pytest.mark.parametrize(("kind", "words"), [("FeeToken", "arrive"), ("RebasingToken", "change")])
def test_a_token_that_does_not_arrive_whole_may_only_be_held(
    office: Office, running_world: RunningWorld, kind: str, words: str
) -> None:
    token = deploy_token(running_world.anvil, kind, symbol="ODD")
    give(running_world, token, running_world.world.safe, 10**20)
    office.configure(holds("ODD", token.address, hold_only=False))
    line = lines(office)["ODD tried out"]
    assert words in line["problem"]
    assert "hold_only: true" in line["problem"]
    office.configure(holds("ODD", token.address, hold_only=True))
    line = lines(office)["ODD tried out"]
    assert line["problem"] is None
    assert "only held" in line["found"]


def test_a_keeper_that_owns_the_safe_or_cannot_pay_fails(
    office: Office, world: World, anvil: Anvil, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DAO_BOT_KEEPER_KEY", world.owner_keys[0])
    assert "it is an owner of the Safe" in lines(office)["keeper"]["problem"]
    monkeypatch.setenv("DAO_BOT_KEEPER_KEY", "0x" + "77" * 32)
    assert "may not pay for gas" in lines(office)["keeper's balance"]["problem"]
    monkeypatch.delenv("DAO_BOT_KEEPER_KEY")
    assert "DAO_BOT_KEEPER_KEY is not set" in lines(office)["keeper"]["problem"]


def test_a_pinned_code_hash_that_differs_fails_and_stops_plans(office: Office) -> None:
    code = lines(office)["code of Uniswap v3 router"]["problem"].split("its hash is ")[1].partition(":")[0]
    for pinned, ok in ((code, True), ("0x" + "11" * 32, False)):
        office.configure(in_("protocols", "uniswap_v3", code_hashes={"router": pinned}))
        problem = lines(office)["code of Uniswap v3 router"]["problem"]
        assert (problem is None) == ok, problem
    refused(office.dao_bot("plan", "reserve", "--json"), 2, "pinned is 0x1111", "do not run")


def test_a_delegatecall_target_with_other_code_stops_everything(office: Office, anvil: Anvil, world: World) -> None:
    anvil.rpc("anvil_setCode", world.multi_send_call_only, "0x6000")
    anvil.mine()
    assert "do not run" in lines(office)["code of MultiSendCallOnly"]["problem"]
    refused(office.dao_bot("plan", "reserve", "--json"), 2, "code of MultiSendCallOnly", "do not run")


def test_a_relay_that_is_configured_is_asked(office: Office, anvil: Anvil) -> None:
    def through(url: str) -> Change:
        return lambda data: data["treasury"]["keeper"].update({"relay": {"url": url, "operator": "private"}})

    office.configure(through(anvil.url))
    assert "takes the keeper's transactions, alone" in lines(office)["relay"]["found"]
    office.configure(through("http://127.0.0.1:1"))
    assert "refused" in lines(office)["relay"]["problem"]


def govern(office: Office, world: World, **ballot: str) -> None:
    """Members decide on what the reserve proposes."""
    token = {"token": world.tokens["DAO"].address, "decimals": "18"}
    rule = {"use": "ballot", "power": "members", "duration": "1h", "quorum": "1000", **ballot}
    office.configure(
        lambda data: data.update(
            governance={
                "stewards": {"ann": world.owners[0], "bob": world.owners[1]},
                "power": {"members": {"sources": [{"use": "balance", **token}]}},
            },
            approvals={"people": rule, "council": {"use": "stewards", "approvals": "2"}},
        ),
        in_("strategies", "reserve", approval="people"),
    )


def test_each_approval_rule_and_each_kind_of_voting_power_has_its_line(office: Office, world: World) -> None:
    govern(office, world)
    found = lines(office)
    assert "keeps the state of block" in found["voting power members"]["found"]
    assert found["approval people"]["found"].startswith("members vote for 1 h, quorum 1,000.00")
    assert found["approval council"]["found"] == "2 stewards approve, 1 veto defeats it"
    assert found["approval people"]["problem"] is None


def test_a_vote_that_outlives_every_batch_is_a_warning(office: Office, world: World) -> None:
    govern(office, world, duration="3d")
    line = lines(office)["approval people"]
    assert "only mandates" in line["problem"] and not line["fatal"]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"sources": [{"use": "balance", "token": "USDC", "decimals": "18"}]}, "decimals"),
        ({"sources": [{"use": "erc20-votes", "token": "USDC", "decimals": "6"}]}, "getPastVotes"),
    ],
)
def test_voting_power_that_cannot_be_read_fails(
    office: Office, world: World, change: dict[str, Any], words: str
) -> None:
    govern(office, world)
    for source in change["sources"]:
        source["token"] = world.tokens[source["token"]].address
    office.configure(in_("governance", "power", members=change))
    if words == "getPastVotes":
        link_somebody(office)
    assert words in lines(office)["voting power members"]["problem"]


def test_voting_power_at_blocks_that_become_final_too_late_is_a_warning(
    office: Office, world: World, anvil: Anvil
) -> None:
    govern(office, world)
    office.configure(in_("treasury", "chain", finality="finalized"))
    anvil.mine(64)
    assert lines(office)["voting power members"]["problem"] is None
    anvil.advance(2 * 3600)
    anvil.advance(12)
    line = lines(office)["voting power members"]
    assert "2 h behind" in line["problem"] and not line["fatal"]


def link_somebody(office: Office) -> None:
    """A wallet whose power there is to read."""
    page = Page("localhost", "http://localhost/", office.world.chain_id, "http")
    with open_desk(office.path) as desk:
        assembly = make_assembly(desk)
        text = assembly.begin_link(Person("77", "1"), page).message(ANN.address).text()
        assembly.finish_link(page, text, ANN.sign_text(text))
