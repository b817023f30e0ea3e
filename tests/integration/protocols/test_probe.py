"""The token probe on tokens that keep to the standard, and on those that do not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from dao_bot.devnet.accounts import DEPLOYER
from dao_bot.devnet.scenarios import deploy_token, give, token_artifact
from dao_bot.devnet.transactions import send
from dao_bot.domain.addresses import Address
from dao_bot.domain.tokens import Token
from dao_bot.protocols.probe import TokenProbe, TokenVerdict, probe_token

if TYPE_CHECKING:
    from dao_bot.devnet import RunningWorld, World

HELD = 1_000_003


class Deployed:
    """An odd token that the Safe holds."""

    def __init__(self, running: RunningWorld, chain: Any, kind: str, **options: Any) -> None:
        self.running, self.chain = running, chain
        self.info = deploy_token(running.anvil, kind, symbol="ODD", decimals=6, **options)
        self.token = Token(chain.treasury.chain_id, self.info.address, "ODD", 6)
        give(running, self.info, chain.treasury.safe, HELD)

    def owner_calls(self, function: str, *arguments: Any) -> None:
        artifact = token_artifact(self.running, self.info)
        send(self.running.anvil, DEPLOYER.address, self.info.address, artifact, function, *arguments)

    def probe(self, *holders: Address) -> TokenProbe:
        return probe_token(self.chain.endpoint, self.chain.block(), self.token, self.chain.treasury.safe, holders)


def test_a_plain_token_is_tradable_without_notes(running_world: RunningWorld, chain: Any) -> None:
    probe = Deployed(running_world, chain, "Token").probe()
    assert (probe.verdict, probe.reasons, probe.notes) == (TokenVerdict.TRADABLE, (), ())
    assert not probe.needs_zero_first


def test_a_token_without_return_values_is_tradable_and_wants_allowances_from_zero(
    running_world: RunningWorld, chain: Any
) -> None:
    probe = Deployed(running_world, chain, "LegacyToken").probe()
    assert probe.verdict is TokenVerdict.TRADABLE
    assert probe.needs_zero_first
    assert any("return nothing" in note for note in probe.notes)


def test_a_token_that_keeps_a_part_of_transfers_is_hold_only(running_world: RunningWorld, chain: Any) -> None:
    probe = Deployed(running_world, chain, "FeeToken", fee_bps=1).probe()
    assert probe.verdict is TokenVerdict.HOLD_ONLY
    assert any("leave" in reason and "arrive" in reason for reason in probe.reasons)


def test_a_rebasing_token_is_hold_only(running_world: RunningWorld, chain: Any) -> None:
    probe = Deployed(running_world, chain, "RebasingToken").probe()
    assert probe.verdict is TokenVerdict.HOLD_ONLY
    assert any("rebasing" in reason for reason in probe.reasons)


def test_a_guarded_token_is_tradable_with_notes_on_its_issuers_powers(running_world: RunningWorld, chain: Any) -> None:
    probe = Deployed(running_world, chain, "GuardedToken").probe()
    assert probe.verdict is TokenVerdict.TRADABLE
    assert any("pause" in note for note in probe.notes)
    assert any("block" in note for note in probe.notes)


def test_a_paused_token_is_hold_only_and_says_so(running_world: RunningWorld, chain: Any) -> None:
    odd = Deployed(running_world, chain, "GuardedToken")
    odd.owner_calls("pause")
    probe = odd.probe()
    assert probe.verdict is TokenVerdict.HOLD_ONLY
    assert "it is paused now" in probe.reasons
    assert any("Pausable: paused" in reason for reason in probe.reasons)


def test_a_token_that_blocks_the_safe_is_hold_only(running_world: RunningWorld, chain: Any) -> None:
    odd = Deployed(running_world, chain, "GuardedToken")
    odd.owner_calls("blacklist", chain.treasury.safe)
    probe = odd.probe(DEPLOYER.address)
    assert probe.verdict is TokenVerdict.HOLD_ONLY
    assert "the Safe is on its blacklist" in probe.reasons
    assert any("out of the Safe" in reason or "from a holder" in reason for reason in probe.reasons)


def test_a_token_that_only_a_pool_holds_is_tried_from_there(world: World, chain: Any) -> None:
    weth, nobody = chain.treasury.tokens["WETH"], Address("0x00000000000000000000000000000000000000D4")
    pool = world.pool("WETH", "USDC", 500)
    probe = probe_token(chain.endpoint, chain.block(), weth, nobody, [pool])
    assert (probe.verdict, probe.reasons) == (TokenVerdict.TRADABLE, ())
    alone = probe_token(chain.endpoint, chain.block(), weth, nobody)
    assert alone.verdict is TokenVerdict.HOLD_ONLY
    assert any("cannot be tried" in reason for reason in alone.reasons)


def test_an_address_without_code_is_hold_only(chain: Any, world: World) -> None:
    nothing = Token(world.chain_id, world.stranger, "NIL", 18)
    probe = probe_token(chain.endpoint, chain.block(), nothing, world.safe)
    assert probe.reasons == (f"there is no token at {world.stranger}",)


def test_the_probe_leaves_the_chain_as_it_was(running_world: RunningWorld, chain: Any) -> None:
    odd = Deployed(running_world, chain, "Token")
    before = chain.block()
    odd.probe()
    assert chain.block() == before


@pytest.mark.parametrize("symbol", ["USDC", "USDT", "DAI", "LUSD", "DAO"])
def test_every_token_of_the_demo_world_is_tradable(symbol: str, chain: Any, world: World) -> None:
    token = chain.treasury.tokens[symbol]
    probe = probe_token(chain.endpoint, chain.block(), token, world.safe)
    assert (probe.verdict, probe.reasons) == (TokenVerdict.TRADABLE, ())


def test_a_dust_balance_is_enough_to_try(running_world: RunningWorld, chain: Any) -> None:
    info = deploy_token(running_world.anvil, "Token", symbol="DST", decimals=0)
    give(running_world, info, chain.treasury.safe, 1)
    token = Token(chain.treasury.chain_id, info.address, "DST", 0)
    probe = probe_token(chain.endpoint, chain.block(), token, chain.treasury.safe)
    assert (probe.verdict, probe.reasons) == (TokenVerdict.TRADABLE, ())
