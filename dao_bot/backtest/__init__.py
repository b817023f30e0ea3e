"""The cycle over history: strategies decide as live, and a simulated market takes the place of the chain."""
