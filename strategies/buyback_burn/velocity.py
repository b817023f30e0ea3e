"""Velocity: what part of the free float changes hands, counted from transfers or from a series of daily volumes."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from dao_bot.domain.columns import FixedBytes
from strategies.buyback_burn.logs import NOBODY, Floats, Times, Transfers

DAY = 86_400
YEAR = 365 * DAY


def turnover(volume: Floats, supply: Floats, periods: int) -> Floats:
    """(n,) volume of the last `periods` entries over the supply at the last one; nan before there are as many.

    With daily native volume, current supply and 365 this is Coin Metrics' `VelCur1yr`.
    """
    result = np.full(len(volume), np.nan)
    if periods <= len(volume):
        windows = np.lib.stride_tricks.sliding_window_view(volume, periods)
        result[periods - 1 :] = windows.sum(axis=1) / supply[periods - 1 :]
    return result


def between_owners(transfers: Transfers, insiders: Iterable[str]) -> Transfers:
    """Without mints, burns, transfers to oneself, and those to or from `insiders`: there, no owner changes."""
    strange = np.ones(len(transfers.time), np.bool_)
    for address in {NOBODY, *insiders}:
        strange &= ~(transfers.sender.equals(address) | transfers.receiver.equals(address))
    strange &= (transfers.sender.raw != transfers.receiver.raw).any(axis=1)
    return transfers.where(strange)


def changed_hands(transfers: Transfers, now: int, window: int, round_trip: int) -> Floats:
    """Volume in base units of each stretch of `round_trip` seconds within the window before `now`, oldest first.

    In each stretch it is what the holders end with beyond what they began with, summed: what comes back to where it
    came from, by whatever way, has not changed hands. Wash trading between any number of wallets so counts nothing.
    With `round_trip` 0 every transfer counts, by the day.
    """
    inside = transfers.where((transfers.time > now - window) & (transfers.time <= now))
    stretch = round_trip or DAY
    count = -(-window // stretch)
    value = inside.value
    place: Times = count - 1 - (now - inside.time) // stretch
    if not round_trip:
        return np.bincount(place, weights=value, minlength=count).astype(np.float64)
    _, codes = FixedBytes(np.concatenate([inside.receiver.raw, inside.sender.raw])).factorised()
    holders = int(codes.max(initial=-1)) + 1
    keys, rows = np.unique(np.tile(place, 2) * max(holders, 1) + codes, return_inverse=True)
    gained = np.bincount(rows, weights=np.concatenate([value, -value]), minlength=len(keys))
    settled = np.bincount(keys // max(holders, 1), weights=np.maximum(gained, 0.0), minlength=count)
    return settled.astype(np.float64)


def yearly(volume: Floats, free_float: float, window: int) -> float:
    """The part of the free float that changes hands in a year at the pace of a window's whole volume."""
    return float(turnover(volume, np.full(len(volume), free_float), len(volume))[-1]) * YEAR / window
