"""The options of a ballot, and the pieces of a choice, validated: both come from people."""

from __future__ import annotations

from collections.abc import Sequence

from governance.ballots.errors import InvalidBallot, InvalidChoice

MOST_OPTIONS = 100
LONGEST_OPTION = 200


def require_options(options: Sequence[str]) -> None:
    """Raise InvalidBallot unless these are options to choose from."""
    if not 2 <= len(options) <= MOST_OPTIONS:
        raise InvalidBallot(
            "a ballot with too few or too many options", value=len(options), limit=f"2 to {MOST_OPTIONS}"
        )
    for option in options:
        if not isinstance(option, str) or not 0 < len(option.strip()) <= LONGEST_OPTION:
            raise InvalidBallot("an option without a usable name", value=repr(option), limit="1 to 200 characters")
    if len({option.strip().casefold() for option in options}) < len(options):
        raise InvalidBallot("two options have the same name", value=", ".join(options))


def require_quorum(quorum: int) -> None:
    """Raise InvalidBallot unless this is an amount of power."""
    if quorum < 0:
        raise InvalidBallot("a negative quorum", value=quorum, limit="0 or more, in 10^-6 token")


def option_number(raw: object, options: int) -> int:
    """The number of an option, from 1. Booleans and floats are not numbers of options."""
    if isinstance(raw, bool) or not isinstance(raw, int) or not 1 <= raw <= options:
        raise InvalidChoice("there is no such option", value=_short(raw), limit=f"a whole number from 1 to {options}")
    return raw


def option_numbers(raw: object, options: int) -> tuple[int, ...]:
    """Numbers of different options, in the order given; none is allowed here."""
    if not isinstance(raw, (list, tuple)) or len(raw) > options:
        raise InvalidChoice("not a list of options", value=_short(raw), limit=f"at most {options} numbers of options")
    numbers = tuple(option_number(item, options) for item in raw)
    if len(set(numbers)) < len(numbers):
        raise InvalidChoice("an option is named twice", value=_short(raw))
    return numbers


def _short(raw: object) -> str:
    text = repr(raw)
    return text if len(text) <= 80 else f"{text[:77]}..."
