"""Approval rules in which people decide: what they are asked, and what the record says that they answered."""
