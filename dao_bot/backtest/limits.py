"""Whether holdings are within what the policy allows, at every mark: its limits on shares and floors, as columns."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from dao_bot.backtest.paths import Floats
from dao_bot.backtest.result import Result
from dao_bot.domain.units import WAD
from dao_bot.policy.rules.issuer_cap import IssuerCap, IssuerCapParams
from dao_bot.policy.rules.token_cap import TokenCap, TokenCapParams
from dao_bot.policy.rules.token_floor import TokenFloor, TokenFloorParams

Flags = npt.NDArray[np.bool_]
Values = Mapping[str, Floats]
"""(M,) dollars by symbol."""


def outside_limits(result: Result, values: Floats) -> Flags:
    """(M,) where holdings break a cap or a floor of the policy, however they came to. `values`: (M, n) dollars.

    No batch may buy into such a state, but prices may bring it about, and the start may be in it.
    """
    by_symbol = {token.symbol: values[:, column] for column, token in enumerate(result.tokens)}
    broken = np.zeros(len(values), dtype=bool)
    for rule, params in result.backtest.governed.limits if result.backtest.governed else ():
        if rule in _BROKEN:
            broken |= _BROKEN[rule](params, by_symbol, values.sum(axis=1))
    return broken


def _token_cap(params: TokenCapParams, values: Values, total: Floats) -> Flags:
    return _any([values[symbol] > cap / WAD * total for symbol, cap in params.tokens.items()], total)


def _issuer_cap(params: IssuerCapParams, values: Values, total: Floats) -> Flags:
    return _any(
        [
            sum((values[symbol] * (part / WAD) for symbol, part in limit.exposure.items()), np.zeros_like(total))
            > limit.max / WAD * total
            for limit in params.issuers.values()
        ],
        total,
    )


def _token_floor(params: TokenFloorParams, values: Values, total: Floats) -> Flags:
    return _any([values[symbol] < floor / WAD for symbol, floor in params.tokens.items()], total)


def _any(flags: Sequence[Flags], total: Floats) -> Flags:
    found: Flags = np.logical_or.reduce(flags) if flags else np.zeros(len(total), dtype=bool)
    return found


_BROKEN: Mapping[type, Callable[[Any, Values, Floats], Flags]] = {
    TokenCap: _token_cap,
    IssuerCap: _issuer_cap,
    TokenFloor: _token_floor,
}
