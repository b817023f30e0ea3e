"""The odd tokens behave as the real ones that they stand for."""

from __future__ import annotations

import pytest

from dao_bot.devnet import Anvil, World
from dao_bot.devnet.abi import encode_call
from dao_bot.devnet.artifacts import own_artifact
from dao_bot.devnet.errors import DevnetError
from dao_bot.devnet.scenarios import balance_of, deploy_token
from dao_bot.devnet.transactions import send


def test_a_legacy_token_returns_nothing_and_wants_zero_before_a_new_allowance(anvil: Anvil, world: World) -> None:
    token, artifact = deploy_token(anvil, "LegacyToken", decimals=6), own_artifact("LegacyToken")
    send(anvil, world.deployer, token.address, artifact, "mint", world.stranger, 100)
    transfer = {
        "from": world.stranger,
        "to": token.address,
        "data": encode_call(artifact, "transfer", world.keeper, 1),
    }
    assert anvil.rpc("eth_call", transfer, "latest") == "0x"
    send(anvil, world.stranger, token.address, artifact, "approve", world.keeper, 5)
    with pytest.raises(DevnetError, match="zero first"):
        send(anvil, world.stranger, token.address, artifact, "approve", world.keeper, 6)
    send(anvil, world.stranger, token.address, artifact, "approve", world.keeper, 0)
    send(anvil, world.stranger, token.address, artifact, "approve", world.keeper, 6)


def test_a_fee_token_delivers_less_than_was_sent(anvil: Anvil, world: World) -> None:
    token, artifact = deploy_token(anvil, "FeeToken", fee_bps=250), own_artifact("FeeToken")
    send(anvil, world.deployer, token.address, artifact, "mint", world.stranger, 10_000)
    send(anvil, world.stranger, token.address, artifact, "transfer", world.keeper, 10_000)
    assert balance_of(anvil, token.address, world.keeper) == 9_750


def test_a_rebasing_token_changes_balances_without_a_transfer(anvil: Anvil, world: World) -> None:
    token, artifact = deploy_token(anvil, "RebasingToken"), own_artifact("RebasingToken")
    send(anvil, world.deployer, token.address, artifact, "mint", world.stranger, 1_000)
    send(anvil, world.deployer, token.address, artifact, "rebase", 2 * 10**18)
    assert balance_of(anvil, token.address, world.stranger) == 2_000


def test_a_guarded_token_can_be_paused_and_holders_blacklisted(anvil: Anvil, world: World) -> None:
    token, artifact = deploy_token(anvil, "GuardedToken", decimals=6), own_artifact("GuardedToken")
    send(anvil, world.deployer, token.address, artifact, "mint", world.stranger, 100)
    send(anvil, world.deployer, token.address, artifact, "blacklist", world.keeper)
    with pytest.raises(DevnetError, match="blacklisted"):
        send(anvil, world.stranger, token.address, artifact, "transfer", world.keeper, 1)
    send(anvil, world.deployer, token.address, artifact, "unBlacklist", world.keeper)
    send(anvil, world.deployer, token.address, artifact, "pause")
    with pytest.raises(DevnetError, match="paused"):
        send(anvil, world.stranger, token.address, artifact, "transfer", world.keeper, 1)
    send(anvil, world.deployer, token.address, artifact, "unpause")
    send(anvil, world.stranger, token.address, artifact, "transfer", world.keeper, 1)


def test_only_the_owner_mints(anvil: Anvil, world: World) -> None:
    token = deploy_token(anvil)
    with pytest.raises(DevnetError, match="not the owner"):
        send(anvil, world.stranger, token.address, own_artifact("Token"), "mint", world.stranger, 1)
