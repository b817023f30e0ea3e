"""What tests and demos do to the world: set a price, move a pool, give, pay and stake tokens, deploy odd ones."""

from __future__ import annotations

from typing import Any

from dao_bot.devnet.abi import encode_call
from dao_bot.devnet.accounts import DEPLOYER, STRANGER
from dao_bot.devnet.anvil import Anvil
from dao_bot.devnet.artifacts import Artifact, npm_artifact, own_artifact
from dao_bot.devnet.running import RunningWorld
from dao_bot.devnet.transactions import Transaction, deploy, send, transact_all
from dao_bot.devnet.uniswap import UniswapContracts, swap_exact_input
from dao_bot.devnet.world import TokenInfo, World

_NPM_KINDS = ("WETH9", "TokenERC20")


def set_feed_price(anvil: Anvil, world: World, symbol: str, price_usd_1e8: int, updated_at: int | None = None) -> None:
    """Let a feed answer `price_usd_1e8` (US dollars, 8 decimals) as of `updated_at`, by default the latest block."""
    moment = anvil.timestamp() if updated_at is None else updated_at
    send(anvil, DEPLOYER.address, world.feeds[symbol], own_artifact("PriceFeed"), "set", price_usd_1e8, moment)


def deploy_token(
    anvil: Anvil, kind: str = "Token", *, symbol: str = "TKN", decimals: int = 18, fee_bps: int = 100
) -> TokenInfo:
    """A new token owned by the deployer, who may mint, with nothing minted.

    `kind` is "Token", "LegacyToken", "GuardedToken", "FeeToken" (keeps `fee_bps`) or "RebasingToken".
    """
    arguments: list[Any] = [f"Test {symbol}", symbol, decimals, DEPLOYER.address]
    if kind == "FeeToken":
        arguments.append(fee_bps)
    return TokenInfo(deploy(anvil, own_artifact(kind), *arguments), decimals, kind)


def token_artifact(running: RunningWorld, token: TokenInfo) -> Artifact:
    """ABI and bytecode of a token of this world."""
    if token.kind in _NPM_KINDS:
        return npm_artifact(running.toolchain.packages, token.kind)
    return own_artifact(token.kind)


def give(running: RunningWorld, token: TokenInfo, receiver: str, amount: int) -> None:
    """Create `amount` base units of a token for `receiver`."""
    artifact = token_artifact(running, token)
    anvil, deployer = running.anvil, DEPLOYER.address
    if token.kind == "WETH9":
        anvil.rpc("anvil_setBalance", deployer, hex(amount + 10**22))
        wrap = Transaction(deployer, token.address, value=amount)
        move = Transaction(deployer, token.address, encode_call(artifact, "transfer", receiver, amount))
        transact_all(anvil, [wrap, move])
    else:
        mint = "mintTo" if token.kind == "TokenERC20" else "mint"
        send(anvil, deployer, token.address, artifact, mint, receiver, amount)


def swap_as_stranger(running: RunningWorld, sell: str, buy: str, fee: int, amount: int) -> None:
    """Somebody sells `amount` base units of `sell` into a pool of this world and so moves its price."""
    world, anvil = running.world, running.anvil
    token = world.tokens[sell]
    give(running, token, STRANGER.address, amount)
    uniswap = UniswapContracts(world.factory, world.position_manager, world.router, world.quoter, world.weth)
    approve = encode_call(token_artifact(running, token), "approve", world.router, amount)
    packages = running.toolchain.packages
    swap = swap_exact_input(packages, uniswap, STRANGER.address, token.address, world.tokens[buy].address, fee, amount)
    transact_all(anvil, [Transaction(STRANGER.address, token.address, approve), swap])


def act(running: RunningWorld, sender: str, contract: str, artifact: str, function: str, *arguments: Any) -> None:
    """Anybody, also an account without a key, calls a function of a contract of this project."""
    anvil = running.anvil
    anvil.rpc("anvil_setBalance", sender, hex(10**20))
    anvil.rpc("anvil_impersonateAccount", sender)
    send(anvil, sender, contract, own_artifact(artifact), function, *arguments)
    anvil.rpc("anvil_stopImpersonatingAccount", sender)


def pay_revenue(running: RunningWorld, symbol: str, amount: int) -> None:
    """The world's `revenue` account pays `amount` base units of a token to the Safe."""
    token = running.world.tokens[symbol]
    give(running, token, running.world.revenue, amount)
    act(running, running.world.revenue, token.address, "Token", "transfer", running.world.safe, amount)


def stake(running: RunningWorld, staker: str, work: int, amount: int) -> None:
    """Somebody stakes base units of the DAO's token, which they are given for it, on a registered work."""
    token, staking = running.world.tokens["DAO"], running.world.staking
    give(running, token, staker, amount)
    act(running, staker, token.address, "Token", "approve", staking, amount)
    act(running, staker, staking, "Staking", "stake", work, amount)


def unstake(running: RunningWorld, staker: str, work: int, amount: int) -> None:
    """Somebody takes a stake back."""
    act(running, staker, running.world.staking, "Staking", "unstake", work, amount)


def balance_of(anvil: Anvil, token: str, holder: str) -> int:
    """A holder's base units of an ERC-20."""
    data = encode_call(own_artifact("Token"), "balanceOf", holder)
    return int(anvil.rpc("eth_call", {"to": token, "data": data}, "latest"), 16)
