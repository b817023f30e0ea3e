"""From a decision to a batch, and from a batch to what it did: encoded, tried, held to the policy, executed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, get_args

from dao_bot.backtest.backtest import Backtest, Player
from dao_bot.backtest.execution import GAS_OF_A_BATCH, Fill, LiquidityFill, Scratch, execute
from dao_bot.backtest.governed import Held, facts_of
from dao_bot.backtest.result import Deed
from dao_bot.backtest.seeing import block_at, see
from dao_bot.backtest.treasury import Batch, Least
from dao_bot.backtest.world import World
from dao_bot.chain.provider import Provider
from dao_bot.domain.decisions import Decision
from dao_bot.domain.errors import DaoBotError, Refused
from dao_bot.domain.needs import Need, PoolPrices, Prices
from dao_bot.domain.operations import Operation, Swap
from dao_bot.domain.prices import TokenPrice
from dao_bot.domain.runs import Block, RunId
from dao_bot.domain.tokens import Token, usd_value
from dao_bot.protocols.port import EncodeContext
from dao_bot.protocols.uniswap_v3.encode import minimum_output
from dao_bot.protocols.uniswap_v3.position_calls import PositionOperation, least_amounts


class Office:
    """Makes batches and carries them out, on one simulated treasury."""

    def __init__(self, test: Backtest, world: World, providers: Mapping[type[Need[Any]], Provider]) -> None:
        self._test = test
        self._world = world
        self._providers = providers
        self._batches = 0

    def propose(
        self, player: Player, run: RunId, decision: Decision, seen: Mapping[Need[Any], Any], block: Block
    ) -> Batch:
        """The batch of a decision; from now on it is open.

        Raises:
            Refused: an encoder, the market or the policy does not take it.
            DaoBotError: it makes no sense.
        """
        test = self._test
        prices = self._prices(seen, run, block)
        valid_until = block.timestamp + player.valid_for
        context = EncodeContext(
            test.facts, block, prices, test.slippage.usual, valid_until, exits=test.slippage.exits(prices)
        )
        least = tuple(_least(operation, context) for operation in decision.operations)
        decoded = () if test.governed is None else test.governed.encode(decision.operations, context)
        scratch = self._scratch()
        execute(decision.operations, least, scratch, test.executors)
        held = self._world.treasury.units
        spends = {token: units - scratch.units[token] for token, units in held.items() if scratch.units[token] < units}
        batch = Batch(
            number=self._batches + 1,
            strategy=player.name,
            decided_at=block.timestamp,
            executes_at=block.timestamp + test.delay,
            valid_until=valid_until,
            operations=decision.operations,
            least=least,
            spends=spends,
            usd={token: usd_value(token.amount(units), prices[token].require()) for token, units in spends.items()},
            urgent=decision.urgent,
            decoded=decoded,
        )
        self._judge(batch, block, scratch, prices, run)
        self._batches += 1
        self._world.treasury.open.append(batch)
        return batch

    def carry_out(self, batch: Batch, now: int) -> Deed:
        """Execute an open batch as the keeper does: tried and judged again first, and given up when it fails.

        A keeper sends nothing that fails when it is tried, so a batch that is given up costs no gas.
        """
        world = self._world
        world.treasury.open.remove(batch)
        if now > batch.valid_until:
            return Deed(batch, now, failure="Its deadline had passed.")
        run, block = RunId(batch.strategy, batch.decided_at), block_at(self._test.facts, now)
        scratch = self._scratch()
        try:
            done = execute(batch.operations, batch.least, scratch, self._test.executors)
            if self._test.governed is not None:
                self._judge(batch, block, scratch, self._prices({}, run, block), run)
        except DaoBotError as error:
            return Deed(batch, now, failure=str(error))
        world.treasury.units.update(scratch.units)
        world.treasury.marks.update(scratch.marks)
        world.treasury.burned.update(scratch.burned)
        world.treasury.own = scratch.own
        world.treasury.settle(batch, now)
        gas = world.market.gas_cost(GAS_OF_A_BATCH + sum(each.gas for each in done), world.moment)
        fills = tuple(each for each in done if isinstance(each, Fill))
        changes = tuple(each for each in done if isinstance(each, LiquidityFill))
        for change in changes:
            scratch.own.pool_of(change.token_id).note(now)
        return Deed(batch, now, fills, gas, changes=changes)

    def _scratch(self) -> Scratch:
        world, held = self._world, self._world.treasury
        return Scratch(
            dict(held.units), dict(held.marks), dict(held.burned), world.market, world.moment, held.own.twin()
        )

    def _prices(self, seen: Mapping[Need[Any], Any], run: RunId, block: Block) -> Mapping[Token, TokenPrice]:
        if Prices() not in seen:
            _, seen = see((Prices(),), self._providers, self._test.facts, run, block.timestamp)
        prices: Mapping[Token, TokenPrice] = seen[Prices()]
        return prices

    def _judge(
        self, batch: Batch, block: Block, after: Scratch, prices: Mapping[Token, TokenPrice], run: RunId
    ) -> None:
        """Raises `Refused` with every rule that the batch breaks."""
        governed = self._test.governed
        if governed is None:
            return
        world, facts = self._world, self._test.facts
        _, seen = see((PoolPrices(),), self._providers, facts, run, block.timestamp)
        policy_facts = facts_of(
            governed,
            facts,
            block,
            batch.decoded,
            batch.valid_until,
            Held(dict(world.treasury.units), world.treasury.own.positions()),
            Held(after.units, after.own.positions()),
            prices,
            seen[PoolPrices()],
            world.treasury.moves(block.timestamp - governed.longest_window),
        )
        broken = governed.judge(policy_facts).violations
        if broken:
            raise Refused("; ".join(f"{report.rule}: {report.message}" for report in broken))


def _least(operation: Operation, context: EncodeContext) -> Least:
    """The minimums that stand in the bytes of a swap or of a position's change; other operations return nothing."""
    if isinstance(operation, get_args(PositionOperation)):
        return least_amounts(operation, context)
    return minimum_output(operation, context) if isinstance(operation, Swap) else 0
