"""The loop: at each moment open batches are executed, then whoever is due decides, in the order of the config."""

from __future__ import annotations

import heapq
import json
from collections.abc import Callable, Iterator

from dao_bot.backtest.backtest import Backtest, Player
from dao_bot.backtest.clock import Fire, first_fire, next_fire
from dao_bot.backtest.feeds import MarketPrices
from dao_bot.backtest.office import Office
from dao_bot.backtest.own_liquidity import own_liquidity
from dao_bot.backtest.result import Deed, Ending, Provided, Result, Step, Visit
from dao_bot.backtest.seeing import providers_of, see
from dao_bot.backtest.treasury import Treasury
from dao_bot.backtest.world import World
from dao_bot.domain.decisions import Decision, Memory
from dao_bot.domain.errors import BadInput, DaoBotError, PluginFailed, Refused, Reverted
from dao_bot.domain.hashing import canonical_json
from dao_bot.strategy import Observation


def run(backtest: Backtest, reached: Callable[[int], None] | None = None) -> Result:
    """Play the history once.

    Args:
        reached: told every moment at which something happened.

    Raises:
        BadInput: a strategy needs what nothing here can show.
    """
    return _Run(backtest).play(reached or (lambda now: None))


class _Run:
    """The state of one run."""

    def __init__(self, test: Backtest) -> None:
        self._test = test
        tokens = (*test.facts.tokens.values(), test.facts.native)
        self._treasury = Treasury(
            {token: test.start.get(token, 0) for token in tokens}, own=own_liquidity(test.market.venues.values())
        )
        self._world = World(test.market, self._treasury)
        self._providers = providers_of(self._world, test.prices or MarketPrices(test.market), test.providers)
        self._office = Office(test, self._world, self._providers)
        self._players = {player.name: (order, player) for order, player in enumerate(test.players)}
        self._needs = {player.name: player.strategy.needs() for player in test.players}
        self._memory: dict[str, Memory] = {}
        self._failures: dict[str, int] = {}
        self._due: list[tuple[int, int, int, Fire]] = []
        self._visits: list[Visit] = []
        self._deeds: list[Deed] = []
        self._steps = [Step(test.begin, tuple(self._treasury.units.values()))]
        self._require_providers()

    def play(self, reached: Callable[[int], None]) -> Result:
        """To the end; what is then still open stays open."""
        test = self._test
        for player in test.players:
            self._plan(first_fire(player.name, player.schedule, player.jitter, test.begin))
        while (now := self._next()) is not None and now <= test.end:
            reached(now)
            self._world.move_to(now)
            self._execute(now)
            while self._due and self._due[0][0] == now:
                self._visit(heapq.heappop(self._due)[3])
        tokens, waiting = tuple(self._treasury.units), tuple(self._treasury.open)
        return Result(
            test, tokens, tuple(self._steps), tuple(self._visits), tuple(self._deeds), waiting, tuple(self._provided())
        )

    def _provided(self) -> Iterator[Provided]:
        """Liquidity up to the end, also where nobody looked at it any more."""
        for each in self._treasury.own.pools.values():
            each.advance(self._test.end)
            if each.inside:
                yield Provided(each.pool, each.tokens, tuple(each.inside), each.earned())

    def _next(self) -> int | None:
        times = [batch.executes_at for batch in self._treasury.open]
        if self._due:
            times.append(self._due[0][0])
        return min(times, default=None)

    def _plan(self, fire: Fire | None) -> None:
        if fire is not None:
            order = self._players[fire.run.strategy][0]
            heapq.heappush(self._due, (fire.at, order, fire.run.nominal, fire))

    def _execute(self, now: int) -> None:
        for batch in [batch for batch in self._treasury.open if batch.executes_at <= now]:
            deed = self._office.carry_out(batch, now)
            self._deeds.append(deed)
            if deed.failure is None:
                last = self._steps[-1]
                paid = sum(fill.sold_usd for fill in deed.fills if fill.bought is None)
                units = tuple(self._treasury.units.values())
                self._steps.append(Step(now, units, last.gas_usd + deed.gas_usd, last.paid_usd + paid))

    def _visit(self, fire: Fire) -> None:
        """One run of one strategy. Trouble is recorded, as live; so many failures in a row pause the strategy."""
        player = self._players[fire.run.strategy][1]
        wake_at: int | None = None
        try:
            visit = self._decide(player, fire)
            wake_at = visit.decision.wake_at if visit.decision else None
        except Refused as error:
            visit = Visit(fire.run, fire.at, Ending.REFUSED, str(error))
        except DaoBotError as error:
            visit = Visit(fire.run, fire.at, Ending.FAILED, str(error))
        self._visits.append(visit)
        failures = self._failures.get(player.name, 0) + 1 if visit.ending is Ending.FAILED else 0
        self._failures[player.name] = failures
        if failures >= player.max_failures:
            words = f"{failures} failures in a row; the last one: {visit.words}"
            self._visits.append(Visit(fire.run, fire.at, Ending.PAUSED, words))
            return
        self._plan(next_fire(fire, player.schedule, player.jitter, wake_at))

    def _decide(self, player: Player, fire: Fire) -> Visit:
        run, facts = fire.run, self._test.facts
        needs = self._needs[player.name]
        block, seen = see(needs, self._providers, facts, run, fire.at)
        mine = {need: seen[need] for need in needs}
        decision = _ask(player, Observation(run, block, facts.tokens, mine, self._memory.get(player.name)))
        self._remember(player, decision)
        if not decision.operations:
            return Visit(run, fire.at, Ending.NOTHING, decision.reason, decision)
        try:
            batch = self._office.propose(player, run, decision, seen, block)
        except (Refused, Reverted) as error:
            return Visit(run, fire.at, Ending.REFUSED, str(error), decision)
        return Visit(run, fire.at, Ending.PROPOSAL, decision.reason, decision, batch.number)

    def _remember(self, player: Player, decision: Decision) -> None:
        """Memory goes through JSON, as live, so that a strategy meets there what it will meet on a chain."""
        if decision.memory is not None:
            value = json.loads(canonical_json(decision.memory.value))
            self._memory[player.name] = Memory(decision.memory.schema, value)

    def _require_providers(self) -> None:
        for name, needs in self._needs.items():
            for need in needs:
                if type(need) not in self._providers:
                    raise BadInput(
                        f"the backtest cannot show {name} what it needs",
                        value=need.kind,
                        limit=", ".join(sorted(kind.kind for kind in self._providers)),
                        next_step="Give the backtest a provider of that need",
                    )


def _ask(player: Player, observation: Observation) -> Decision:
    """The strategy's decision; what it raises becomes a failure of the run, as in its process."""
    try:
        decision = player.strategy.decide(observation)
    except DaoBotError:
        raise
    except Exception as error:
        raise PluginFailed(f"strategy {player.name} failed: {type(error).__name__}: {error}") from error
    if not isinstance(decision, Decision):
        raise PluginFailed(f"strategy {player.name} returned what is no decision", value=type(decision).__name__)
    return decision
