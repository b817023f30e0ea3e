"""A real pool on the local chain beside the same pool in integers: what is done to one is done to the other."""

from __future__ import annotations

import copy
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from dao_bot.devnet.abi import encode_call
from dao_bot.devnet.accounts import DEPLOYER, STRANGER
from dao_bot.devnet.artifacts import npm_artifact, own_artifact
from dao_bot.devnet.scenarios import deploy_token, give
from dao_bot.devnet.transactions import Read, Transaction, read, read_all, send, transact_all
from dao_bot.domain.addresses import Address
from dao_bot.domain.concentrated import Pair, earned, liquidity_of
from dao_bot.domain.concentrated_pool import ConcentratedPool
from dao_bot.domain.hashing import keccak
from dao_bot.domain.ticks import sqrt_ratio_at_tick

if TYPE_CHECKING:
    from dao_bot.devnet import RunningWorld

_PLENTY = 10**45
_FOREVER = 2**40
_ALL = 2**128 - 1


Range = tuple[int, int]
"""Lower and upper tick."""


@dataclass
class Noted:
    """What the position manager notes of one position: its pool position is shared by all of that range."""

    token_id: int
    liquidity: int = 0
    growth: Pair = (0, 0)
    owed: Pair = (0, 0)


@dataclass
class Model:
    """The pool in integers, and the position manager's notes."""

    pool: ConcentratedPool
    noted: dict[Range, Noted] = field(default_factory=dict)


class PoolPair:
    """Two new tokens, their pool, and its model."""

    def __init__(self, running: RunningWorld, fee: int, spacing: int, sqrt_price: int) -> None:
        self.running, self.anvil, self.world, self.fee = running, running.anvil, running.world, fee
        self.manager, self.pool_artifact, self.router = (
            npm_artifact(running.toolchain.packages, name)
            for name in ("NonfungiblePositionManager", "UniswapV3Pool", "SwapRouter02")
        )
        self.token0, self.token1 = self._tokens()
        arguments = (self.token0, self.token1, fee, sqrt_price)
        self._manage("createAndInitializePoolIfNecessary", *arguments)
        factory = npm_artifact(running.toolchain.packages, "UniswapV3Factory")
        self.pool: Address = read(self.anvil, self.world.factory, factory, "getPool", self.token0, self.token1, fee)
        self.model = Model(ConcentratedPool(fee, spacing, sqrt_price))
        self._saved: tuple[str, Model] | None = None

    def save(self) -> None:
        """Remember both as they are now, for one `restore`."""
        self._saved = (self.anvil.snapshot(), copy.deepcopy(self.model))

    def restore(self) -> None:
        """Both as they were saved."""
        assert self._saved is not None
        snapshot, self.model = self._saved
        self.anvil.revert(snapshot)

    def _tokens(self) -> list[Address]:
        token = own_artifact("Token")
        places = []
        for symbol in ("AAA", "BBB"):
            info = deploy_token(self.anvil, symbol=symbol)
            for account in (DEPLOYER.address, STRANGER.address):
                give(self.running, info, account, _PLENTY)
                transact_all(
                    self.anvil,
                    [
                        Transaction(account, info.address, encode_call(token, "approve", spender, _PLENTY))
                        for spender in (self.world.position_manager, self.world.router)
                    ],
                )
            places.append(info.address)
        return sorted(places, key=lambda place: int(place, 16))

    def _manage(self, function: str, *arguments: Any) -> dict[str, Any]:
        return send(self.anvil, DEPLOYER.address, self.world.position_manager, self.manager, function, *arguments)

    def _state(self, function: str, *arguments: Any) -> Any:
        return read(self.anvil, self.pool, self.pool_artifact, function, *arguments)

    def balances(self) -> Pair:
        """What the real pool holds."""
        token = own_artifact("Token")
        held = read_all(
            self.anvil, [Read(each, token, "balanceOf", (self.pool,)) for each in (self.token0, self.token1)]
        )
        return held[0], held[1]

    def add(self, place: Range, amounts: Pair) -> None:
        """Mint a position of that range, or increase it."""
        liquidity = liquidity_of(self.model.pool.sqrt_price, *_ratios(place), amounts)
        if liquidity == 0:
            return
        before = self.balances()
        noted = self.model.noted.get(place)
        if noted is None:
            order = (self.token0, self.token1, self.fee, *place, *amounts, 0, 0, DEPLOYER.address, _FOREVER)
            minted = _minted(self._manage("mint", order), self.world.position_manager)
            noted = self.model.noted[place] = Noted(minted)
        else:
            self._manage("increaseLiquidity", (noted.token_id, *amounts, 0, 0, _FOREVER))
        paid = self.model.pool.mint("manager", *place, liquidity)
        assert paid == _difference(before, self.balances())
        self._note(place, liquidity, (0, 0))

    def remove(self, place: Range, liquidity: int) -> None:
        """Decrease the position of that range."""
        self._manage("decreaseLiquidity", (self.model.noted[place].token_id, liquidity, 0, 0, _FOREVER))
        burnt = self.model.pool.burn("manager", *place, liquidity)
        self._note(place, -liquidity, burnt)

    def collect(self, place: Range) -> Pair:
        """Collect all that is owed to the position of that range; what the real pool paid."""
        noted = self.model.noted[place]
        before = self.balances()
        self._manage("collect", (noted.token_id, DEPLOYER.address, _ALL, _ALL))
        paid = _difference(self.balances(), before)
        if noted.liquidity:
            self.model.pool.burn("manager", *place, 0)
            self._note(place, 0, (0, 0))
        noted.owed = (0, 0)
        assert paid == self.model.pool.collect("manager", *place)
        return paid

    def _note(self, place: Range, delta: int, burnt: Pair) -> None:
        noted = self.model.noted[place]
        growth = self.model.pool.position("manager", *place).growth
        fees = earned(noted.liquidity, noted.growth, growth)
        noted.owed = (noted.owed[0] + fees[0] + burnt[0], noted.owed[1] + fees[1] + burnt[1])
        noted.growth = growth
        noted.liquidity += delta

    def swap(self, *, sell0: bool, amount: int, limit: int | None = None) -> None:
        """A stranger swaps; the balances of both pools change alike."""
        tokens = (self.token0, self.token1) if sell0 else (self.token1, self.token0)
        name, bound = ("exactInputSingle", 0) if amount > 0 else ("exactOutputSingle", _PLENTY)
        before = self.balances()
        order = (*tokens, self.fee, STRANGER.address, abs(amount), bound, limit or 0)
        send(self.anvil, STRANGER.address, self.world.router, self.router, name, order)
        assert self.model.pool.swap(sell0=sell0, amount=amount, limit=limit) == _difference(before, self.balances())

    def check(self) -> None:
        """Everything that both know is equal to the last unit."""
        model = self.model.pool
        price, tick, *_ = self._state("slot0")
        assert (price, tick) == (model.sqrt_price, model.tick)
        assert self._state("liquidity") == model.liquidity
        assert (self._state("feeGrowthGlobal0X128"), self._state("feeGrowthGlobal1X128")) == model.growth
        for at, state in model.ticks.items():
            gross, net, outside0, outside1, *_ = self._state("ticks", at)
            assert (gross, net, (outside0, outside1)) == (state.gross, state.net, state.outside)
        for place, noted in self.model.noted.items():
            held = model.position("manager", *place)
            liquidity, inside0, inside1, owed0, owed1 = self._state("positions", self._key(place))
            assert (liquidity, (inside0, inside1), (owed0, owed1)) == (held.liquidity, held.growth, held.owed)
            told = read(self.anvil, self.world.position_manager, self.manager, "positions", noted.token_id)
            assert (told[7], (told[8], told[9]), (told[10], told[11])) == (noted.liquidity, noted.growth, noted.owed)

    def _key(self, place: Range) -> bytes:
        """Under which the pool keeps what the position manager provides in a range."""
        packed = bytes.fromhex(self.world.position_manager[2:])
        return keccak(packed + b"".join(tick.to_bytes(3, "big", signed=True) for tick in place))


def _ratios(place: Range) -> Pair:
    return sqrt_ratio_at_tick(place[0]), sqrt_ratio_at_tick(place[1])


def _difference(before: Pair, after: Pair) -> Pair:
    return after[0] - before[0], after[1] - before[1]


def _minted(receipt: dict[str, Any], manager: str) -> int:
    transfer = "0x" + keccak(b"Transfer(address,address,uint256)").hex()
    logs = [log for log in receipt["logs"] if log["topics"][0] == transfer]
    return next(int(log["topics"][3], 16) for log in logs if log["address"].lower() == manager.lower())
