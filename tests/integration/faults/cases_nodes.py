"""Nodes that do not answer, limit, lag, lie, lose what they were given, or say no."""

from __future__ import annotations

from typing import Any

from dao_bot.chain.endpoints import Endpoints, Freshness
from dao_bot.chain.rpc import Endpoint
from dao_bot.domain.lifecycle import State
from dao_bot.engine.signing import batch_of
from tests.integration.chain.hostile import Alter, Conversation, HostileServer, honest, liar
from tests.integration.engine.kit import SENDING, at
from tests.integration.faults.bench import GWEI, Bench
from tests.integration.faults.matrix import case

SEND = "eth_sendRawTransaction"
Answer = dict[str, Any]


def _only(method: str, change: Alter) -> Alter:
    return lambda asked, params, answer: change(asked, params, answer) if asked == method else answer


def _says(method: str, message: str) -> Alter:
    """The node does what it was asked, and answers with an error."""
    told = {"code": -32000, "message": message}
    return _only(method, lambda _m, _p, answer: {"jsonrpc": "2.0", "id": answer["id"], "error": told})


def _refuses_to_send(bench: Bench, answer: bytes | None, message: str = "", status: int = 200) -> Any:
    """Transactions never reach the chain; all else is passed on."""
    pass_on = liar(bench.port, honest)

    def behave(conversation: Conversation) -> None:
        body = conversation.body
        if isinstance(body, dict) and body["method"] == SEND:
            if answer is None and not message:
                conversation.hang_up()
            elif message:
                told = {"jsonrpc": "2.0", "id": body["id"], "error": {"code": -32000, "message": message}}
                conversation.answer(told, status)
            else:
                conversation.answer(answer, status)
            return
        pass_on(conversation)

    return behave


def _altered_head(*, everywhere: bool = False, **changes: Any) -> Alter:
    """The latest block, or every one, is told otherwise."""

    def change(_method: str, params: Any, answer: Answer) -> Answer:
        if params[0] == "latest" or everywhere:
            answer["result"].update(changes)
        return answer

    return _only("eth_getBlockByNumber", change)


def _held_up(bench: Bench, words: str) -> None:
    """A tick that ends without anything sent, and says why."""
    told = bench.tick()
    assert words in told, told
    assert bench.office.keeper_nonce() == 0 and bench.stored.state is not State.EXECUTED


@case("no answer to the broadcast, which never reached the node", effects=1)
def _(bench: Bench) -> None:
    with bench.behaving(_refuses_to_send(bench, None)):
        bench.tick()
    assert bench.stored.state is State.EXECUTING


@case("no answer to the broadcast, which reached the node", effects=1)
def _(bench: Bench) -> None:
    with bench.lying(_only(SEND, lambda *_: None)):
        bench.tick()


@case("the node that was sent to dies before it answers, and the other one goes on", effects=1)
def _(bench: Bench) -> None:
    third = Endpoint(bench.nodes[0].url, "three")
    nodes = bench.office.desk.services.endpoints
    nodes.all = (*nodes.all, third)
    with at(SENDING, bench.nodes[0].stop):
        bench.tick()
    nodes.all = (nodes.all[1], Endpoint(bench.office.anvil.url, "three"))


@case("the node answers the broadcast with 429", effects=1)
def _(bench: Bench) -> None:
    with bench.behaving(_refuses_to_send(bench, b"slow down", status=429)):
        bench.tick()


@case("the node answers everything with 429 for a while", effects=1)
def _(bench: Bench) -> None:
    left, pass_on = [3], liar(bench.port, honest)

    def limits(conversation: Conversation) -> None:
        left[0] -= 1
        if left[0] >= 0:
            conversation.answer(b"slow down", 429, {"Retry-After": "0"})
        else:
            pass_on(conversation)

    with bench.behaving(limits):
        bench.tick()


@case("both nodes are on another chain for a while", effects=1)
def _(bench: Bench) -> None:
    elsewhere = _only("eth_chainId", lambda _m, _p, answer: {**answer, "result": "0x1"})
    with bench.lying(elsewhere, elsewhere):
        _held_up(bench, "on another chain")


@case("two heads: the nodes have different blocks at one height", effects=1)
def _(bench: Bench) -> None:
    with bench.lying(honest, _altered_head(everywhere=True, hash="0x" + "ab" * 32)):
        _held_up(bench, "different blocks at height")


@case("a stale head: the latest block of both nodes is hours old", effects=1)
def _(bench: Bench) -> None:
    services = bench.office.desk.services
    fresh = services.endpoints._freshness
    services.endpoints._freshness = Freshness()
    old = _altered_head(timestamp=hex(bench.office.anvil.timestamp() - 7200))
    with bench.lying(old, old):
        _held_up(bench, "is too old")
    services.endpoints._freshness = fresh


@case("the nodes show the logs of a rival's execution, but not yet those of the payment's", effects=1)
def _(bench: Bench) -> None:
    bench.rival()
    bench.tick()
    bench.office.sign(bench.proposal)

    def not_yet(_method: str, _params: Any, answer: Answer) -> Answer:
        head = bench.office.anvil.rpc("eth_blockNumber")
        return {**answer, "result": [log for log in answer["result"] if log["blockNumber"] != head]}

    late = _only("eth_getLogs", not_yet)
    with bench.lying(late, late):
        bench.office.submit_as_stranger(batch_of(bench.stored))
        told = bench.tick()
    assert "more nonces than the nodes show executions" in told, told
    assert bench.stored.nonce == 1, "nobody is asked to sign it again"


@case("one node lags behind the other", effects=1)
def _(bench: Bench) -> None:
    behind = bench.office.anvil.rpc("eth_getBlockByNumber", hex(1), False)
    with bench.lying(honest, _altered_head(**behind)):
        _held_up(bench, "lags behind")


@case("the nodes disagree about what was read", effects=1)
def _(bench: Bench) -> None:
    office = bench.office
    held = bench.holds("USDC", office.world.safe)

    def wrong(_method: str, _params: Any, answer: Answer) -> Answer:
        return {**answer, "result": answer["result"].replace(f"{held:064x}", f"{held + 1:064x}")}

    with bench.lying(honest, _only("eth_call", wrong)):
        _held_up(bench, "different answers to the same question")


@case("this machine's clock jumps ahead and comes back", effects=1)
def _(bench: Bench) -> None:
    _with_a_clock(bench, 3600.0, "too old")


@case("this machine's clock jumps back and comes back", effects=1)
def _(bench: Bench) -> None:
    _with_a_clock(bench, -3600.0, "in the future")


def _with_a_clock(bench: Bench, off: float, words: str) -> None:
    endpoints: Endpoints = bench.office.desk.services.endpoints
    before = endpoints._freshness, endpoints._clock
    now = bench.office.anvil.timestamp()
    endpoints._freshness, endpoints._clock = Freshness(), lambda: now + off
    _held_up(bench, words)
    endpoints._freshness, endpoints._clock = before


@case("a pending transaction is dropped from the node's pool", effects=1)
def _(bench: Bench) -> None:
    anvil = bench.office.anvil

    def drop() -> None:
        anvil.rpc("anvil_dropAllTransactions")
        anvil.rpc("evm_setAutomine", True)

    anvil.rpc("evm_setAutomine", False)
    with at("store.mark_broadcast.after_commit", drop):
        bench.tick()


def _base_fee_jumps(bench: Bench) -> None:
    bench.office.anvil.rpc("anvil_setNextBlockBaseFeePerGas", hex(150 * GWEI))
    bench.office.anvil.mine()


def _was_replaced(bench: Bench) -> None:
    attempts = bench.office.desk.store.attempts(bench.proposal)
    assert len(attempts) > 1 and len({each.sender_nonce for each in attempts}) == 1, attempts


@case("the base fee jumps while a transaction is pending, which is replaced", effects=1)
def _(bench: Bench) -> None:
    anvil = bench.office.anvil
    anvil.rpc("evm_setAutomine", False)
    happens = {
        "store.mark_broadcast.after_commit": lambda: _base_fee_jumps(bench),
        "store.plan_attempt.after_commit": lambda: anvil.rpc("evm_setAutomine", True),
    }
    with bench.when(happens):
        bench.tick()
    _was_replaced(bench)


@case("the base fee jumps before the broadcast, and the same nonce is signed again", effects=1)
def _(bench: Bench) -> None:
    with at(SENDING, lambda: _base_fee_jumps(bench)):
        bench.tick()
    bench.tick()
    _was_replaced(bench)


@case("the node says: already known", effects=1)
def _(bench: Bench) -> None:
    with bench.lying(_says(SEND, "already known")):
        bench.tick()


@case("the node says: nonce too low", effects=1)
def _(bench: Bench) -> None:
    with bench.behaving(_refuses_to_send(bench, None, "nonce too low")):
        bench.tick()


@case("the node says: underpriced", effects=1)
def _(bench: Bench) -> None:
    with bench.behaving(_refuses_to_send(bench, None, "transaction underpriced")):
        bench.tick()


@case("the node answers with another hash than that of the transaction", effects=1)
def _(bench: Bench) -> None:
    with bench.lying(_only(SEND, lambda _m, _p, answer: {**answer, "result": "0x" + "cd" * 32})):
        bench.tick()


@case("the private relay does not answer for a while", effects=1)
def _(bench: Bench) -> None:
    with HostileServer(lambda conversation: conversation.hang_up()) as deaf:
        bench.relay = Endpoint(deaf.url, "relay", timeout=1)
        _held_up(bench, "relay")
    bench.relay = Endpoint(bench.office.anvil.url, "relay")


@case("the private relay never answers, and nothing goes to the public pool instead", effects=0)
def _(bench: Bench) -> None:
    with HostileServer(lambda conversation: conversation.hang_up()) as deaf:
        bench.relay = Endpoint(deaf.url, "relay", timeout=1)
        _held_up(bench, "relay")
    assert SEND not in bench.nodes[0].methods + bench.nodes[1].methods
