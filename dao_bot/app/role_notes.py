"""Where the chain would let more through than the policy: a role that is larger than it is good for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from dao_bot.app.wiring import Desk
from dao_bot.cards.text import duration
from dao_bot.domain.addresses import Address
from dao_bot.domain.grants import MayBurn
from dao_bot.domain.tokens import Amount, Token, usd_value
from dao_bot.domain.units import format_usd
from dao_bot.engine.look import Look
from dao_bot.policy.rules.burn import BurnParams
from dao_bot.policy.rules.move_size import MoveSizeParams
from dao_bot.safe.roles.role import Allowance


def looser_than_policy(desk: Desk, limits: Mapping[Address, Allowance], seen: Look) -> Iterator[str]:
    """One line for each limit or grant that the policy does not bear out, at today's prices."""
    tokens = {token.address: token for token in seen.prices}
    for plugin in desk.config.rules:
        if isinstance(plugin.settings, MoveSizeParams):
            for address, allowance in limits.items():
                yield from _too_much(plugin.settings, tokens[address], allowance, seen)
        if isinstance(plugin.settings, BurnParams):
            burnable = plugin.settings.tokens
            grants = [(plan.name, grant) for plan in desk.services.strategies.values() for grant in plan.may]
            for strategy, grant in grants:
                if isinstance(grant, MayBurn) and grant.token.symbol not in burnable:
                    token = grant.token.symbol
                    yield f"{strategy} may burn {token} on the chain, but never by the policy's rule `burn`"


def _too_much(rule: MoveSizeParams, token: Token, allowance: Allowance, seen: Look) -> Iterator[str]:
    price = seen.prices[token].usd
    if price is None:
        return
    refills = -(-rule.window // allowance.period)
    on_chain = usd_value(Amount(token, allowance.refill * refills), price)
    by_policy = min(rule.per_window, rule.tokens.get(token.symbol, rule.per_window))
    if on_chain > by_policy:
        yield (
            f"{token.symbol}: the chain lets {format_usd(on_chain)} through in {duration(rule.window)}, the policy's "
            f"rule `move_size` {format_usd(by_policy)}; lower routes.module.limits.{token.symbol}.most"
        )
