"""k of n stewards approve, and a few of them can stop it."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from dao_bot.engine.approvals import ApprovalContext
from governance.acts.terms import Terms
from governance.approvals.judge import PeopleRule
from governance.approvals.settings import SignedAboveField, StewardSettings


class StewardsSettings(StewardSettings):
    """Stewards approve."""

    signed_above: SignedAboveField | None = Field(
        default=None, description="of a batch worth more, only approvals that wallets signed count"
    )


class Stewards(PeopleRule):
    """Enough stewards approve, and not so many veto. A steward's last word counts until the batch is sent."""

    name: ClassVar[str] = "stewards"
    Settings: ClassVar[type[StewardsSettings]] = StewardsSettings

    def __init__(self, settings: StewardsSettings, context: ApprovalContext) -> None:
        super().__init__(Terms(settings.steward_terms, None, settings.signed_above), context)
