"""The cycle of one run, the life of a proposal, the keeper and the schedule."""
