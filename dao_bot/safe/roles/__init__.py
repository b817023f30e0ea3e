"""Zodiac Roles v2: what a module may do for a Safe, derived, read from the chain, compared and changed."""
