"""Uniswap v3: quotes, swaps and pool prices."""
