"""The self-test of Uniswap v3: its parts belong together, and the configured pools exist where they are computed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from dao_bot.chain.abi import function
from dao_bot.chain.plan import Plan
from dao_bot.domain.addresses import ZERO_ADDRESS, Address
from dao_bot.protocols.port import Check
from dao_bot.protocols.reading import told, told_units
from dao_bot.protocols.uniswap_v3.paths import Pool

_FACTORY = function("factory()", "(address)")
_GET_POOL = function("getPool(address,address,uint24)", "(address)")
_LIQUIDITY = function("liquidity()", "(uint128)")


def check_uniswap(factory: Address, parts: Mapping[str, Address], pools: Sequence[Pool]) -> Plan[tuple[Check, ...]]:
    """One line for each part (router, quoter, ...) and for each pool, in one round."""
    answers = yield [
        *(_FACTORY.read(address) for address in parts.values()),
        *(_GET_POOL.read(factory, pool.base.address, pool.quote.address, pool.fee) for pool in pools),
        *(_LIQUIDITY.read(pool.address) for pool in pools),
    ]
    checks = []
    for name, answer in zip(parts, answers, strict=False):
        named = told(_FACTORY, answer)
        checks.append(_belongs(f"uniswap_v3 {name}", parts[name], None if named is None else named[0], factory))
    found = answers[len(parts) : len(parts) + len(pools)]
    depths = answers[len(parts) + len(pools) :]
    for pool, place, depth in zip(pools, found, depths, strict=True):
        address = told(_GET_POOL, place)
        checks.append(_pool(pool, None if address is None else address[0], told_units(_LIQUIDITY, depth)))
    return tuple(checks)


def _belongs(subject: str, address: Address, named: Address | None, factory: Address) -> Check:
    if named is None:
        return Check(subject, f"there is no such contract at {address}; correct its address")
    if named != factory:
        return Check(subject, f"{address} works with the factory {named}, not with the configured {factory}")
    return Check(subject)


def _pool(pool: Pool, address: Address | None, liquidity: int | None) -> Check:
    subject = f"uniswap_v3 pool {pool.base.symbol}/{pool.quote.symbol} {pool.fee}"
    if address is None:
        return Check(subject, "the factory does not answer; correct its address")
    if address == ZERO_ADDRESS:
        return Check(subject, "there is no such pool; remove it, or correct its tokens or fee")
    if address != pool.address:
        return Check(subject, f"the factory says {address}, its address must be {pool.address}: not the original code")
    if not liquidity:
        return Check(subject, "it has no liquidity at its price; nothing can be traded there", fatal=False)
    return Check(subject)
