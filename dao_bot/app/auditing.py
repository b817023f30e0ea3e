"""`dao-bot audit`: the record's hash chain, verified and printed."""

from __future__ import annotations

import re
from pathlib import Path

from dao_bot.app.exits import DONE
from dao_bot.app.output import print_json, print_text
from dao_bot.cards.text import clean, utc
from dao_bot.config.load import load_config
from dao_bot.distribution import check_distribution
from dao_bot.domain.errors import BadInput
from dao_bot.domain.record import Head
from dao_bot.store.store import open_store

_HEAD = re.compile(r"(\d{1,15}):(0x[0-9a-f]{64})")


def audit(path: Path, head: str | None, as_facts: bool) -> int:
    """Verify everything; with a published head also that nothing was cut off or rewritten since."""
    published = _parse(head) if head is not None else None
    check_distribution()
    config = load_config(path)
    with open_store(config.store.url.resolve()) as store:
        verified = store.verify(published)
        events = store.events()
    if as_facts:
        print_json({"head": str(verified), "events": events})
        return DONE
    for event in events:
        subject = event.subject[2:14] if event.subject.startswith("0x") else event.subject[:20]
        print_text(f"{event.number:6} {utc(event.at)}  {clean(subject, 20):20} {clean(event.kind, 60)}")
    against = " and holds the published head" if published else ""
    print_text(f"The record of {len(events)} events is whole{against}. Its head:\n{verified}")
    return DONE


def _parse(text: str) -> Head:
    match = _HEAD.fullmatch(text.strip().lower())
    if match is None:
        raise BadInput(
            "not a head of the record", value=repr(text[:80]), limit="NUMBER:HASH as `dao-bot audit` prints it"
        )
    return Head(int(match[1]), match[2])
