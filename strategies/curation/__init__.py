"""The curator: learns from stakes what the community prefers, moves a budget toward it, and briefs the makers."""
