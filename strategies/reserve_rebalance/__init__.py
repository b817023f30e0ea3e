"""The reserve strategy: tail risk of issuers, banks, chains and venues against the cost of trading."""

from strategies.reserve_rebalance.params import Params
from strategies.reserve_rebalance.strategy import ReserveRebalance

__all__ = ["Params", "ReserveRebalance"]
