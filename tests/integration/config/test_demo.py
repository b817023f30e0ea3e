"""The demo's configuration names what really stands on the local chain."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from dao_bot.config.load import load_config
from dao_bot.engine.routes.module import ModuleSettings

if TYPE_CHECKING:
    from dao_bot.devnet import World

ROOT = Path(__file__).resolve().parents[3]


def test_demo_names_the_contracts_of_the_demo_world(world: World) -> None:
    config = load_config(ROOT / "strategies.yaml")
    assert config.treasury.chain.id == world.chain_id
    assert config.treasury.safe == world.safe
    assert config.treasury.chain.multicall3 == world.multicall3
    for symbol, token in config.treasury.tokens.items():
        assert (token.address, token.decimals) == (world.tokens[symbol].address, world.tokens[symbol].decimals)
    uniswap = config.protocols["uniswap_v3"].settings.model_dump()
    assert (uniswap["factory"], uniswap["router"], uniswap["quoter"]) == (world.factory, world.router, world.quoter)
    for pool in uniswap["pools"]:
        one, other = pool["tokens"]
        assert world.pool(one, other, pool["fee"])
    module = config.routes["module"].settings
    assert isinstance(module, ModuleSettings)
    assert (module.roles, module.mastercopy, module.signer, module.unwrapper) == (
        world.roles,
        world.roles_mastercopy,
        world.module_signer,
        world.multi_send_unwrapper,
    )
    for symbol, sources in config.price_sources.items():
        assert sources[0].settings.model_dump()["feed"] == world.feeds[symbol]
