"""Whether a token can be burned, tried on tokens that can and on ones that cannot."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from dao_bot.devnet.scenarios import deploy_token, give
from dao_bot.domain.tokens import Token
from dao_bot.protocols.burn_check import burn_problem

if TYPE_CHECKING:
    from dao_bot.devnet import RunningWorld, World


def test_the_governance_token_can_be_burned_by_the_safe(chain: Any, world: World) -> None:
    dao = world.tokens["DAO"]
    token = Token(world.chain_id, dao.address, "DAO", dao.decimals)
    assert burn_problem(chain.endpoint, chain.block(), token, [world.safe]) is None


@pytest.mark.parametrize("kind", ["Token", "LegacyToken"])
def test_a_token_without_burn_says_so(running_world: RunningWorld, chain: Any, world: World, kind: str) -> None:
    info = deploy_token(running_world.anvil, kind, symbol="ODD")
    give(running_world, info, world.safe, 10)
    problem = burn_problem(chain.endpoint, chain.block(), Token(world.chain_id, info.address, "ODD", 18), [world.safe])
    assert problem is not None
    assert "burn(uint256) fails" in problem


def test_a_token_that_nobody_holds_cannot_be_tried(running_world: RunningWorld, chain: Any, world: World) -> None:
    info = deploy_token(running_world.anvil)
    problem = burn_problem(chain.endpoint, chain.block(), Token(world.chain_id, info.address, "TKN", 18), [world.safe])
    assert problem is not None
    assert "cannot be tried" in problem
