"""Voting power: sources that config combines, read for many wallets at one past block, recorded once."""
