"""Wallets: whose they are, what they signed, and ballots that only they can cast."""
