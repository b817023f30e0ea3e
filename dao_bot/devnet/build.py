"""Deploys the demo world: tokens, feeds, Uniswap v3 with liquidity, and a treasury that needs rebalancing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dao_bot.devnet.abi import encode_call, encode_creation
from dao_bot.devnet.accounts import (
    COMMUNITY,
    DEPLOYER,
    KEEPER,
    MARKET_MAKER,
    MODULE_SIGNER,
    OWNERS,
    REVENUE,
    STRANGER,
    named_account,
)
from dao_bot.devnet.anvil import CHAIN_ID, Anvil
from dao_bot.devnet.artifacts import Artifact, npm_artifact, own_artifact
from dao_bot.devnet.canonical import MULTICALL3, SAFE_CONTRACTS, deploy_canonical
from dao_bot.devnet.community import PEOPLE, REVENUE_PAID, endow
from dao_bot.devnet.roles import RolesContracts, deploy_roles
from dao_bot.devnet.safes import deploy_safe
from dao_bot.devnet.transactions import Transaction, send, transact_all
from dao_bot.devnet.uniswap import Depth, PoolSpec, Side, UniswapContracts, create_pools, swap_exact_input
from dao_bot.devnet.world import PoolKey, TokenInfo, World
from dao_bot.domain.addresses import ZERO_ADDRESS, Address, checksum

SAFE_VERSION = "1.4.1"
THRESHOLD = 2
PRICE_DECIMALS = 8
WETH_PRICE = 3_200_00000000


@dataclass(frozen=True, slots=True)
class TokenSpec:
    """A token to deploy: `price` in US dollars with 8 decimals, `holding` of the treasury today in whole tokens."""

    kind: str
    name: str
    decimals: int
    price: int
    holding: int


TOKENS: dict[str, TokenSpec] = {
    "USDC": TokenSpec("GuardedToken", "USD Coin", 6, 1_00000000, 300_000),
    "USDT": TokenSpec("LegacyToken", "Tether USD", 6, 99980000, 1_800_000),
    "DAI": TokenSpec("Token", "Dai Stablecoin", 18, 99990000, 150_000),
    "LUSD": TokenSpec("Token", "LUSD Stablecoin", 18, 1_00100000, 50_000),
    "DAO": TokenSpec("TokenERC20", "Demo DAO", 18, 2_50000000, 2_000_000),
}
TREASURY_WEI = 20 * 10**18
TREASURY_WETH = 60 * 10**18
DAO_SUPPLY = 100_000_000
STABLECOIN_SUPPLY = 10_000_000_000

POOLS: dict[PoolKey, tuple[Depth, ...]] = {
    ("USDC", "USDT", 100): (Depth(50, 12), Depth(1000, 4), Depth(None, 1)),
    ("USDC", "DAI", 100): (Depth(50, 8), Depth(1000, 3), Depth(None, 1)),
    ("USDC", "LUSD", 500): (Depth(50, 3), Depth(1000, 1), Depth(None, 0.5)),
    ("DAI", "USDT", 100): (Depth(50, 4), Depth(1000, 2), Depth(None, 0.5)),
    ("WETH", "USDC", 500): (Depth(600, 8), Depth(6000, 3), Depth(None, 1)),
    ("DAO", "WETH", 3000): (Depth(6000, 1), Depth(None, 2)),
}
_EXTRA_POOL = (Depth(50, 10), Depth(None, 1))
_OBSERVATIONS = 120
_EXTRA_OBSERVATIONS = 4

_MAX_UINT256 = 2**256 - 1
_WORKING_WEI = 10**6 * 10**18
_DEV_ACCOUNT_WEI = 10**4 * 10**18


def extra_symbol(number: int) -> str:
    """T001, T002, …: the stablecoins of a world with `extra_tokens`."""
    return f"T{number:03d}"


def price_side(symbol: str, token: TokenInfo, specs: Mapping[str, TokenSpec] = TOKENS) -> Side:
    """A token as a side of a pool at the price that the world begins with."""
    price = WETH_PRICE if symbol == "WETH" else specs[symbol].price
    return Side(token.address, 10**6 * 10 ** (token.decimals + PRICE_DECIMALS) // price)


class WorldBuilder:
    """Builds once, on an empty chain. Addresses depend on names alone, so they survive changes of this file."""

    def __init__(self, anvil: Anvil, packages: Path, extra_tokens: int) -> None:
        self._anvil = anvil
        self._packages = packages
        self._extra = {
            extra_symbol(number): TokenSpec(
                "Token", f"Stablecoin {number}", 18 if number % 2 else 6, 1_00000000, 50_000
            )
            for number in range(1, extra_tokens + 1)
        }
        self._specs = {**TOKENS, **self._extra}
        self._tokens: dict[str, TokenInfo] = {}

    def build(self) -> World:
        """Deploy everything, and let an hour pass, so that time-weighted prices exist."""
        self._anvil.rpc("anvil_autoImpersonateAccount", True)
        self._anvil.rpc("anvil_setBalance", DEPLOYER.address, hex(_WORKING_WEI))
        deploy_canonical(self._anvil, self._packages)
        uniswap = self._deploy_uniswap()
        self._deploy_tokens(uniswap.weth)
        feeds = self._deploy_feeds()
        self._fund_deployer(uniswap)
        pools = self._create_pools(uniswap)
        self._let_prices_settle(uniswap)
        safe = self._deploy_treasury()
        staking = self._deploy_named("Staking", own_artifact("Staking"), self._tokens["DAO"].address)
        self._settle_community(uniswap, staking)
        roles = deploy_roles(self._anvil, self._packages, safe)
        self._anvil.rpc("anvil_setBalance", MODULE_SIGNER.address, hex(_DEV_ACCOUNT_WEI))
        self._anvil.rpc("anvil_setBalance", DEPLOYER.address, hex(_DEV_ACCOUNT_WEI))
        self._anvil.rpc("anvil_autoImpersonateAccount", False)
        return self._world(uniswap, feeds, pools, safe, staking, roles)

    def _deploy_uniswap(self) -> UniswapContracts:
        weth = self._deploy_named("WETH9", self._npm("WETH9"))
        factory = self._deploy_named("UniswapV3Factory", self._npm("UniswapV3Factory"))
        manager = self._deploy_named(
            "NonfungiblePositionManager", self._npm("NonfungiblePositionManager"), factory, weth, ZERO_ADDRESS
        )
        router = self._deploy_named("SwapRouter02", self._npm("SwapRouter02"), ZERO_ADDRESS, factory, manager, weth)
        quoter = self._deploy_named("QuoterV2", self._npm("QuoterV2"), factory, weth)
        owner = named_account("UniswapV3Factory")
        send(self._anvil, owner, factory, self._npm("UniswapV3Factory"), "enableFeeAmount", 100, 1)
        return UniswapContracts(factory, manager, router, quoter, weth)

    def _deploy_tokens(self, weth: Address) -> None:
        plain = {symbol: spec for symbol, spec in self._specs.items() if spec.kind != "TokenERC20"}
        creations = {
            symbol: encode_creation(own_artifact(spec.kind), spec.name, symbol, spec.decimals, DEPLOYER.address)
            for symbol, spec in plain.items()
        }
        for symbol, address in self._create_named(creations).items():
            self._tokens[symbol] = TokenInfo(address, plain[symbol].decimals, plain[symbol].kind)
        self._tokens["DAO"] = TokenInfo(self._deploy_dao_token(), TOKENS["DAO"].decimals, "TokenERC20")
        self._tokens["WETH"] = TokenInfo(weth, 18, "WETH9")

    def _deploy_dao_token(self) -> Address:
        artifact = self._npm("TokenERC20")
        implementation = self._deploy_named("TokenERC20", artifact)
        # EIP-1167, as thirdweb's own factory does: the implementation itself cannot be initialised.
        code = f"0x3d602d80600a3d3981f3363d3d373d3d3d363d73{implementation[2:].lower()}5af43d82803e903d91602b57fd5bf3"
        token = self._create_named({"DAO": code})["DAO"]
        name = TOKENS["DAO"].name
        admin = DEPLOYER.address
        send(self._anvil, admin, token, artifact, "initialize", admin, name, "DAO", "", [], admin, admin, 0)
        return token

    def _deploy_feeds(self) -> dict[str, Address]:
        prices = {symbol: spec.price for symbol, spec in self._specs.items()} | {"WETH": WETH_PRICE}
        feed = own_artifact("PriceFeed")
        created = self._create_named(
            {
                f"{symbol} feed": encode_creation(feed, f"{symbol} / USD", price, DEPLOYER.address)
                for symbol, price in prices.items()
            }
        )
        feeds = {name.removesuffix(" feed"): address for name, address in created.items()}
        return {**feeds, "ETH": feeds["WETH"]}

    def _fund_deployer(self, uniswap: UniswapContracts) -> None:
        deployer = DEPLOYER.address
        transactions = [Transaction(deployer, uniswap.weth, value=_WORKING_WEI // 2)]
        for symbol, token in self._tokens.items():
            artifact = self._artifact(token.kind)
            if symbol != "WETH":
                mint = "mintTo" if token.kind == "TokenERC20" else "mint"
                supply = (DAO_SUPPLY if symbol == "DAO" else STABLECOIN_SUPPLY) * 10**token.decimals
                transactions.append(Transaction(deployer, token.address, encode_call(artifact, mint, deployer, supply)))
            transactions.extend(
                Transaction(deployer, token.address, encode_call(artifact, "approve", spender, _MAX_UINT256))
                for spender in (uniswap.position_manager, uniswap.router)
            )
        transact_all(self._anvil, transactions)

    def _create_pools(self, uniswap: UniswapContracts) -> dict[PoolKey, Address]:
        wanted = {**POOLS, **{("USDC", symbol, 100): _EXTRA_POOL for symbol in self._extra}}
        specs = [
            PoolSpec(
                (self._side(one), self._side(other)),
                fee,
                depths,
                _OBSERVATIONS if (one, other, fee) in POOLS else _EXTRA_OBSERVATIONS,
            )
            for (one, other, fee), depths in wanted.items()
        ]
        addresses = create_pools(self._anvil, self._packages, uniswap, DEPLOYER.address, specs)
        return dict(zip(wanted, addresses, strict=True))

    def _side(self, symbol: str) -> Side:
        return price_side(symbol, self._tokens[symbol], self._specs)

    def _let_prices_settle(self, uniswap: UniswapContracts) -> None:
        """Write a few observations an hour apart: without two, the first swap would erase all history."""
        keys = [*POOLS, *(("USDC", symbol, 100) for symbol in self._extra)]
        for sell_first in (True, False, True):
            self._anvil.advance(1800)
            swaps = []
            for one, other, fee in keys:
                sell, buy = (one, other) if sell_first else (other, one)
                amount = 10 ** self._tokens[sell].decimals
                swap = swap_exact_input(
                    self._packages,
                    uniswap,
                    DEPLOYER.address,
                    self._tokens[sell].address,
                    self._tokens[buy].address,
                    fee,
                    amount,
                )
                swaps.append(swap)
            transact_all(self._anvil, swaps)
        self._anvil.advance(1800)

    def _deploy_treasury(self) -> Address:
        safe = deploy_safe(
            self._anvil,
            self._packages,
            version=SAFE_VERSION,
            owners=[owner.address for owner in OWNERS],
            threshold=THRESHOLD,
        )
        transfers = [Transaction(DEPLOYER.address, safe, value=TREASURY_WEI)]
        for symbol, spec in self._specs.items():
            token = self._tokens[symbol]
            amount = (spec.holding - REVENUE_PAID.get(symbol, 0)) * 10**token.decimals
            data = encode_call(self._artifact(token.kind), "transfer", safe, amount)
            transfers.append(Transaction(DEPLOYER.address, token.address, data))
        weth = encode_call(self._npm("WETH9"), "transfer", safe, TREASURY_WETH)
        transfers.append(Transaction(DEPLOYER.address, self._tokens["WETH"].address, weth))
        transact_all(self._anvil, transfers)
        return safe

    def _settle_community(self, uniswap: UniswapContracts, staking: Address) -> None:
        self._anvil.batch([("anvil_setBalance", (person, hex(_DEV_ACCOUNT_WEI))) for person in PEOPLE])
        transact_all(self._anvil, endow(self._tokens, uniswap.router, staking))

    def _world(
        self,
        uniswap: UniswapContracts,
        feeds: dict[str, Address],
        pools: dict[PoolKey, Address],
        safe: Address,
        staking: Address,
        roles: RolesContracts,
    ) -> World:
        contracts = SAFE_CONTRACTS[SAFE_VERSION]
        return World(
            chain_id=CHAIN_ID,
            safe=safe,
            safe_version=SAFE_VERSION,
            threshold=THRESHOLD,
            owners=tuple(owner.address for owner in OWNERS),
            owner_keys=tuple(owner.key for owner in OWNERS),
            keeper=KEEPER.address,
            keeper_key=KEEPER.key,
            deployer=DEPLOYER.address,
            deployer_key=DEPLOYER.key,
            stranger=STRANGER.address,
            stranger_key=STRANGER.key,
            community=COMMUNITY,
            market_maker=MARKET_MAKER,
            revenue=REVENUE,
            tokens=self._tokens,
            feeds=feeds,
            pools=pools,
            factory=uniswap.factory,
            position_manager=uniswap.position_manager,
            router=uniswap.router,
            quoter=uniswap.quoter,
            weth=uniswap.weth,
            multicall3=MULTICALL3,
            multi_send_call_only=contracts.multi_send_call_only,
            safe_singleton=contracts.singleton,
            proxy_factory=contracts.proxy_factory,
            fallback_handler=contracts.fallback_handler,
            simulate_tx_accessor=contracts.simulate_tx_accessor,
            staking=staking,
            roles=roles.module,
            roles_mastercopy=roles.mastercopy,
            multi_send_unwrapper=roles.unwrapper,
            position_owner_condition=roles.position_owner,
            module_signer=MODULE_SIGNER.address,
            module_signer_key=MODULE_SIGNER.key,
        )

    def _artifact(self, kind: str) -> Artifact:
        return self._npm(kind) if kind in ("WETH9", "TokenERC20") else own_artifact(kind)

    def _npm(self, name: str) -> Artifact:
        return npm_artifact(self._packages, name)

    def _deploy_named(self, name: str, artifact: Artifact, *arguments: Any) -> Address:
        return self._create_named({name: encode_creation(artifact, *arguments)})[name]

    def _create_named(self, creations: dict[str, str]) -> dict[str, Address]:
        """Each contract is the first one of an account that is named after it, whatever its code."""
        self._anvil.batch([("anvil_setBalance", (named_account(name), hex(10**18))) for name in creations])
        receipts = transact_all(
            self._anvil, [Transaction(named_account(name), None, creation) for name, creation in creations.items()]
        )
        return {name: checksum(receipt["contractAddress"]) for name, receipt in zip(creations, receipts, strict=True)}
