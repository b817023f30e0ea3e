"""Members vote and stewards approve."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from dao_bot.engine.approvals import ApprovalContext
from dao_bot.fields import Settings
from governance.acts.terms import Terms
from governance.approvals.judge import PeopleRule
from governance.approvals.settings import BallotSettings, SignedAboveField, StewardSettings


class BothSettings(Settings):
    """What is asked of stewards, and of members."""

    stewards: StewardSettings = Field(description="what is asked of stewards")
    ballot: BallotSettings = Field(description="the vote of members")
    signed_above: SignedAboveField | None = Field(
        default=None, description="of a batch worth more, only approvals and votes that wallets signed count"
    )


class Both(PeopleRule):
    """Members pass it, and enough stewards approve it, in whatever order."""

    name: ClassVar[str] = "stewards-and-ballot"
    Settings: ClassVar[type[BothSettings]] = BothSettings

    def __init__(self, settings: BothSettings, context: ApprovalContext) -> None:
        terms = Terms(settings.stewards.steward_terms, settings.ballot.ballot_terms, settings.signed_above)
        super().__init__(terms, context)
