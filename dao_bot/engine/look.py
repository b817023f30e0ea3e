"""One look at the treasury: pin a block, read the Safe, its holdings and the prices, and what a strategy needs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from dao_bot.chain.plan import Plan
from dao_bot.domain.addresses import Address
from dao_bot.domain.needs import Holding, Holdings, Need, PoolPrices, Prices
from dao_bot.domain.positions import PoolPositions, Position, Positions
from dao_bot.domain.prices import PoolPrice, TokenPrice
from dao_bot.domain.runs import Block, RunId
from dao_bot.domain.simulation import SafeState
from dao_bot.domain.tokens import Token
from dao_bot.engine.acceptance import require_accepted
from dao_bot.engine.fitness import check_contracts, require_fit, self_test
from dao_bot.engine.observe import hold_back, observe
from dao_bot.engine.services import Services
from dao_bot.safe.state import read_safe

_ALWAYS: tuple[Need[Any], ...] = (Holdings(), Prices(), PoolPrices(), Positions())
_OF_PROTOCOLS = (PoolPrices, Positions)
"""Read where a configured protocol provides them."""


@dataclass(frozen=True, slots=True)
class Look:
    """The treasury at one block.

    Attributes:
        seen: what was read for every need, holdings already less what open proposals will spend.
        balances: what the Safe really holds, in base units.
    """

    block: Block
    safe: SafeState
    seen: Mapping[Need[Any], Any]
    balances: Mapping[Token, int]

    @property
    def prices(self) -> Mapping[Token, TokenPrice]:
        prices: Mapping[Token, TokenPrice] = self.seen[Prices()]
        return prices

    @property
    def pool_prices(self) -> tuple[PoolPrice, ...]:
        """Empty where no protocol with pools is configured."""
        pool_prices: tuple[PoolPrice, ...] = self.seen.get(PoolPrices(), ())
        return pool_prices

    @property
    def positions(self) -> tuple[Position, ...]:
        """Of the Safe in configured pools; empty where no protocol with positions is configured."""
        seen: tuple[PoolPositions, ...] = self.seen.get(Positions(), ())
        return tuple(position for each in seen for position in each.positions)


def look(
    services: Services,
    run: RunId,
    needs: Iterable[Need[Any]] = (),
    committed: Mapping[Address, int] | None = None,
    block: Block | None = None,
    *,
    any_safe: bool = False,
    tested: bool = False,
) -> Look:
    """Everything at one block; `committed` is what open proposals will spend, by token address.

    Raises:
        Refused: who controls the Safe is not who was accepted, unless `any_safe`.
        BadInput: on request (`tested`) when the chain is not what the configuration says.
    """
    pinned = block or services.endpoints.pin()
    extra: list[Plan[Any]] = [read_safe(services.treasury.safe), *(self_test(services) if tested else ())]

    def read(plans: Any) -> list[Any]:
        return services.endpoints.read(pinned, plans)

    always = [need for need in _ALWAYS if type(need) in services.providers or not isinstance(need, _OF_PROTOCOLS)]
    seen, (safe, *checks) = observe({*always, *needs}, services.providers, services.treasury, run, pinned, read, extra)
    if not any_safe:
        require_accepted(services.accepted_safe(), safe)
    if tested:
        require_fit([*checks, check_contracts(services, pinned)])
    holdings: Mapping[Token, Holding] = seen[Holdings()]
    seen[Holdings()] = hold_back(holdings, committed or {})
    return Look(pinned, safe, seen, {token: holding.available for token, holding in holdings.items()})


def look_at_safe(services: Services, *, any_safe: bool = False) -> tuple[Block, SafeState]:
    """Only the Safe, at the newest block.

    Raises:
        Refused: as `look`.
    """
    block = services.endpoints.pin()
    (safe,) = services.endpoints.read(block, [read_safe(services.treasury.safe)])
    if not any_safe:
        require_accepted(services.accepted_safe(), safe)
    return block, safe
