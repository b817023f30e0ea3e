"""Assets go to the Safe itself or to an address that the stewards named."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from pydantic import Field

from dao_bot.domain.calls import DecodedCall
from dao_bot.domain.verdict import RuleReport
from dao_bot.fields import Settings
from dao_bot.policy.facts import PolicyFacts
from dao_bot.policy.liquidity import position_of
from dao_bot.policy.report import broken, kept
from dao_bot.policy.words import call_subject, label_of


class AllowedRecipientsParams(Settings):
    """Parameters of the rule `allowed_recipients`."""

    only: tuple[str, ...] | None = Field(
        default=None, description="labels of the address book that may receive; all of them when it is left out"
    )


class AllowedRecipients:
    """Mandatory. A call that takes assets says who receives them, or that it burns them (see the rule `burn`)."""

    name: ClassVar[str] = "allowed_recipients"
    Params: ClassVar[type[Settings]] = AllowedRecipientsParams

    def __init__(self, params: AllowedRecipientsParams) -> None:
        self._only = params.only

    def check(self, facts: PolicyFacts) -> Iterator[RuleReport]:
        allowed = {facts.batch.safe} | {
            address for address, label in facts.address_book.items() if self._only is None or label in self._only
        }
        problems = 0
        for position, decoded in enumerate(facts.decoded, 1):
            strangers = [recipient for recipient in decoded.recipients if recipient not in allowed]
            for recipient in strangers:
                problems += 1
                yield broken(
                    self.name,
                    call_subject(position, decoded),
                    "Only the Safe itself and the policy's recipients may receive; add it to the address book "
                    "after its owner proved the address.",
                    after=label_of(facts, recipient),
                )
            if _changes_a_strangers_position(facts, decoded):
                problems += 1
                yield broken(
                    self.name,
                    call_subject(position, decoded),
                    "The position is none of the Safe's in a configured pool, so what is in it goes to somebody else.",
                )
            if _takes_without_a_recipient(decoded):
                problems += 1
                yield broken(
                    self.name, call_subject(position, decoded), "The call takes assets, and does not say who gets them."
                )
        if not problems:
            yield kept(self.name, "", "Everything goes to the Safe itself or to named recipients.")


def _changes_a_strangers_position(facts: PolicyFacts, decoded: DecodedCall) -> bool:
    change = decoded.position
    return change is not None and change.token_id is not None and position_of(facts, change) is None


def _takes_without_a_recipient(decoded: DecodedCall) -> bool:
    """What no protocol understands is left to `allowed_targets`."""
    takes = bool(decoded.spends or decoded.call.value)
    only_burns = decoded.burns is not None and decoded.spends == (decoded.burns,) and not decoded.call.value
    return takes and not decoded.recipients and decoded.function is not None and not only_burns
