"""What people did, taken out of one record and done again in an empty one; what a keeper wrote is left behind.

The power of votes is read from the chain again, and a ballot begins when the record says that it did, with power of the
block that it names, under its rule's own terms. So the same count comes out of the record, or another one out of a
record that somebody forged.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from dao_bot.domain.errors import BadInput
from governance.acts.kinds import BALLOT_OPENED, CARD_SEEN, DELEGATED, MANDATE_PROPOSED, ROLES_NOTED, STOOD, VOTED
from governance.wallets.events import KINDS

if TYPE_CHECKING:
    from dao_bot.store.acts import Act
    from dao_bot.store.store import Store

_OF_PEOPLE = (VOTED, CARD_SEEN, STOOD, DELEGATED, ROLES_NOTED, MANDATE_PROPOSED, *sorted(KINDS))

Open = Callable[["Act", frozenset[str]], Mapping[str, int]]
"""Opens the ballot that an act tells of; gets its voters, gives their power by lower-case name."""


def grounds_of(store: Store, subjects: Iterable[str]) -> dict[str, object]:
    """Everything that people did about these subjects, in the order of the record, and what was seen of them."""
    named = tuple(dict.fromkeys(subjects))
    found = [act for subject in named for act in store.acts(subject, *_OF_PEOPLE, BALLOT_OPENED)]
    acts = [
        {"subject": act.subject, "kind": act.kind, "actor": act.actor, "key": act.key, "at": act.at, "body": act.body}
        for act in sorted(found, key=lambda act: act.number)
    ]
    return {"acts": acts, "sightings": {subject: store.sightings(subject) for subject in named}}


@contextmanager
def empty_store() -> Iterator[Store]:
    """One that is gone afterwards."""
    from dao_bot.store.store import open_store

    with (
        tempfile.TemporaryDirectory(prefix="dao-bot-") as directory,
        open_store(f"sqlite:///{directory}/acts") as store,
    ):
        yield store


def do_again(store: Store, grounds: Mapping[str, Any], open_ballot: Open) -> None:
    """All of it in the order in which it was done.

    Raises:
        BadInput: this is nothing that `grounds_of` gave.
    """
    try:
        acts = [_act(each) for each in grounds["acts"]]
        sightings = [
            (str(subject), int(at), bool(good)) for subject, seen in grounds["sightings"].items() for at, good in seen
        ]
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise BadInput("this is not what a record has of an approval", value=repr(error)[:100]) from None
    for subject, at, good in sightings:
        store.record_sighting(subject, at, good=good)
    power: dict[str, Mapping[str, int]] = {}
    waiting: list[Act] = []
    for act in acts:
        if act.kind == BALLOT_OPENED:
            store.record_acts(waiting)
            waiting = []
            voters = frozenset(each.actor for each in acts if (each.kind, each.subject) == (VOTED, act.subject))
            power.setdefault(act.subject, open_ballot(act, voters))
        elif act.kind == VOTED:
            units = power.get(act.subject, {}).get(act.actor)
            if units:
                waiting.append(replace(act, body={**act.body, "power": units}))
        elif act.kind in _OF_PEOPLE:
            waiting.append(act)
    store.record_acts(waiting)


def _act(told: Mapping[str, Any]) -> Act:
    from dao_bot.store.acts import Act

    texts = (str(told["subject"]), str(told["kind"]), str(told["actor"]).lower(), str(told["key"]))
    return Act(*texts, int(told["at"]), dict(told["body"]))
