"""The chain itself: reorganisations, fees, a token that is paused, a pool that is drained, time."""

from __future__ import annotations

from dao_bot.devnet.accounts import DEPLOYER
from dao_bot.devnet.artifacts import own_artifact
from dao_bot.devnet.transactions import send
from dao_bot.domain.lifecycle import State
from dao_bot.engine.signing import batch_of
from dao_bot.protocols.uniswap_v3.protocol import UniswapV3
from tests.integration.engine.kit import SENDING, Office, at, spend_as_safe
from tests.integration.faults.bench import CAP, GWEI, Bench
from tests.integration.faults.matrix import case


def _executed(bench: Bench, blocks_later: int = 0) -> None:
    bench.tick()
    assert bench.stored.state is State.EXECUTED, bench.told
    if blocks_later:
        bench.office.anvil.mine(blocks_later)


def _reorganise(bench: Bench, depth: int) -> None:
    """The last blocks are replaced by empty ones; what was in them is in no pool any more."""
    bench.office.anvil.rpc("anvil_reorg", depth, [])
    assert bench.effects() == 0


@case("a reorg of 1 block after success", effects=1)
def _(bench: Bench) -> None:
    _executed(bench)
    _reorganise(bench, 1)


@case("a reorg of 2 blocks after success", effects=1)
def _(bench: Bench) -> None:
    _executed(bench, blocks_later=1)
    _reorganise(bench, 2)


@case("a reorg of 5 blocks after success", effects=1)
def _(bench: Bench) -> None:
    _executed(bench, blocks_later=4)
    _reorganise(bench, 5)


@case("a reorg after success, and the batch is in the new branch too", effects=1)
def _(bench: Bench) -> None:
    _executed(bench)
    _reorganise(bench, 1)
    bench.office.submit_as_stranger(batch_of(bench.stored))


@case("a reorg after a stranger's execution", effects=1)
def _(bench: Bench) -> None:
    bench.office.submit_as_stranger(batch_of(bench.stored))
    _executed(bench)
    _reorganise(bench, 1)


@case("a reorg after success, and the deadline passes before the keeper looks", effects=0)
def _(bench: Bench) -> None:
    _executed(bench)
    _reorganise(bench, 1)
    bench.office.anvil.set_time(bench.stored.proposal.batch.valid_until + 1)


@case("the base fee rises above the cap and falls again", effects=1)
def _(bench: Bench) -> None:
    _fee_above_the_cap(bench)
    bench.office.anvil.rpc("anvil_setNextBlockBaseFeePerGas", hex(GWEI))
    bench.office.anvil.mine()


@case("the base fee rises above the cap and stays there", effects=0)
def _(bench: Bench) -> None:
    _fee_above_the_cap(bench)
    valid_until = bench.stored.proposal.batch.valid_until
    bench.office.anvil.rpc("anvil_setNextBlockBaseFeePerGas", hex(2 * CAP))
    bench.office.anvil.set_time(valid_until + 1)


def _fee_above_the_cap(bench: Bench) -> None:
    bench.office.anvil.rpc("anvil_setNextBlockBaseFeePerGas", hex(2 * CAP))
    bench.office.anvil.mine()
    assert "above the cap for gas" in bench.tick()
    assert bench.office.desk.store.attempts(bench.proposal) == (), "nothing was signed"


def _pause(office: Office, call: str = "pause") -> None:
    send(office.anvil, DEPLOYER.address, office.token("USDC").address, own_artifact("GuardedToken"), call)


@case("the token is paused before the keeper looks", effects=0)
def _(bench: Bench) -> None:
    _pause(bench.office)
    bench.tick()
    assert bench.stored.state is State.STALE
    assert bench.office.keeper_nonce() == 0, "a batch that would revert costs no gas"


def _reverts(bench: Bench) -> None:
    """It was mined, had no effect, and is not sent again."""
    bench.settle()
    assert bench.stored.state is State.STALE, bench.told
    assert [each.status for each in bench.office.desk.store.attempts(bench.proposal)] == [0]


@case("the token is paused between simulation and execution", effects=0)
def _(bench: Bench) -> None:
    with at(SENDING, lambda: _pause(bench.office)):
        bench.tick()
    _reverts(bench)


@case("what is to be paid is gone between simulation and execution", effects=0)
def _(bench: Bench) -> None:
    with at(SENDING, lambda: spend_as_safe(bench.office, "USDC", leaving=10)):
        bench.tick()
    _reverts(bench)


@case("the pool is drained between simulation and execution of a swap", effects=0)
def _(bench: Bench) -> None:
    office = bench.office
    bench.settle()
    bench.proposal = office.propose(office.swap("USDC", "USDT", 100, 1000), nominal=2)
    bench.tick()
    office.sign(bench.proposal)
    (uniswap,) = (each for each in office.desk.services.protocols if isinstance(each, UniswapV3))
    traded = {office.token(symbol).address for symbol in ("USDC", "USDT")}
    pools = [pool.address for pool in uniswap.pools if {pool.base.address, pool.quote.address} == traded]

    def drain() -> None:
        for pool in pools:
            held = bench.holds("USDT", pool)
            office.anvil.rpc("anvil_impersonateAccount", pool)
            office.anvil.rpc("anvil_setBalance", pool, hex(10**18))
            usdt, token = office.token("USDT").address, own_artifact("Token")
            send(office.anvil, pool, usdt, token, "transfer", DEPLOYER.address, held)

    with at(SENDING, drain):
        bench.tick()
    _reverts(bench)


@case("the chain's time jumps beyond the deadline before the keeper looks", effects=0)
def _(bench: Bench) -> None:
    bench.office.anvil.set_time(bench.stored.proposal.batch.valid_until + 1)
