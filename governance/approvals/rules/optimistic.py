"""It passes unless it is vetoed while people can see it."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import Field

from dao_bot.engine.approvals import ApprovalContext
from dao_bot.fields import DurationField, Settings
from governance.acts.terms import BallotTerms, StewardTerms, Terms
from governance.approvals.judge import PeopleRule
from governance.approvals.settings import AmountField, CountField, TierField, power
from governance.ballots.optimistic import Optimistic


class UnvetoedSettings(Settings):
    """Who can veto, and for how long."""

    power: TierField = Field(description="what a veto weighs")
    veto_power: AmountField = Field(description="power of vetoes that defeats it", examples=["50000"])
    window: Annotated[DurationField, Field(ge=60)] = Field(
        description="how long the veto window must have run; it runs only while the card is seen to be visible, clicks "
        "arrive and nothing is frozen"
    )
    longest_gap: Annotated[DurationField, Field(ge=1)] = Field(
        default=120, description="time between two good sightings above which it does not count"
    )
    steward_vetoes: CountField = Field(default=1, description="how many stewards' vetoes defeat it")


class Unvetoed(PeopleRule):
    """Silence is consent only where people could have spoken. It never moves money alone: owners still sign, or the
    chain holds the batch to a role's limits."""

    name: ClassVar[str] = "optimistic"
    Settings: ClassVar[type[UnvetoedSettings]] = UnvetoedSettings

    def __init__(self, settings: UnvetoedSettings, context: ApprovalContext) -> None:
        method = Optimistic(power(settings.veto_power), settings.window, settings.longest_gap)
        stewards = StewardTerms(approvals=0, vetoes=settings.steward_vetoes)
        super().__init__(Terms(stewards, BallotTerms(settings.power, method, None)), context)
