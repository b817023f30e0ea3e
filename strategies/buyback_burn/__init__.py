"""Buying back: a budgeted bid below what the token is worth, opened by low velocity, burned or sent away."""

from strategies.buyback_burn.params import Params
from strategies.buyback_burn.strategy import BuybackBurn

__all__ = ["BuybackBurn", "Params"]
