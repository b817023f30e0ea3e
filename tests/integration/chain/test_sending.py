"""The keeper's transactions: the intent first, one effect, and every answer of a node a state."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

from dao_bot.chain.broadcast import BroadcastState
from dao_bot.chain.fate import Fate, Finality, next_nonce
from dao_bot.chain.gas import FeePolicy, Fees, suggest_fees
from dao_bot.chain.rpc import Endpoint
from dao_bot.chain.sending import Pacing, Request, Sender
from dao_bot.chain.transactions import LocalSigner, Signed
from dao_bot.devnet.accounts import KEEPER, STRANGER
from dao_bot.devnet.transactions import Transaction, transact
from dao_bot.domain import failpoints
from dao_bot.domain.addresses import Address
from dao_bot.domain.errors import BadInput, DaoBotError, Refused, RpcUnavailable
from tests.integration.chain.hostile import Behaviour, HostileServer, liar

if TYPE_CHECKING:
    from dao_bot.devnet import Anvil

Serve = Callable[[Behaviour], HostileServer]
StartAnvil = Callable[..., "Anvil"]
GWEI = 10**9
SOMEBODY = Address("0x000000000000000000000000000000000000bEEF")
GIFT = Request(SOMEBODY, b"", 21_000, value=1)
QUICK = Pacing(poll=0.02, replace_after=30.0, give_up_after=5.0)
POLICY = FeePolicy(cap=100 * GWEI)


@dataclass
class Ledger:
    """What a record would hold."""

    signed: list[Signed] = field(default_factory=list)

    def __call__(self, signed: Signed) -> None:
        self.signed.append(signed)


def sender(url: str, **options: Any) -> Sender:
    signer = LocalSigner(bytes.fromhex(KEEPER.key[2:]))
    defaults: dict[str, Any] = {"pacing": QUICK}
    policy = options.pop("policy", POLICY)
    node = Endpoint(url, "node", timeout=2)
    return Sender(lambda: node, signer, 31337, policy, **{**defaults, **options})


def gifts(anvil: Anvil) -> int:
    """How often the gift arrived."""
    return int(anvil.rpc("eth_getBalance", SOMEBODY, "latest"), 16)


def comes_true(check: Callable[[], bool]) -> bool:
    """anvil answers before it has mined; this waits for that."""
    deadline = time.monotonic() + 3
    while not check() and time.monotonic() < deadline:
        time.sleep(0.005)
    return check()


def pool(anvil: Anvil) -> int:
    return int(anvil.rpc("txpool_status")["pending"], 16)


def test_a_transaction_is_recorded_sent_followed_and_final(fresh_anvil: StartAnvil) -> None:
    anvil, ledger = fresh_anvil(), Ledger()
    keeper = sender(anvil.url)
    sent = keeper.send(GIFT, ledger)
    followed = keeper.follow(GIFT, [sent.signed], ledger)
    assert sent.broadcast.state is BroadcastState.ACCEPTED
    assert followed.found.fate is Fate.MINED
    assert keeper.look_up([sent.signed]).final
    receipt = followed.found.receipt
    assert receipt is not None
    assert (receipt.success, receipt.sender, receipt.to, receipt.gas_used) == (True, keeper.address, SOMEBODY, 21_000)
    assert receipt.transaction_hash == ledger.signed[0].hash
    assert 0 < receipt.gas_cost <= 21_000 * sent.signed.fees.max_fee_per_gas
    assert gifts(anvil) == 1


def test_the_intent_is_recorded_before_anything_leaves(fresh_anvil: StartAnvil, serve: Serve) -> None:
    anvil = fresh_anvil()
    server = serve(liar(anvil.port, lambda method, params, answer: answer))
    seen_at_intent: list[list[str]] = []
    sender(server.url).send(GIFT, lambda signed: seen_at_intent.append(server.methods))
    assert "eth_sendRawTransaction" not in seen_at_intent[0]
    assert "eth_sendRawTransaction" in server.methods


def test_nothing_leaves_when_the_intent_cannot_be_recorded(fresh_anvil: StartAnvil) -> None:
    anvil = fresh_anvil(no_mining=True)

    def fail(signed: Signed) -> None:
        raise DaoBotError("the disk is full")

    with pytest.raises(DaoBotError, match="disk is full"):
        sender(anvil.url).send(GIFT, fail)
    assert pool(anvil) == 0


@pytest.mark.parametrize("reaches_the_chain", [True, False])
def test_a_time_out_around_the_broadcast_leaves_one_effect(
    fresh_anvil: StartAnvil, serve: Serve, reaches_the_chain: bool
) -> None:
    anvil, ledger = fresh_anvil(), Ledger()
    broken = [True]

    def alter(method: str, params: Any, answer: dict[str, Any]) -> dict[str, Any] | None:
        return None if method == "eth_sendRawTransaction" and broken[0] else answer

    pass_on = liar(anvil.port, alter)

    def behave(conversation: Any) -> None:
        if not reaches_the_chain and broken[0] and "eth_sendRawTransaction" in str(conversation.body):
            conversation.hang_up()
        else:
            pass_on(conversation)

    keeper = sender(serve(behave).url)
    sent = keeper.send(GIFT, ledger)
    assert sent.broadcast.state is BroadcastState.UNKNOWN
    assert sent.broadcast.state.may_be_mined
    assert comes_true(lambda: gifts(anvil) == int(reaches_the_chain))
    broken[0] = False
    followed = keeper.follow(GIFT, [sent.signed], ledger)
    assert followed.found.fate is Fate.MINED
    assert gifts(anvil) == 1
    assert len(ledger.signed) == 1, "the same bytes were sent again, nothing new was signed"


def test_a_known_transaction_is_no_error(fresh_anvil: StartAnvil) -> None:
    anvil = fresh_anvil(no_mining=True)
    keeper = sender(anvil.url)
    sent = keeper.send(GIFT, Ledger())
    assert keeper.send_again(sent.signed).state is BroadcastState.ALREADY_KNOWN
    assert keeper.look_up([sent.signed]).fate is Fate.PENDING
    assert pool(anvil) == 1


def test_a_nonce_that_was_used_elsewhere_is_told(fresh_anvil: StartAnvil) -> None:
    anvil = fresh_anvil()
    keeper = sender(anvil.url)

    def use_the_key_elsewhere(signed: Signed) -> None:
        transact(anvil, Transaction(KEEPER.address, STRANGER.address, value=7))

    sent = keeper.send(GIFT, use_the_key_elsewhere)
    assert sent.broadcast.state is BroadcastState.NONCE_TOO_LOW
    followed = keeper.follow(GIFT, [sent.signed], Ledger())
    assert (followed.found.fate, followed.found.final) == (Fate.REPLACED, True)
    assert gifts(anvil) == 0


def test_a_receipt_that_appears_after_the_nonce_is_waited_for(fresh_anvil: StartAnvil, serve: Serve) -> None:
    anvil = fresh_anvil()
    sent = sender(anvil.url).send(GIFT, Ledger())
    assert comes_true(lambda: gifts(anvil) == 1)
    asked: list[str] = []

    def late(method: str, params: Any, answer: dict[str, Any]) -> dict[str, Any]:
        if method in ("eth_getTransactionReceipt", "eth_getTransactionByHash") and asked.count(method) == 0:
            asked.append(method)
            return {**answer, "result": None}
        return answer

    found = sender(serve(liar(anvil.port, late)).url).look_up([sent.signed])
    assert asked
    assert found.fate is Fate.MINED


def test_nonces_in_flight_are_not_given_again(fresh_anvil: StartAnvil) -> None:
    anvil = fresh_anvil(no_mining=True)
    keeper = sender(anvil.url)
    endpoint = Endpoint(anvil.url, "node")
    assert next_nonce(endpoint, keeper.address) == 0
    assert next_nonce(endpoint, keeper.address, [0, 4]) == 5
    keeper.send(GIFT, Ledger())
    assert next_nonce(endpoint, keeper.address) == 1, "the pool counts"


def test_a_rival_for_the_same_nonce_without_higher_fees_is_underpriced(fresh_anvil: StartAnvil) -> None:
    anvil = fresh_anvil(no_mining=True)
    keeper = sender(anvil.url)
    fees = suggest_fees(Endpoint(anvil.url, "node"), POLICY)
    first = keeper._sign_and_send(GIFT, 0, fees, Ledger())
    rival = keeper._sign_and_send(Request(STRANGER.address, b"", 21_000), 0, fees, Ledger())
    assert first.broadcast.state is BroadcastState.ACCEPTED
    assert rival.broadcast.state is BroadcastState.UNDERPRICED
    assert not rival.broadcast.state.may_be_mined


def test_a_keeper_without_funds_is_told(fresh_anvil: StartAnvil) -> None:
    anvil = fresh_anvil()
    anvil.rpc("anvil_setBalance", KEEPER.address, hex(10**12))
    keeper, ledger = sender(anvil.url), Ledger()
    with pytest.raises(Refused, match=r"cannot pay for the gas; got 0.000001 coins; .* Send coins to 0x15d3"):
        keeper.send(GIFT, ledger)
    assert ledger.signed == []
    unchecked = keeper._sign_and_send(GIFT, 0, Fees(10 * GWEI, GWEI), ledger)
    assert unchecked.broadcast.state is BroadcastState.NO_FUNDS


def test_an_impossible_gas_limit_is_refused_by_the_node(fresh_anvil: StartAnvil) -> None:
    anvil = fresh_anvil()
    for gas in (1, 10**9):
        broadcast = sender(anvil.url).send(Request(SOMEBODY, b"", gas), Ledger()).broadcast
        assert broadcast.state is BroadcastState.REFUSED
        assert broadcast.message


def test_a_stuck_transaction_is_replaced_and_only_one_is_mined(fresh_anvil: StartAnvil) -> None:
    anvil, ledger = fresh_anvil(no_mining=True), Ledger()
    keeper = sender(anvil.url, pacing=Pacing(poll=0.02, replace_after=0.1, give_up_after=0.35))
    sent = keeper.send(GIFT, ledger)
    stuck = keeper.follow(GIFT, [sent.signed], ledger)
    assert (stuck.found.fate, stuck.found.final) == (Fate.PENDING, False)
    assert len(stuck.attempts) >= 2
    for before, after in zip(stuck.attempts, stuck.attempts[1:], strict=False):
        assert after.nonce == before.nonce
        assert after.fees.max_fee_per_gas * 8 >= before.fees.max_fee_per_gas * 9
        assert (after.fees.max_priority_fee_per_gas or 0) * 8 >= (before.fees.max_priority_fee_per_gas or 0) * 9
    assert list(stuck.attempts) == ledger.signed, "every replacement was recorded first"
    anvil.mine()
    found = keeper.look_up(stuck.attempts)
    assert found.fate is Fate.MINED
    assert found.receipt is not None
    assert found.receipt.transaction_hash == stuck.attempts[-1].hash
    assert gifts(anvil) == 1


def test_a_replacement_beyond_the_cap_waits(fresh_anvil: StartAnvil) -> None:
    anvil, ledger = fresh_anvil(no_mining=True), Ledger()
    policy = FeePolicy(cap=2 * GWEI + 1)
    keeper = sender(anvil.url, policy=policy, pacing=Pacing(poll=0.02, replace_after=0.05, give_up_after=0.2))
    sent = keeper.send(GIFT, ledger)
    followed = keeper.follow(GIFT, [sent.signed], ledger)
    assert len(followed.attempts) == 1
    assert "cannot be replaced under the cap" in followed.notes[0]


def test_fees_above_the_cap_are_refused_before_anything_is_signed(fresh_anvil: StartAnvil) -> None:
    anvil, ledger = fresh_anvil(), Ledger()
    with pytest.raises(Refused, match=r"above the cap for gas; got .* gwei; allowed: 0.000 gwei"):
        sender(anvil.url, policy=FeePolicy(cap=1000)).send(GIFT, ledger)
    assert ledger.signed == []


def test_a_fee_spike_between_two_blocks_is_survived_by_replacement(fresh_anvil: StartAnvil) -> None:
    anvil, ledger = fresh_anvil(no_mining=True), Ledger()
    keeper = sender(anvil.url, pacing=Pacing(poll=0.02, replace_after=0.1, give_up_after=5.0))
    sent = keeper.send(GIFT, ledger)
    anvil.rpc("anvil_setNextBlockBaseFeePerGas", hex(20 * GWEI))
    anvil.mine()
    assert keeper.look_up([sent.signed]).fate in (Fate.PENDING, Fate.DROPPED), "too cheap for this block"
    anvil.rpc("anvil_setAutomine", True)
    followed = keeper.follow(GIFT, [sent.signed], ledger)
    assert followed.found.fate is Fate.MINED
    assert gifts(anvil) == 1


def test_a_dropped_transaction_is_sent_again(fresh_anvil: StartAnvil) -> None:
    anvil = fresh_anvil(no_mining=True)
    keeper = sender(anvil.url)
    sent = keeper.send(GIFT, Ledger())
    anvil.rpc("anvil_dropTransaction", sent.signed.hash)
    assert keeper.look_up([sent.signed]).fate is Fate.DROPPED
    anvil.rpc("anvil_setAutomine", True)
    followed = keeper.follow(GIFT, [sent.signed], Ledger())
    assert followed.found.fate is Fate.MINED
    assert followed.notes[0].startswith("sent again")
    assert gifts(anvil) == 1


@pytest.mark.parametrize("depth", [1, 2, 5])
def test_a_reorg_takes_the_execution_back_and_the_same_bytes_bring_it_again(
    fresh_anvil: StartAnvil, depth: int
) -> None:
    anvil, ledger = fresh_anvil(), Ledger()
    anvil.mine(3)
    keeper = sender(anvil.url, finality=Finality(confirmations=10))
    sent = keeper.send(GIFT, ledger)
    assert comes_true(lambda: gifts(anvil) == 1)
    anvil.mine(depth - 1)
    first = keeper.look_up([sent.signed])
    assert (first.fate, first.final) == (Fate.MINED, False)
    anvil.rpc("anvil_reorg", depth, [])
    assert gifts(anvil) == 0
    assert keeper.look_up([sent.signed]).fate in (Fate.DROPPED, Fate.PENDING)
    keeper.send_again(sent.signed)
    assert comes_true(lambda: gifts(anvil) == 1)
    again = keeper.look_up([sent.signed])
    assert again.fate is Fate.MINED
    assert first.receipt is not None
    assert again.receipt is not None
    assert first.receipt.block_hash != again.receipt.block_hash
    assert gifts(anvil) == 1


def test_an_execution_is_final_after_the_stated_confirmations(fresh_anvil: StartAnvil) -> None:
    anvil = fresh_anvil()
    keeper = sender(anvil.url, finality=Finality(confirmations=3))
    sent = keeper.send(GIFT, Ledger())
    assert comes_true(lambda: keeper.look_up([sent.signed]).fate is Fate.MINED)
    finals = []
    for _ in range(3):
        finals.append(keeper.look_up([sent.signed]).final)
        anvil.mine()
    assert finals == [False, False, True]


def test_following_ends_when_it_is_mined_and_finality_is_asked_for_later(fresh_anvil: StartAnvil) -> None:
    anvil = fresh_anvil()
    keeper = sender(anvil.url, finality=Finality(confirmations=50))
    sent = keeper.send(GIFT, Ledger())
    found = keeper.follow(GIFT, [sent.signed], Ledger()).found
    assert (found.fate, found.final) == (Fate.MINED, False)
    anvil.mine(49)
    assert keeper.look_up([sent.signed]).final is True


def test_a_finalized_tag_decides_where_it_is_configured(fresh_anvil: StartAnvil, serve: Serve) -> None:
    anvil = fresh_anvil()
    finalized = [0]

    def tell_finalized(method: str, params: Any, answer: dict[str, Any]) -> dict[str, Any]:
        if method == "eth_getBlockByNumber" and params[0] == "finalized":
            answer["result"] = anvil.rpc("eth_getBlockByNumber", hex(finalized[0]), False)
        return answer

    keeper = sender(serve(liar(anvil.port, tell_finalized)).url, finality=Finality(tag="finalized"))
    sent = keeper.send(GIFT, Ledger())
    assert comes_true(lambda: keeper.look_up([sent.signed]).fate is Fate.MINED)
    assert keeper.look_up([sent.signed]).final is False
    finalized[0] = 1
    assert keeper.look_up([sent.signed]).final is True


def test_a_chain_without_base_fees_gets_a_legacy_transaction(fresh_anvil: StartAnvil) -> None:
    anvil = fresh_anvil(extra=["--hardfork=berlin"])
    keeper = sender(anvil.url)
    sent = keeper.send(GIFT, Ledger())
    assert sent.signed.fees.max_priority_fee_per_gas is None
    assert comes_true(lambda: keeper.look_up([sent.signed]).fate is Fate.MINED)
    assert anvil.rpc("eth_getTransactionByHash", sent.signed.hash)["type"] == "0x0"


def test_transactions_go_to_the_relay_alone(fresh_anvil: StartAnvil, serve: Serve) -> None:
    anvil = fresh_anvil()
    public = serve(liar(anvil.port, lambda method, params, answer: answer))

    def deaf_to_transactions(conversation: Any) -> None:
        if conversation.body["method"] == "eth_chainId":
            conversation.result("0x7a69")
        conversation.hang_up()

    keeper = sender(public.url, relay=Endpoint(serve(deaf_to_transactions).url, "relay", timeout=1))
    sent = keeper.send(GIFT, Ledger())
    assert sent.broadcast.state is BroadcastState.UNKNOWN
    assert "eth_sendRawTransaction" not in public.methods
    keeper = sender(public.url, relay=Endpoint(anvil.url, "relay"))
    assert keeper.send_again(sent.signed).state is BroadcastState.ACCEPTED
    assert "eth_sendRawTransaction" not in public.methods
    assert comes_true(lambda: gifts(anvil) == 1)


def test_nothing_is_signed_when_the_relay_does_not_answer(fresh_anvil: StartAnvil, serve: Serve) -> None:
    anvil, ledger = fresh_anvil(), Ledger()
    dead = Endpoint(serve(lambda c: c.hang_up()).url, "relay", timeout=1)
    with pytest.raises(RpcUnavailable, match="relay .* closed the connection"):
        sender(anvil.url, relay=dead).send(GIFT, ledger)
    assert ledger.signed == []


def test_nothing_is_signed_when_the_relay_is_on_another_chain(fresh_anvil: StartAnvil, serve: Serve) -> None:
    anvil, ledger = fresh_anvil(), Ledger()
    elsewhere = Endpoint(serve(lambda conversation: conversation.result("0x1")).url, "relay", timeout=1)
    with pytest.raises(BadInput, match="the relay is on another chain"):
        sender(anvil.url, relay=elsewhere).send(GIFT, ledger)
    assert ledger.signed == []


def test_a_node_that_answers_with_another_hash_is_not_believed(fresh_anvil: StartAnvil, serve: Serve) -> None:
    anvil = fresh_anvil()

    def other_hash(method: str, params: Any, answer: dict[str, Any]) -> dict[str, Any]:
        return {**answer, "result": "0x" + "ab" * 32} if method == "eth_sendRawTransaction" else answer

    keeper = sender(serve(liar(anvil.port, other_hash)).url)
    sent = keeper.send(GIFT, Ledger())
    assert sent.broadcast.state is BroadcastState.UNKNOWN
    assert keeper.follow(GIFT, [sent.signed], Ledger()).found.fate is Fate.MINED


def test_following_ends_at_once_when_it_is_told_to_stop(fresh_anvil: StartAnvil) -> None:
    anvil, stop = fresh_anvil(no_mining=True), threading.Event()
    keeper = sender(anvil.url, stop=stop, pacing=Pacing(poll=60, replace_after=60, give_up_after=60))
    sent = keeper.send(GIFT, Ledger())
    timer = threading.Timer(0.1, stop.set)
    timer.start()
    assert keeper.follow(GIFT, [sent.signed], Ledger()).found.fate is Fate.PENDING
    timer.join()


def test_every_request_of_the_path_is_a_failpoint(fresh_anvil: StartAnvil) -> None:
    anvil = fresh_anvil()
    reached: list[str] = []
    failpoints.install(reached.append)
    try:
        keeper = sender(anvil.url)
        sent = keeper.send(GIFT, Ledger())
        keeper.look_up([sent.signed])
    finally:
        failpoints.install(None)
    assert reached[::2] == [name.replace(":after", ":before") for name in reached[1::2]]
    assert "rpc:eth_sendRawTransaction:before" in reached
    assert len(reached) in (2 * 6, 2 * 7)  # a node that counts the nonce before it shows the receipt is asked again


def test_the_fees_cover_a_doubled_base_fee_under_the_cap(fresh_anvil: StartAnvil) -> None:
    endpoint = Endpoint(fresh_anvil().url, "node")
    history = endpoint.request("eth_feeHistory", "0x1", "latest", [])
    base = int(history["baseFeePerGas"][-1], 16)
    assert suggest_fees(endpoint, FeePolicy(cap=100 * GWEI)) == Fees(2 * base + 1, 1)
    assert suggest_fees(endpoint, FeePolicy(cap=base + 1)) == Fees(base + 1, 1)
    assert suggest_fees(endpoint, FeePolicy(cap=100 * GWEI, least_priority=GWEI)) == Fees(2 * base + GWEI, GWEI)
