"""The demo world as voters see it: wallets with tokens, blocks, and plans run at them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from dao_bot.chain.pinned import parse_block
from dao_bot.chain.plan import Plan
from dao_bot.chain.reads import run_plans
from dao_bot.chain.rpc import Endpoint
from dao_bot.devnet.abi import encode_call
from dao_bot.devnet.accounts import DEPLOYER
from dao_bot.devnet.artifacts import Artifact, npm_artifact, own_artifact
from dao_bot.devnet.transactions import Transaction, transact_all
from dao_bot.domain.runs import Block
from tests.integration.engine.kit import KEEPER_VARIABLE
from tests.integration.governance.town import Opened, Town, open_town

if TYPE_CHECKING:
    from dao_bot.devnet import Anvil, Toolchain, World


@dataclass(frozen=True)
class Chain:
    """The local chain; every transaction gets a block of its own unless told otherwise."""

    anvil: Anvil
    world: World
    token_artifact: Artifact
    endpoint: Endpoint

    def block(self, which: str = "latest") -> Block:
        return parse_block(self.endpoint.request("eth_getBlockByNumber", which, False), self.world.chain_id, "anvil")

    def read(self, block: Block, plans: Sequence[Plan[Any]]) -> list[Any]:
        return run_plans(self.endpoint, block, self.world.multicall3, plans)[0]

    def run(self, plan: Plan[Any]) -> Any:
        return self.read(self.block(), [plan])[0]

    def token(self, sender: str, function: str, *arguments: object) -> Transaction:
        """A call of the DAO's token."""
        to = self.world.tokens["DAO"].address
        return Transaction(sender, to, encode_call(self.token_artifact, function, *arguments))

    def staking(self, sender: str, function: str, *arguments: object) -> Transaction:
        return Transaction(sender, self.world.staking, encode_call(own_artifact("Staking"), function, *arguments))

    def send(self, *transactions: Transaction) -> None:
        transact_all(self.anvil, transactions)

    def in_one_block(self, *transactions: Transaction) -> None:
        """All of them in one block, in this order."""
        nonces: dict[str, int] = {}
        hashes = []
        with self.anvil.mining_by_hand():
            for one in transactions:
                nonce = nonces.get(one.sender)
                if nonce is None:
                    nonce = int(self.anvil.rpc("eth_getTransactionCount", one.sender, "latest"), 16)
                nonces[one.sender] = nonce + 1
                # The price puts the transactions of different senders into their order.
                fee = hex(10**12 - 10**9 * sum(nonces.values()))
                fields = {**one.fields(), "gas": hex(1_000_000), "nonce": hex(nonce), "gasPrice": fee}
                hashes.append(self.anvil.rpc("eth_sendTransaction", fields))
            self.anvil.mine()
        receipts = [self.anvil.rpc("eth_getTransactionReceipt", digest) for digest in hashes]
        assert [receipt["status"] for receipt in receipts] == ["0x1"] * len(transactions)
        assert len({receipt["blockNumber"] for receipt in receipts}) == 1

    def fund(self, *wallets: str, whole: int) -> None:
        """Tokens from the deployer."""
        self.send(*(self.token(DEPLOYER.address, "transfer", wallet, whole * 10**18) for wallet in wallets))


@pytest.fixture
def chain(anvil: Anvil, world: World, toolchain: Toolchain) -> Chain:
    return Chain(anvil, world, npm_artifact(toolchain.packages, "TokenERC20"), Endpoint(anvil.url, "local"))


@pytest.fixture
def town(tmp_path: Path, world: World, anvil: Anvil, monkeypatch: pytest.MonkeyPatch) -> Iterator[Opened]:
    """Opens a treasury under a rule."""
    monkeypatch.setenv(KEEPER_VARIABLE, world.keeper_key)
    with ExitStack() as stack:

        def open_(rule: Mapping[str, Any], **options: Any) -> Town:
            return stack.enter_context(open_town(tmp_path, world, anvil, rule, **options))

        yield open_
