"""Ballots: what may be chosen, how voting power is counted, what follows; pure, exact and the same in any order."""

from governance.ballots.ballot import Ballot, ballot_from_record
from governance.ballots.delegation import DelegatedPower, Delegation, in_force, require_no_cycle
from governance.ballots.errors import DelegationCycle, InvalidBallot, InvalidChoice, InvalidVote
from governance.ballots.late_swing import LateSwing
from governance.ballots.merkle import merkle_root, prove, verify
from governance.ballots.method import ENTRY_POINTS, Choice, Count, Method, Outcome
from governance.ballots.power import POWER_DECIMALS, floor_power
from governance.ballots.tally import Tally, counted_votes, tally
from governance.ballots.veto_window import Seen, Sighting, closes_at, elapsed, seen_times
from governance.ballots.vote import Vote, vote_from_record

__all__ = [
    "ENTRY_POINTS",
    "POWER_DECIMALS",
    "Ballot",
    "Choice",
    "Count",
    "DelegatedPower",
    "Delegation",
    "DelegationCycle",
    "InvalidBallot",
    "InvalidChoice",
    "InvalidVote",
    "LateSwing",
    "Method",
    "Outcome",
    "Seen",
    "Sighting",
    "Tally",
    "Vote",
    "ballot_from_record",
    "closes_at",
    "counted_votes",
    "elapsed",
    "floor_power",
    "in_force",
    "merkle_root",
    "prove",
    "require_no_cycle",
    "seen_times",
    "tally",
    "verify",
    "vote_from_record",
]
