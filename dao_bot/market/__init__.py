"""Prices and history: on-chain oracles, files, exchanges."""
