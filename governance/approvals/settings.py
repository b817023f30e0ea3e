"""Settings that several approval rules share."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated

from pydantic import AfterValidator, Field, TypeAdapter, ValidationError, ValidationInfo, WithJsonSchema

from dao_bot.domain.errors import BadInput
from dao_bot.domain.units import WAD
from dao_bot.fields import DurationField, IntField, RatioField, Settings, UsdField
from dao_bot.suggest import did_you_mean
from governance.acts.terms import BallotTerms, StewardTerms
from governance.ballots.for_against import ForAgainst
from governance.ballots.late_swing import LateSwing
from governance.ballots.power import POWER_DECIMALS
from governance.power.fixed_list import PowerText


def _known(what: str, value: str, info: ValidationInfo) -> str:
    known = info.context.get(what) if isinstance(info.context, dict) else None
    if known is not None and value not in known:
        raise ValueError(f"there is no `{value}` under governance.{what}. {did_you_mean(value, known)}".strip())
    return value


def _enough(value: int, info: ValidationInfo) -> int:
    stewards = info.context.get("stewards") if isinstance(info.context, dict) else None
    if stewards is not None and value > len(stewards):
        raise ValueError(f"{value} stewards are asked for, and governance.stewards has {len(stewards)}")
    return value


TierField = Annotated[
    str,
    AfterValidator(lambda value, info: _known("power", value, info)),
    WithJsonSchema({"type": "string", "description": "a name under governance.power", "examples": ["members"]}),
]
CountField = Annotated[IntField, Field(ge=1), AfterValidator(_enough)]
"""A number of stewards; never more than there are."""

AmountField = Annotated[
    PowerText,
    WithJsonSchema({"type": "string", "description": "voting power, in whole units", "examples": ["100000"]}),
]
SignedAboveField = Annotated[UsdField, Field(ge=0)]
"""USD (WAD)."""


def power(text: str) -> int:
    """`12.5`, checked before, in 10^-6 of the unit."""
    return int(Decimal(text).scaleb(POWER_DECIMALS))


def parse_power(text: str) -> int:
    """`12.5`, as a person wrote it, in 10^-6 of the unit.

    Raises:
        BadInput: it is no such number.
    """
    try:
        return power(TypeAdapter(PowerText).validate_python(text))
    except ValidationError:
        raise BadInput("not an amount of voting power", value=repr(text)[:40], limit="such as 12.5") from None


class LateSwingSettings(Settings):
    """An outcome that turns just before the end leaves the others time to answer."""

    window: Annotated[DurationField, Field(ge=1)] = Field(description="how long before the end a turn counts as late")
    extension: Annotated[DurationField, Field(ge=1)] = Field(description="by how much the end moves then")
    times: Annotated[IntField, Field(ge=1, le=10)] = Field(default=1, description="how often at most")


class StewardSettings(Settings):
    """What is asked of stewards."""

    approvals: CountField = Field(description="how many stewards must approve")
    vetoes: CountField = Field(default=1, description="how many stewards' vetoes defeat it")

    @property
    def steward_terms(self) -> StewardTerms:
        return StewardTerms(self.approvals, self.vetoes)


class BallotSettings(Settings):
    """A vote of members: for, against, abstain."""

    power: TierField = Field(description="what a vote weighs")
    duration: Annotated[DurationField, Field(ge=60)] = Field(description="how long the vote takes")
    quorum: AmountField = Field(description="least power of what is for it or abstains", examples=["100000"])
    threshold: Annotated[RatioField, Field(ge=0, lt=WAD)] = Field(
        default=WAD // 2, description="share of for among for and against that must be passed, not met"
    )
    late_swing: LateSwingSettings | None = Field(default=None, description="extension after a late turn")
    transitive_delegation: bool = Field(
        default=False, description="delegated power follows delegates who do not vote to theirs"
    )

    @property
    def ballot_terms(self) -> BallotTerms:
        swing = self.late_swing
        return BallotTerms(
            self.power,
            ForAgainst(power(self.quorum), self.threshold),
            self.duration,
            None if swing is None else LateSwing(swing.window, swing.extension, swing.times),
            self.transitive_delegation,
        )
