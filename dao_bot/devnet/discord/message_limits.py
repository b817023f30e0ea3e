"""What a message, its embeds and its components may be: `resources/message`, `components/reference`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dao_bot.devnet.discord.errors import ApiError, invalid_form
from dao_bot.devnet.discord.model import EPHEMERAL, Json

MOST_CONTENT = 2000
MOST_EMBEDS = 10
MOST_EMBED_TEXT = 6000
MOST_ROWS = 5
MOST_BUTTONS = 5
MOST_ALLOWED_MENTIONS = 100
_EMBED_LENGTHS = {"title": 256, "description": 4096}
_ROW, _BUTTON, _STRING_SELECT, _TEXT_INPUT = 1, 2, 3, 4
_LINK_STYLE = 5
_SUPPRESS_EMBEDS, _SUPPRESS_NOTIFICATIONS = 1 << 2, 1 << 12
_FLAGS = EPHEMERAL | _SUPPRESS_EMBEDS | _SUPPRESS_NOTIFICATIONS

Problems = dict[str, str]


def check_message(body: Json, *, attached: Sequence[str] = (), new: bool = True) -> None:
    """Refuse what Discord refuses of a new message, or of an edit.

    Raises:
        ApiError: 50006 for an empty message, 50035 for anything longer or other than it may be.
    """
    problems: Problems = {}
    content = body.get("content") or ""
    embeds, components = body.get("embeds") or [], body.get("components") or []
    if new and not (content or embeds or components or attached or body.get("poll")):
        raise ApiError(400, 50006, "Cannot send an empty message")
    if len(content) > MOST_CONTENT:
        problems["content"] = f"Must be {MOST_CONTENT} or fewer in length."
    if (body.get("flags") or 0) & ~_FLAGS:
        problems["flags"] = "Flags other than ephemeral, suppressed embeds and suppressed notifications."
    _check_embeds(embeds, attached, problems)
    _check_rows(components, problems)
    _check_mentions(body.get("allowed_mentions"), problems)
    if problems:
        raise invalid_form(problems)


def check_modal(data: Json) -> None:
    """`interactions/receiving-and-responding#interaction-response-object-modal`.

    Raises:
        ApiError: 50035.
    """
    problems: Problems = {}
    _length(data.get("title"), "title", 1, 45, problems)
    _length(data.get("custom_id"), "custom_id", 1, 100, problems)
    rows = data.get("components") or []
    if not 1 <= len(rows) <= MOST_ROWS:
        problems["components"] = f"Must be between 1 and {MOST_ROWS} in length."
    for number, item in enumerate(modal_inputs(data)):
        path = f"components.{number}"
        _length(item.get("custom_id"), f"{path}.custom_id", 1, 100, problems)
        if item.get("type") != _TEXT_INPUT or item.get("style") not in (1, 2):
            problems[path] = "Only text inputs of style 1 or 2 here."
        if item.get("max_length") is not None and not 1 <= item["max_length"] <= 4000:
            problems[f"{path}.max_length"] = "Must be between 1 and 4000."
        if "label" in item and item["label"] is not None:
            _length(item["label"], f"{path}.label", 1, 45, problems)
    if problems:
        raise invalid_form(problems)


def modal_inputs(data: Json) -> list[Json]:
    """Its text inputs, in rows or in labels."""
    found: list[Json] = []
    for row in data.get("components") or []:
        inner = row.get("components") or ([row["component"]] if "component" in row else [])
        found += inner
    return found


def _check_embeds(embeds: Sequence[Json], attached: Sequence[str], problems: Problems) -> None:
    """`resources/message#embed-object-embed-limits`."""
    if len(embeds) > MOST_EMBEDS:
        problems["embeds"] = f"Must be {MOST_EMBEDS} or fewer in length."
    total = 0
    for number, embed in enumerate(embeds):
        path = f"embeds.{number}"
        for key, most in _EMBED_LENGTHS.items():
            if len(embed.get(key) or "") > most:
                problems[f"{path}.{key}"] = f"Must be {most} or fewer in length."
        fields = embed.get("fields") or []
        if len(fields) > 25:
            problems[f"{path}.fields"] = "Must be 25 or fewer in length."
        for index, one in enumerate(fields):
            _length(one.get("name"), f"{path}.fields.{index}.name", 1, 256, problems)
            _length(one.get("value"), f"{path}.fields.{index}.value", 1, 1024, problems)
        footer = (embed.get("footer") or {}).get("text") or ""
        author = (embed.get("author") or {}).get("name") or ""
        if len(footer) > 2048 or len(author) > 256:
            problems[path] = "Footer of at most 2048, author of at most 256."
        image = (embed.get("image") or {}).get("url") or ""
        if image.startswith("attachment://") and image.removeprefix("attachment://") not in attached:
            problems[f"{path}.image.url"] = "Names a file that is not attached."
        total += sum(len(embed.get(key) or "") for key in _EMBED_LENGTHS) + len(footer) + len(author)
        total += sum(len(one.get("name") or "") + len(one.get("value") or "") for one in fields)
    if total > MOST_EMBED_TEXT:
        problems["embeds"] = f"Embed size exceeds maximum size of {MOST_EMBED_TEXT}"


def _check_rows(rows: Sequence[Json], problems: Problems) -> None:
    """Action rows of buttons, or of one select: `components/reference#action-row`."""
    if len(rows) > MOST_ROWS:
        problems["components"] = f"Must be between 1 and {MOST_ROWS} in length."
    seen: set[str] = set()
    for number, row in enumerate(rows):
        path, items = f"components.{number}", row.get("components") or []
        if row.get("type") != _ROW:
            problems[path] = "Only action rows may stand at the top."
            continue
        if not 1 <= len(items) <= MOST_BUTTONS:
            problems[path] = f"Must be between 1 and {MOST_BUTTONS} in length."
        for index, item in enumerate(items):
            _check_item(item, f"{path}.components.{index}", len(items), seen, problems)


def _check_item(item: Json, path: str, neighbours: int, seen: set[str], problems: Problems) -> None:
    """`components/reference#button`, `#string-select`."""
    kind = item.get("type")
    if kind == _BUTTON and item.get("style") == _LINK_STYLE:
        if not str(item.get("url", "")).startswith(("http://", "https://")) or "custom_id" in item:
            problems[path] = "A link button has an http(s) url and no custom_id."
        return
    _length(item.get("custom_id"), f"{path}.custom_id", 1, 100, problems)
    if item.get("custom_id") in seen:
        problems[f"{path}.custom_id"] = "Component custom id cannot be duplicated"
    seen.add(str(item.get("custom_id")))
    if kind == _BUTTON:
        if item.get("style") not in (1, 2, 3, 4):
            problems[f"{path}.style"] = "Must be one of 1, 2, 3, 4."
        _length(item.get("label"), f"{path}.label", 1, 80, problems)
    elif kind == _STRING_SELECT:
        if neighbours != 1 or not 1 <= len(item.get("options") or []) <= 25:
            problems[path] = "A select stands alone in its row and has 1 to 25 options."
        for option in item.get("options") or []:
            _length(option.get("label"), f"{path}.options.label", 1, 100, problems)
            _length(option.get("value"), f"{path}.options.value", 1, 100, problems)
    else:
        problems[f"{path}.type"] = "Only buttons and string selects stand in messages here."


def _check_mentions(allowed: Any, problems: Problems) -> None:
    """`resources/message#allowed-mentions-object`: a list of ids and the word for all of them exclude each other."""
    if allowed is None:
        return
    for key in ("users", "roles"):
        listed = allowed.get(key) or []
        if len(listed) > MOST_ALLOWED_MENTIONS:
            problems[f"allowed_mentions.{key}"] = f"Must be {MOST_ALLOWED_MENTIONS} or fewer in length."
        if listed and key in (allowed.get("parse") or []):
            problems["allowed_mentions"] = f"parse:[{key!r}] and {key}: [ids...] are mutually exclusive."


def _length(value: Any, path: str, least: int, most: int, problems: Problems) -> None:
    if not isinstance(value, str) or not least <= len(value) <= most:
        problems[path] = f"Must be between {least} and {most} in length."
