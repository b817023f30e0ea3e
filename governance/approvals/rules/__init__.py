"""The approval rules that ship, one in each file."""
