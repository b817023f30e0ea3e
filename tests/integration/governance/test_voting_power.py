"""Voting power read from real tokens: what happens after the snapshot, or only within a block, counts for nothing."""

from __future__ import annotations

import pytest

from dao_bot.devnet.accounts import ACCOUNTS, DEPLOYER
from dao_bot.domain.errors import DaoBotError
from dao_bot.domain.runs import Block
from governance.power.balance import Balance, BalanceSettings
from governance.power.erc20_votes import Erc20Votes, Erc20VotesSettings
from governance.power.errors import InvalidPowerSource, PowerUnreadable
from governance.power.nft import Nft, NftSettings
from governance.power.old_state import keeps_state
from governance.power.source import Moment, PowerSource
from governance.power.staked import Staked, StakedSettings
from governance.power.tier import Tier, take_snapshot
from tests.integration.governance.conftest import Chain

ANN, BOB, EVE = (account.address for account in ACCOUNTS[6:9])
TOKEN = 10**6
"""One token as power."""


def balance(chain: Chain) -> Balance:
    return Balance(BalanceSettings(token=chain.world.tokens["DAO"].address, decimals=18))


def votes(chain: Chain) -> Erc20Votes:
    return Erc20Votes(Erc20VotesSettings(token=chain.world.tokens["DAO"].address, decimals=18))


def staked(chain: Chain) -> Staked:
    return Staked(
        StakedSettings(
            contract=chain.world.staking,
            function="stake_of(address,uint256)",
            arguments=("wallet", "991"),
            token=chain.world.tokens["DAO"].address,
            decimals=18,
        )
    )


def powers(chain: Chain, block: Block, *sources: PowerSource, age: int = 0, earlier: Block | None = None) -> list[int]:
    """Of Ann, Bob and Eve."""
    tier = Tier("members", sources, age)
    taken = take_snapshot(chain.read, tier, (ANN, BOB, EVE), Moment(block), before=block.timestamp + 1, earlier=earlier)
    return [taken.of(voter) for voter in (ANN, BOB, EVE)]


def test_what_is_moved_or_delegated_after_the_snapshot_counts_for_nothing(chain: Chain) -> None:
    chain.fund(ANN, whole=1000)
    chain.send(chain.token(ANN, "delegate", ANN))
    chain.anvil.mine()
    block = chain.block()
    chain.send(
        chain.token(ANN, "transfer", EVE, 1000 * 10**18),
        chain.token(EVE, "delegate", EVE),
    )
    chain.fund(BOB, whole=5000)
    chain.send(chain.token(BOB, "delegate", EVE))
    chain.anvil.mine()
    assert powers(chain, block, balance(chain)) == [1000 * TOKEN, 0, 0]
    assert powers(chain, block, votes(chain)) == [1000 * TOKEN, 0, 0]
    assert powers(chain, block, balance(chain), votes(chain)) == [1000 * TOKEN, 0, 0]
    assert powers(chain, chain.block(), votes(chain)) == [0, 0, 6000 * TOKEN]


def test_who_has_not_delegated_has_a_balance_and_no_votes(chain: Chain) -> None:
    chain.fund(ANN, whole=3)
    chain.anvil.mine()
    assert powers(chain, chain.block(), balance(chain)) == [3 * TOKEN, 0, 0]
    assert powers(chain, chain.block(), votes(chain)) == [0, 0, 0]


def test_a_loan_that_is_paid_back_in_its_block_counts_for_nothing(chain: Chain) -> None:
    chain.send(chain.token(EVE, "delegate", EVE))
    before = chain.block().number
    chain.in_one_block(
        chain.token(DEPLOYER.address, "transfer", EVE, 10**6 * 10**18),
        chain.token(EVE, "transfer", DEPLOYER.address, 10**6 * 10**18),
    )
    block = chain.block()
    assert block.number == before + 1
    chain.anvil.mine()
    for at in (block, chain.block()):
        assert powers(chain, at, balance(chain), votes(chain)) == [0, 0, 0]


def test_what_arrived_in_the_snapshots_own_block_has_no_votes_yet(chain: Chain) -> None:
    chain.send(chain.token(EVE, "delegate", EVE))
    chain.fund(EVE, whole=9)
    assert powers(chain, chain.block(), votes(chain)) == [0, 0, 0]
    chain.anvil.mine()
    assert powers(chain, chain.block(), votes(chain)) == [0, 0, 9 * TOKEN]


def test_stakes_are_read_by_a_view_function_and_the_larger_of_stake_and_balance_counts(chain: Chain) -> None:
    chain.fund(ANN, BOB, whole=100)
    chain.send(
        chain.staking(ANN, "register", 991),
        chain.token(ANN, "approve", chain.world.staking, 10**30),
        chain.token(BOB, "approve", chain.world.staking, 10**30),
        chain.staking(ANN, "stake", 991, 70 * 10**18),
        chain.staking(BOB, "stake", 991, 10 * 10**18 + 1),
    )
    block = chain.block()
    chain.send(chain.staking(ANN, "unstake", 991, 70 * 10**18))
    assert powers(chain, block, staked(chain)) == [70 * TOKEN, 10 * TOKEN, 0]
    assert powers(chain, block, staked(chain), balance(chain)) == [70 * TOKEN, 90 * TOKEN - 1, 0]
    assert powers(chain, chain.block(), staked(chain)) == [0, 10 * TOKEN, 0]


def test_with_a_minimum_age_what_was_bought_for_the_vote_does_not_count(chain: Chain) -> None:
    chain.fund(ANN, whole=10)
    earlier = chain.block()
    chain.anvil.advance(7 * 86_400)
    chain.fund(ANN, BOB, whole=500)
    block = chain.block()
    assert powers(chain, block, balance(chain)) == [510 * TOKEN, 500 * TOKEN, 0]
    assert powers(chain, block, balance(chain), age=7 * 86_400, earlier=earlier) == [10 * TOKEN, 0, 0]


def test_each_nft_is_one_vote(chain: Chain) -> None:
    # Positions of Uniswap v3 are NFTs; the deployer has them all.
    nft = Nft(NftSettings(collection=chain.world.position_manager))
    tier = Tier("nft", (nft,))
    block = chain.block()
    taken = take_snapshot(chain.read, tier, (DEPLOYER.address, ANN), Moment(block), before=block.timestamp + 1)
    assert taken.of(DEPLOYER.address) >= TOKEN and taken.of(DEPLOYER.address) % TOKEN == 0
    assert taken.of(ANN) == 0


def test_many_wallets_are_read_in_few_round_trips(chain: Chain) -> None:
    wallets = [f"0x{number:040x}" for number in range(1, 2001)]
    tier = Tier("members", (balance(chain), votes(chain)))
    chain.anvil.mine()
    block, before = chain.block(), chain.endpoint.round_trips
    taken = take_snapshot(chain.read, tier, wallets, Moment(block), before=block.timestamp + 1)
    assert len(taken.power) == 2000
    assert chain.endpoint.round_trips - before - 1 <= 2


def test_a_contract_that_is_no_such_source_is_refused_instead_of_counted_as_nothing(chain: Chain) -> None:
    block, usdc = chain.block(), chain.world.tokens["USDC"].address
    with pytest.raises(PowerUnreadable, match="getPastVotes"):
        powers(chain, block, Erc20Votes(Erc20VotesSettings(token=usdc, decimals=6)))
    with pytest.raises(InvalidPowerSource, match="decimals"):
        powers(chain, block, Balance(BalanceSettings(token=usdc, decimals=18)))
    with pytest.raises(InvalidPowerSource, match="decimals"):
        powers(chain, block, Balance(BalanceSettings(token=ANN, decimals=18)))


def test_the_doctor_sees_whether_a_node_keeps_old_states(chain: Chain) -> None:
    old = chain.block()
    chain.anvil.mine(3)
    chain.read(old, [keeps_state(chain.world.multicall3, old)])
    liar = Block(old.chain_id, old.number, old.hash, old.timestamp + 1)
    with pytest.raises(PowerUnreadable, match="does not answer from block"):
        chain.read(old, [keeps_state(chain.world.multicall3, liar)])
    first = chain.block("0x1")
    with pytest.raises(DaoBotError):
        chain.read(first, [keeps_state(chain.world.multicall3, first)])
