"""The demo world seen through the protocols: a treasury, and a reader of needs at the latest block."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import pytest

from dao_bot.chain.pinned import parse_block
from dao_bot.chain.provider import Provider, Treasury
from dao_bot.chain.reads import run_plans
from dao_bot.chain.rpc import Endpoint
from dao_bot.domain.addresses import ZERO_ADDRESS
from dao_bot.domain.runs import Block, RunId
from dao_bot.domain.tokens import Token
from dao_bot.engine.observe import observe
from dao_bot.market.feeds import ChainlinkFeed, ChainlinkSettings
from dao_bot.market.prices import PricesProvider
from dao_bot.protocols.erc20 import Erc20, Erc20Settings
from dao_bot.protocols.uniswap_v3.protocol import UniswapV3
from dao_bot.protocols.uniswap_v3.settings import UniswapV3Settings

if TYPE_CHECKING:
    from dao_bot.devnet import Anvil, World

RUN = RunId("test", 0)


class Chain:
    """Reads at the latest block, as the engine does; counts round trips."""

    def __init__(self, anvil: Anvil, treasury: Treasury) -> None:
        self.anvil = anvil
        self.treasury = treasury
        self.endpoint = Endpoint(anvil.url, "local")

    def block(self) -> Block:
        header = self.endpoint.request("eth_getBlockByNumber", "latest", False)
        return parse_block(header, self.treasury.chain_id, "anvil")

    def run(self, plan: Any) -> Any:
        return run_plans(self.endpoint, self.block(), self.treasury.multicall3, [plan])[0][0]

    def see(self, need: Any, providers: Sequence[Provider]) -> Any:
        block = self.block()
        by_need = {provider.need: provider for provider in providers}

        def read(plans: Sequence[Any]) -> list[Any]:
            return run_plans(self.endpoint, block, self.treasury.multicall3, plans)[0]

        seen, _ = observe([need], by_need, self.treasury, RUN, block, read)
        return seen[need]


@pytest.fixture
def treasury(world: World) -> Treasury:
    tokens = {
        symbol: Token(world.chain_id, token.address, symbol, token.decimals) for symbol, token in world.tokens.items()
    }
    native = Token(world.chain_id, ZERO_ADDRESS, "ETH", 18)
    return Treasury(world.chain_id, world.safe, tokens, native, world.multicall3)


@pytest.fixture
def chain(anvil: Anvil, treasury: Treasury) -> Chain:
    return Chain(anvil, treasury)


@pytest.fixture
def erc20(treasury: Treasury) -> Erc20:
    return Erc20(Erc20Settings(), treasury)


@pytest.fixture
def make_uniswap(world: World, treasury: Treasury) -> Callable[..., UniswapV3]:
    """Uniswap v3 on all pools of the world, with changed settings."""

    def make(**changes: Any) -> UniswapV3:
        pools = [{"tokens": [one, other], "fee": fee} for one, other, fee in world.pools]
        places = {"factory": world.factory, "router": world.router, "quoter": world.quoter}
        return UniswapV3(UniswapV3Settings.model_validate({**places, "pools": pools, **changes}), treasury)

    return make


@pytest.fixture
def uniswap(make_uniswap: Callable[..., UniswapV3]) -> UniswapV3:
    return make_uniswap()


@pytest.fixture
def feeds(world: World, treasury: Treasury) -> PricesProvider:
    """One feed for every token."""
    sources = {}
    for token in (*treasury.tokens.values(), treasury.native):
        settings = {"feed": world.feeds[token.symbol], "heartbeat": "1d", "min": "0.01 USD", "max": "100000 USD"}
        sources[token] = [ChainlinkFeed(ChainlinkSettings.model_validate(settings), token, treasury)]
    return PricesProvider(sources, treasury)
