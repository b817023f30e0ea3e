"""The decision in words and named numbers: why it buys or why not now, what it costs, and that the bid ends."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from dao_bot.domain.units import WAD, format_ratio, format_usd, to_decimal
from dao_bot.strategy import BindingConstraint, Decision, Evidence, Operation, usd_value
from strategies.buyback_burn.conditions import Bid, Condition
from strategies.buyback_burn.params import Params
from strategies.buyback_burn.purchase import Purchase
from strategies.buyback_burn.situation import Situation

_MOST_SAID = 3


@dataclass(frozen=True, slots=True)
class Account:
    """Everything that a decision is explained from."""

    params: Params
    situation: Situation
    bid: Bid
    conditions: tuple[Condition, ...]


def closed(account: Account) -> Decision:
    """Nothing is bought, because of conditions that do not hold."""
    failing = [condition for condition in account.conditions if not condition.holds]
    said = [condition.words for condition in failing[:_MOST_SAID]]
    rest = f", and {len(failing) - _MOST_SAID} more conditions do not hold" if len(failing) > _MOST_SAID else ""
    wake = [condition.again_at for condition in failing if condition.again_at is not None]
    return Decision.nothing(
        f"Nothing is bought: {'; '.join(said)}{rest}.",
        evidence=tuple(_evidence(account)),
        # Time alone helps only when nothing else stands in the way.
        wake_at=max(wake) if len(wake) == len(failing) else None,
    )


def too_small(account: Account, purchase: Purchase | None) -> Decision:
    """Nothing is bought, because the limits leave too little."""
    situation, smallest = account.situation, account.params.smallest
    if purchase is None:
        why = f"no amount is quoted at or below {format_usd(_cap(account), 4)} for a token, all costs included"
    else:
        why = (
            f"the limit `{purchase.limit}` leaves {format_usd(purchase.usd)}, less than the smallest purchase of "
            f"{format_usd(smallest)}"
        )
    again = situation.period.next_moment(situation.now)
    return Decision.nothing(f"Nothing is bought: {why}.", evidence=tuple(_evidence(account)), wake_at=again)


def too_much_gas(account: Account, purchase: Purchase) -> Decision:
    """Nothing is bought, because gas would cost too large a part of it."""
    gas = account.situation.gas or 0
    return Decision.nothing(
        f"Nothing is bought: gas of {format_usd(gas)} is more than {format_ratio(account.params.max_gas, 1)} of the "
        f"purchase of {format_usd(purchase.usd)}.",
        evidence=tuple(_evidence(account)),
    )


def buying(account: Account, purchase: Purchase, operations: tuple[Operation, ...]) -> Decision:
    """The purchase, why, what it costs, and how it can fail."""
    situation = account.situation
    held = {condition.name: condition.words for condition in account.conditions}
    return Decision(
        operations=operations,
        reason=f"{_capital(held['price'])}; {held['gate']}. The limit `{purchase.limit}` decides how much.",
        summary=_summary(account, purchase),
        evidence=(*_evidence(account), *_of_purchase(account, purchase)),
        binding=tuple(_binding(account, purchase)),
        wake_at=situation.period.next_moment(situation.now),
    )


def _summary(account: Account, purchase: Purchase) -> tuple[str, ...]:
    situation, params = account.situation, account.params
    spent, kept = situation.pay_with.amount(purchase.units), situation.token.amount(purchase.least)
    expected = situation.token.amount(purchase.expected)
    share = purchase.least * WAD // max(situation.circulating, 1)
    fate = f"burns {kept} of it" if params.to is None else f"sends {kept} of it to {params.to}"
    gas = "an unknown price of gas" if situation.gas is None else f"{format_usd(situation.gas)} of gas"
    left = situation.budget - situation.spent.period - purchase.usd
    return (
        f"Spends {spent} on about {expected} and {fate}, {format_ratio(share, 3)} of what circulates; what the swap "
        "brings beyond that stays in the Safe.",
        f"It costs about {format_usd(_cost(account, purchase))} against the USD prices, and {gas}; "
        f"{format_usd(max(left, 0))} of this period's budget of {format_usd(situation.budget)} are then left.",
        f"It reverts if the swap would bring less. The bid of up to {format_usd(account.bid.price, 4)} is no promise: "
        "it ends with its budget, and the token can fall after it was bought.",
    )


def _cost(account: Account, purchase: Purchase) -> int:
    """USD (WAD) that the quoted purchase loses against the prices of the run."""
    situation = account.situation
    return purchase.usd - usd_value(situation.token.amount(purchase.expected), situation.price or 0)


def _cap(account: Account) -> int:
    return min(account.bid.price, (account.situation.price or 0) * (WAD + account.params.max_cost) // WAD)


def _evidence(account: Account) -> Iterator[Evidence]:
    situation, worth = account.situation, account.situation.net_assets
    for name, value in (("price", situation.price), ("bid", account.bid.price), ("reference", situation.reference)):
        if value is not None:
            yield Evidence(name, _usd(value, 6), "USD")
    if account.params.net_assets is not None:
        yield Evidence("net assets", _usd(worth.assets - worth.liabilities), "USD")
        yield Evidence("net assets for each circulating token", _usd(worth.per_token, 6), "USD")
    yield Evidence("circulating", _whole(account, situation.circulating), situation.token.symbol)
    yield Evidence("free float", _whole(account, situation.free_float), situation.token.symbol)
    if situation.velocity is not None:
        yield Evidence("velocity", round(situation.velocity * 100, 2), "% a year")
    yield Evidence("usual daily volume", _whole(account, situation.volume), situation.token.symbol)
    yield Evidence("budget of this period", _usd(situation.budget), "USD")
    yield Evidence("spent in this period", _usd(situation.spent.period), "USD")
    yield Evidence("spare beyond the runway", _usd(situation.spare), "USD")
    for condition in account.conditions:
        if not condition.holds:
            yield Evidence(f"does not hold: {condition.name}", condition.words)
    for symbol in worth.unpriced:
        yield Evidence("counts nothing, for it has no usable price", symbol)
    if situation.gas is None:
        yield Evidence("gas", "the native coin has no usable USD price, so gas counted nothing")


def _of_purchase(account: Account, purchase: Purchase) -> Iterator[Evidence]:
    situation, ladder = account.situation, account.situation.ladder
    yield Evidence("spent", _usd(purchase.usd), "USD")
    if ladder is not None and situation.pay_price is not None:
        paid = ladder.price_paid(purchase.units, situation.pay_price)
        yield Evidence("price paid, all costs included", _usd(paid, 6), "USD")
    yield Evidence("cost against the USD prices", round(_cost(account, purchase) * 10_000 / purchase.usd, 2), "bps")
    if situation.gas is not None:
        yield Evidence("gas", _usd(situation.gas), "USD")
    yield Evidence("decided the size", purchase.limit)


def _binding(account: Account, purchase: Purchase) -> Iterator[BindingConstraint]:
    """What one more dollar within the limit would have added to the holders' net assets."""
    worth, price = account.situation.net_assets.per_token, account.situation.price
    if worth and price and account.params.net_assets is not None:
        yield BindingConstraint(purchase.limit, round(worth / price - 1.0, 4), "USD of net assets per USD")


def _usd(value: int, places: int = 2) -> float:
    return round(value / WAD, places)


def _whole(account: Account, units: int) -> float:
    return round(float(to_decimal(units, account.situation.token.decimals)), 2)


def _capital(text: str) -> str:
    return text[0].upper() + text[1:]
