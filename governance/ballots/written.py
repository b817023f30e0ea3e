"""Choices as people write them in a line, and as they are told back: by the names or the numbers of options."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence

from dao_bot.domain.errors import BadInput
from dao_bot.suggest import did_you_mean
from governance.ballots.errors import InvalidChoice
from governance.ballots.method import Choice, Method

_WEIGHT = re.compile(r"([0-9]{1,6})\s*%?")

Written = int | Sequence[int] | Mapping[str, int]


def written_choice(text: str, method: Method) -> Written:
    """An option (`Red`, `2`), several of them, the best first (`Blue, Red`), weights (`Red: 60, 2: 40`), or JSON.

    An option whose name has a comma in it is meant by its number.

    Raises:
        BadInput: it names no option, or this kind of ballot takes no such choice.
    """
    try:
        raw = json.loads(text) if text.lstrip().startswith(("[", "{")) else None
    except (ValueError, RecursionError):
        raw = None
    if raw is None:
        raw = _options(text, method)
    method.parse(raw)
    chosen: Written = raw
    return chosen


def of_options(numbers: Sequence[int], method: Method) -> Written:
    """Options in the form that this kind of ballot takes; where a vote is divided, in equal parts."""
    if _divides(method):
        return {str(number): 1 for number in numbers}
    return numbers[0] if len(numbers) == 1 and _takes(method, numbers[0]) else list(numbers)


def told_choice(method: Method, choice: Choice) -> str:
    """The same for people: names, with their weights where a vote is divided."""
    options = method.options
    if isinstance(choice, int):
        return options[choice - 1]
    if _divides(method):
        return ", ".join(f"{option}: {weight}" for option, weight in zip(options, choice, strict=True) if weight)
    return ", ".join(options[number - 1] for number in choice) or "none of them"


def _options(text: str, method: Method) -> Written:
    names = {option.strip().casefold(): number for number, option in enumerate(method.options, start=1)}
    numbers = {str(number): number for number in names.values()}
    whole = names.get(text.strip().casefold())
    parts = [(whole, None)] if whole else [_part(part.strip().casefold(), names, numbers) for part in text.split(",")]
    if len({number for number, _ in parts}) < len(parts):
        raise BadInput("an option is named twice", value=repr(text)[:80])
    if all(weight is None for _, weight in parts):
        return of_options([number for number, _ in parts], method)
    if not _divides(method):
        raise BadInput("in this vote a choice has no weights", value=repr(text)[:80])
    return {str(number): 1 if weight is None else weight for number, weight in parts}


def _part(part: str, names: Mapping[str, int], numbers: Mapping[str, int]) -> tuple[int, int | None]:
    """One option, and its weight where one stands behind it; a name can end in digits itself."""
    known = names.get(part) or numbers.get(part)
    if known:
        return known, None
    name, _, weight = part.rpartition(":")
    known = names.get(name.strip()) or numbers.get(name.strip())
    if known and (match := _WEIGHT.fullmatch(weight.strip())):
        return known, int(match[1])
    raise BadInput(
        "there is no such option",
        value=repr(part)[:80],
        limit=", ".join(names)[:300],
        next_step=did_you_mean(part, names) or None,
    )


def _divides(method: Method) -> bool:
    return _takes(method, {"1": 1})


def _takes(method: Method, choice: object) -> bool:
    try:
        method.parse(choice)
    except InvalidChoice:
        return False
    return True
