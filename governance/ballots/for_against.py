"""For, against, abstain, with a quorum and a threshold: the ballot of a batch or a mandate (Snapshot's `basic`)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from dao_bot.domain.units import WAD, format_ratio
from governance.ballots.errors import InvalidBallot
from governance.ballots.method import Choice, Choices, Count, Outcome
from governance.ballots.options import option_number, require_quorum
from governance.ballots.single_choice import option_columns, option_scores
from governance.ballots.sums import Integers


@dataclass(frozen=True, slots=True)
class ForAgainst:
    """Passes with at least `quorum`, and more than `threshold` of what is for or against.

    Attributes:
        quorum: 10^-6 token; what is for and what abstains count towards it (OpenZeppelin's GovernorCountingSimple),
            so that nobody helps a proposal by voting against it.
        threshold: WAD share of for among for and against; abstentions do not count here. It must be passed, not met.
        against_counts_for_quorum: count all votes towards the quorum, as Snapshot does.
    """

    kind: ClassVar[str] = "for-against"

    quorum: int = 0
    threshold: int = WAD // 2
    against_counts_for_quorum: bool = False

    def __post_init__(self) -> None:
        require_quorum(self.quorum)
        if not 0 <= self.threshold < WAD:
            raise InvalidBallot(
                "the threshold is not a share", value=self.threshold, limit="0 to below 100 %, as a WAD"
            )

    @property
    def options(self) -> tuple[str, ...]:
        return ("For", "Against", "Abstain")

    def parse(self, raw: object) -> Choice:
        return option_number(raw, len(self.options))

    def columns(self, choices: Sequence[Choice]) -> Choices:
        return option_columns(choices)

    def count(self, choices: Choices, power: Integers) -> Count:
        return option_scores(choices, power, len(self.options))

    def outcome(self, count: Count, total: int) -> Outcome:
        in_favour, against, _ = count.scores
        present = total if self.against_counts_for_quorum else total - against
        if present < self.quorum:
            return Outcome(False, (2,), "the quorum is not reached")
        share = format_ratio(self.threshold)
        if in_favour * WAD > self.threshold * (in_favour + against):
            return Outcome(True, (1,), f"the quorum is reached and more than {share} are for it")
        return Outcome(False, (2,), f"not more than {share} are for it")
