"""Nobody is asked: only what the chain itself enforces limits the batch."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from dao_bot.engine.approvals import ApprovalContext, Judgement, left_to_owners
from dao_bot.fields import Settings

if TYPE_CHECKING:
    from dao_bot.engine.look import Look
    from dao_bot.store.values import StoredProposal


class NobodySettings(Settings):
    """No settings."""


class Nobody:
    """Nobody is asked. On the multisig route this is `owners`: nothing executes until they have signed."""

    name: ClassVar[str] = "none"
    Settings: ClassVar[type[NobodySettings]] = NobodySettings

    def __init__(self, settings: NobodySettings, context: ApprovalContext) -> None:
        pass

    def judge(self, stored: StoredProposal, seen: Look) -> Judgement:
        return left_to_owners(stored.proposal, self.name)

    def grounds(self, stored: StoredProposal) -> Mapping[str, object]:
        return {}

    def judge_again(self, stored: StoredProposal, grounds: Mapping[str, Any], seen: Look) -> Judgement:
        return self.judge(stored, seen)
