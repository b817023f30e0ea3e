"""Members vote."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from dao_bot.engine.approvals import ApprovalContext
from governance.acts.terms import Terms
from governance.approvals.judge import PeopleRule
from governance.approvals.settings import BallotSettings, SignedAboveField


class MembersSettings(BallotSettings):
    """Members vote."""

    signed_above: SignedAboveField | None = Field(
        default=None, description="of a batch worth more, only votes that wallets signed count"
    )


class Members(PeopleRule):
    """A vote of members with a quorum and a threshold, by voting power from before the proposal."""

    name: ClassVar[str] = "ballot"
    Settings: ClassVar[type[MembersSettings]] = MembersSettings

    def __init__(self, settings: MembersSettings, context: ApprovalContext) -> None:
        super().__init__(Terms(None, settings.ballot_terms, settings.signed_above), context)
