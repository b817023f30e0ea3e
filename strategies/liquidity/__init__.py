"""`liquidity`: a market for the DAO's own token, made with the DAO's own liquidity."""

from strategies.liquidity.params import Params
from strategies.liquidity.strategy import Liquidity

__all__ = ["Liquidity", "Params"]
