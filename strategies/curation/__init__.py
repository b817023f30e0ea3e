"""The curator: learns from stakes what the community prefers, moves a budget toward it, and briefs the makers."""

from strategies.curation.params import Params
from strategies.curation.strategy import Curation

__all__ = ["Curation", "Params"]
