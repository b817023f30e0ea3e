"""For every rule, ways to make an acceptable batch break it; each takes the facts and a number to vary by."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from dao_bot.domain.addresses import ZERO_ADDRESS
from dao_bot.domain.calls import Call, CallType, DecodedCall
from dao_bot.domain.prices import PriceQuote, TokenPrice
from dao_bot.domain.simulation import AssetChange, ResidualAllowance, SafeState, Simulation
from dao_bot.domain.tokens import Token
from dao_bot.domain.units import WAD
from dao_bot.policy.facts import Move, PolicyFacts
from tests.property.policy.strategies import (
    BPS,
    DAI,
    DAO,
    NOW,
    OPERATIONS,
    ROUTER,
    SAFE,
    STRANGER,
    USDC,
    USDT,
    WINDOW,
    Limits,
    Scene,
    Swap,
    address,
    facts_of,
    seal,
)

Violation = Callable[[PolicyFacts, int], PolicyFacts]

CALM = Scene(
    balances={"USDC": 500_000 * 10**6, "USDT": 400_000 * 10**6, "DAI": 100_000 * 10**18, "ETH": 10**18, "DAO": 10**24},
    prices={"USDC": WAD, "USDT": WAD, "DAI": WAD, "ETH": 3000 * WAD},
    pool_deviation={
        frozenset(("USDC", "USDT")): (0, 0),
        frozenset(("USDC", "DAI")): (0, 0),
        frozenset(("USDT", "DAI")): (0, 0),
    },
)
"""A million dollars in stablecoins, none of them off its peg."""

TAME = (Swap("USDT", "USDC", 50_000 * 10**6, 49_900 * 10**6, 49_990 * 10**6),)
"""A swap that every sensible policy allows."""

SENSIBLE = Limits(
    slippage=50 * BPS,
    pool=50 * BPS,
    per_run=200_000 * WAD,
    per_window=400_000 * WAD,
    usdt_per_window=200_000 * WAD,
    usdt_per_run=100_000 * WAD,
    usdc_floor=200_000 * WAD,
    usdt_cap=WAD // 2,
    dai_cap=WAD // 2,
    circle_cap=8 * WAD // 10,
    value_loss=20 * BPS,
)


def tame_facts() -> PolicyFacts:
    """Accepted by `SENSIBLE`."""
    return facts_of(CALM, TAME)


def with_simulation(facts: PolicyFacts, **changes: object) -> PolicyFacts:
    """`facts` with other fields of the simulation."""
    simulation: Simulation = replace(facts.simulation, **changes)  # type: ignore[arg-type]  # forwarded field names
    return replace(facts, simulation=simulation)


def with_safe_after(facts: PolicyFacts, **changes: object) -> PolicyFacts:
    """`facts` with another Safe after the batch."""
    after = facts.simulation.safe_after
    assert after is not None
    changed: SafeState = replace(after, **changes)  # type: ignore[arg-type]  # forwarded field names
    return with_simulation(facts, safe_after=changed)


def with_call(facts: PolicyFacts, position: int, **changes: object) -> PolicyFacts:
    """`facts` with another decoded call at `position`; the bytes follow."""
    calls = list(facts.decoded)
    calls[position] = replace(calls[position], **changes)  # type: ignore[arg-type]  # forwarded field names
    return seal(replace(facts, decoded=tuple(calls)))


def with_extra_call(facts: PolicyFacts, decoded: DecodedCall) -> PolicyFacts:
    """`facts` with one more call at the end."""
    return seal(replace(facts, decoded=(*facts.decoded, decoded)))


def with_price(facts: PolicyFacts, price: TokenPrice) -> PolicyFacts:
    """`facts` with another price of one token."""
    return replace(facts, prices={**facts.prices, price.token: price})


def with_balances(facts: PolicyFacts, deltas: Mapping[Token, int]) -> PolicyFacts:
    """`facts` after which the balances are those before plus `deltas`, with a simulation that says so."""
    after = {token: units + deltas.get(token, 0) for token, units in facts.before.items()}
    changes = tuple(AssetChange(token.address, delta) for token, delta in deltas.items() if delta)
    witnesses = tuple(replace(witness, changes=changes) for witness in facts.simulation.witnesses)
    return replace(with_simulation(facts, changes=changes, witnesses=witnesses), after=after)


def burn_of(token: Token, units: int) -> DecodedCall:
    """The burning of `units` base units."""
    call = Call(token.address, b"burn" + units.to_bytes(32, "big"))
    burned = (token.address, units)
    return DecodedCall(call, "erc20", "burn(uint256)", (), "burn", spends=(burned,), burns=burned)


def _self_call(function: str, number: int) -> DecodedCall:
    return DecodedCall(Call(SAFE, number.to_bytes(8, "big")), "safe", function, (), "changes the Safe")


def _stranger_state(aspect: str) -> Violation:
    values: dict[str, object] = {
        "owners": (address("thief"),),
        "threshold": 1,
        "modules": (address("thief"),),
        "guard": address("thief"),
        "module_guard": address("thief"),
        "fallback_handler": address("thief"),
        "singleton": address("thief"),
        "version": "1.3.0",
    }
    return lambda facts, _: with_safe_after(facts, **{aspect: values[aspect]})


def _stale(facts: PolicyFacts, number: int) -> PolicyFacts:
    quote = PriceQuote("chainlink", WAD, NOW - 3601 - number, 3600)
    return with_price(facts, TokenPrice(USDC, WAD, (quote,)))


def _swap(sell: str, buy: str, units: int, minimum: int, received: int | None = None) -> PolicyFacts:
    return facts_of(CALM, (Swap(sell, buy, units, minimum, minimum if received is None else received),))


def _pool_moved(facts: PolicyFacts, number: int) -> PolicyFacts:
    pools = tuple(
        replace(pool, spot=pool.spot * (10_051 + number) // 10_000 if pool.spot else None) for pool in facts.pool_prices
    )
    return replace(facts, pool_prices=pools)


def _moved_before(facts: PolicyFacts, number: int) -> PolicyFacts:
    move = Move("0x1", "other", USDC, 1, 350_000 * WAD + 1 + number, NOW - WINDOW + 1, False)
    return replace(facts, moves=(move,))


def _open_for_long(facts: PolicyFacts, number: int) -> PolicyFacts:
    move = Move("0x1", "other", USDT, 1, 150_000 * WAD + 1 + number, NOW - 100 * WINDOW, True)
    return replace(facts, moves=(move,))


VIOLATIONS: Mapping[str, tuple[Violation, ...]] = {
    "simulation": (
        lambda facts, _: replace(with_simulation(facts, success=False, revert_reason="GS013"), after=None),
        lambda facts, number: with_simulation(facts, block_number=facts.block.number + 1 + number),
        lambda facts, _: with_simulation(facts, block_hash="0x" + "33" * 32),
        lambda facts, number: with_simulation(facts, timestamp=facts.block.timestamp - 1 - number),
        lambda facts, number: with_simulation(facts, timestamp=facts.batch.valid_until + 1 + number),
        lambda facts, _: with_simulation(facts, witnesses=facts.simulation.witnesses[:1]),
        lambda facts, _: with_simulation(facts, witnesses=facts.simulation.witnesses[:1] * 2),
        lambda facts, _: with_simulation(
            facts, witnesses=(facts.simulation.witnesses[0], replace(facts.simulation.witnesses[1], changes=()))
        ),
        lambda facts, _: with_simulation(
            facts, witnesses=(facts.simulation.witnesses[0], replace(facts.simulation.witnesses[1], success=False))
        ),
        lambda facts, number: with_simulation(
            facts, changes=(*facts.simulation.changes, AssetChange(address("unknown"), 1 + number))
        ),
        lambda facts, number: with_simulation(
            facts, changes=(*facts.simulation.changes, AssetChange(address("nft"), -1, number))
        ),
        lambda facts, number: replace(facts, after={**(facts.after or {}), DAI: 1 + number}),
        lambda facts, _: replace(facts, after={}),
    ),
    "no_delegatecall": (
        lambda facts, number: replace(
            facts,
            batch=replace(
                facts.batch,
                transaction=replace(
                    facts.batch.transaction, data=facts.batch.transaction.data + bytes(32 * (1 + number % 3))
                ),
            ),
        ),
        lambda facts, _: replace(
            facts, batch=replace(facts.batch, transaction=replace(facts.batch.transaction, to=address("thief")))
        ),
        lambda facts, _: replace(
            facts,
            batch=replace(facts.batch, transaction=replace(facts.batch.transaction, operation=CallType.CALL)),
        ),
        lambda facts, number: replace(
            facts, batch=replace(facts.batch, transaction=replace(facts.batch.transaction, value=1 + number))
        ),
        lambda facts, _: replace(
            facts, batch=replace(facts.batch, transaction=replace(facts.batch.transaction, route="module"))
        ),
        lambda facts, _: replace(facts, decoded=facts.decoded[:-1]),
        lambda facts, _: replace(facts, decoded=(facts.decoded[0], *facts.decoded[:0:-1])),
        lambda facts, _: seal(replace(facts, decoded=())),
    ),
    "safe_unchanged": (
        *(
            _stranger_state(aspect)
            for aspect in (
                "owners",
                "threshold",
                "modules",
                "guard",
                "module_guard",
                "fallback_handler",
                "singleton",
                "version",
            )
        ),
        lambda facts, number: with_extra_call(facts, _self_call("enableModule(address)", number)),
        lambda facts, number: with_extra_call(facts, _self_call("nothing()", number)),
        lambda facts, number: with_safe_after(facts, nonce=facts.safe_before.nonce + 2 + number),
        lambda facts, _: with_safe_after(facts, address=address("other safe")),
        lambda facts, _: with_simulation(facts, safe_after=None),
    ),
    "deadline": (
        lambda facts, _: with_call(facts, 0, deadline=None),
        lambda facts, number: with_call(facts, 0, deadline=facts.batch.valid_until + 1 + number),
        lambda facts, _: seal(replace(facts, decoded=(*facts.decoded[1:], facts.decoded[0]))),
        lambda facts, number: with_call(
            replace(facts, batch=replace(facts.batch, valid_until=NOW - number)), 0, deadline=NOW - number
        ),
        lambda facts, number: with_call(
            replace(facts, batch=replace(facts.batch, valid_until=NOW + 30 * 86_400 + 1 + number)),
            0,
            deadline=NOW + 30 * 86_400 + 1 + number,
        ),
    ),
    "residual_allowances": (
        lambda facts, number: with_simulation(
            facts, residual_allowances=(ResidualAllowance(USDT.address, ROUTER, 1 + number),)
        ),
        lambda facts, _: with_simulation(facts, success=False),
    ),
    "allowed_targets": (
        lambda facts, number: with_call(facts, 2, call=Call(STRANGER, number.to_bytes(4, "big"))),
        lambda facts, _: with_call(facts, 2, function=None),
        lambda facts, number: with_call(facts, 1, approves=(USDT.address, STRANGER, 1 + number)),
        lambda facts, number: with_call(facts, 2, call=Call(OPERATIONS, b"\1" * (1 + number % 40))),
    ),
    "allowed_recipients": (
        lambda facts, _: with_call(facts, 2, recipients=(STRANGER,)),
        lambda facts, _: with_call(facts, 2, recipients=(SAFE, STRANGER)),
        lambda facts, _: with_call(facts, 2, recipients=()),
        lambda facts, number: with_call(facts, 2, recipients=(), call=Call(ROUTER, b"", 1 + number), spends=()),
    ),
    "price_quality": (
        _stale,
        lambda facts, _: with_price(facts, TokenPrice(USDC, None, (), ("no answer",))),
        lambda facts, _: with_price(facts, TokenPrice(USDC, WAD, ())),
        lambda facts, number: with_price(facts, TokenPrice(USDC, WAD + number + 1, facts.prices[USDC].quotes[:1])),
        lambda facts, _: replace(facts, prices={token: p for token, p in facts.prices.items() if token != DAI}),
        lambda facts, number: with_call(facts, 2, spends=((address("unknown"), 1 + number),)),
    ),
    "pool_against_oracle": (
        _pool_moved,
        lambda facts, _: replace(facts, pool_prices=()),
        lambda facts, _: replace(
            facts, pool_prices=tuple(replace(pool, twap=None, problems=("short memory",)) for pool in facts.pool_prices)
        ),
        lambda facts, _: with_call(facts, 2, pools=()),
    ),
    "slippage": (
        lambda _, number: _swap("USDT", "USDC", 50_000 * 10**6, 49_750 * 10**6 - 1 - number, 50_000 * 10**6),
        lambda facts, _: with_call(facts, 2, minimum=None),
        lambda facts, number: with_call(facts, 2, minimum=(USDT.address, 0, USDC.address, number)),
        lambda facts, number: with_call(facts, 2, minimum=(USDT.address, 1 + number, address("unknown"), 5)),
    ),
    "move_size": (
        lambda _, number: _swap("USDC", "DAI", 200_000 * 10**6 + 1 + number, 200_000 * 10**18),
        lambda _, number: _swap("USDT", "DAI", 100_000 * 10**6 + 1 + number, 100_000 * 10**18),
        _moved_before,
        _open_for_long,
        lambda facts, number: with_call(facts, 2, spends=((USDC.address, 200_000 * 10**6 + 1 + number),)),
    ),
    "token_floor": (
        lambda facts, number: with_balances(facts, {USDC: -300_000 * 10**6 - 1 - number}),
        lambda facts, _: replace(facts, after=None),
    ),
    "token_cap": (
        lambda facts, number: with_balances(facts, {USDT: 200_000 * 10**6 + number, USDC: -200_000 * 10**6 - number}),
        lambda facts, _: with_price(facts, TokenPrice(DAI, None, (), ("stale",))),
    ),
    "issuer_cap": (
        lambda facts, number: with_balances(facts, {USDC: 300_000 * 10**6 + number, USDT: -300_000 * 10**6 - number}),
    ),
    "value_loss": (
        lambda facts, number: with_balances(facts, {USDT: -2_010 * 10**6 - number}),
        lambda facts, number: with_balances(facts, {DAO: -1 - number}),
    ),
    "burn": (
        lambda facts, number: with_extra_call(facts, burn_of(USDC, 1 + number)),
        lambda facts, number: with_extra_call(facts, burn_of(DAO, 1 + number)),
    ),
    "hold_only": (
        lambda facts, number: with_call(facts, 1, approves=(DAO.address, ROUTER, number)),
        lambda facts, number: with_call(facts, 2, spends=((DAO.address, 1 + number),)),
        lambda facts, number: with_call(facts, 2, minimum=(USDT.address, 1, DAO.address, number)),
        lambda facts, number: with_balances(facts, {DAO: -1 - number}),
        lambda facts, number: replace(
            with_extra_call(
                facts, DecodedCall(Call(ROUTER, b"x", 1 + number), "uniswap_v3", "wrap()", (), "", recipients=(SAFE,))
            ),
            hold_only=frozenset({ZERO_ADDRESS}),
        ),
    ),
}
"""Rule name to ways of breaking it."""
