"""What a price source is. Found by entry point `dao_bot.price_sources`; one file for each source."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from dao_bot.chain.plan import Answer, Read
from dao_bot.chain.provider import ReadContext, Treasury
from dao_bot.domain.needs import Need
from dao_bot.domain.tokens import Token


@dataclass(frozen=True, slots=True)
class Reading:
    """What one source said, before it is compared with others.

    Attributes:
        source: its name for people, unique among the sources of a token.
        price: WAD for one whole token: of US dollars, or of whole `against` tokens. None when `problem` says why.
        at: epoch seconds (chain time) at which the source stands by the price.
        max_age: seconds after which it counts for nothing.
        against: the token in which the price is measured; None for US dollars.
        problem: why there is no price. Age is not among the reasons: whoever compares judges it.
    """

    source: str
    price: int | None = None
    at: int = 0
    max_age: int = 0
    against: Token | None = None
    problem: str | None = None


class PriceSource(Protocol):
    """One source of one token's price, read in a single round.

    Its class has `name: ClassVar[str]`, as in strategies.yaml, and `Settings`, the model of what stands beside `use`.
    """

    def __init__(self, settings: Any, token: Token, treasury: Treasury) -> None: ...

    @property
    def against(self) -> Token | None:
        """The token in which it measures; None for US dollars."""
        ...

    @property
    def requires(self) -> tuple[Need[Any], ...]:
        """Needs that must have been read before `interpret`."""
        ...

    def reads(self) -> Sequence[Read]:
        """What to ask the chain; nothing for a source that lives on what it requires."""
        ...

    def interpret(self, answers: Sequence[Answer], context: ReadContext) -> Reading:
        """What the answers mean. Bad data is a `problem`, never an error: the other sources still count."""
        ...
