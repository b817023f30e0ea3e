"""What is known of the community at one block: its events, cleaned, and who and what they speak of."""

from __future__ import annotations

import datetime
from dataclasses import dataclass, replace

import numpy as np

from dao_bot.strategy import Events, Observation
from strategies.curation.params import Params
from strategies.curation.reading import Read, Source, named, parameter, read
from strategies.curation.stakes import NOBODY, Floats, Ints, Kind, Log, Removed, cleaned

DAY = 86_400

MOST_UNLISTED = 1_000
"""Works that the parameters do not name and that still count toward standing and taste: the most staked on. Anybody can
register works without end, and every one of them costs time and memory."""


@dataclass(frozen=True, slots=True)
class Community:
    """Works are numbered as in the parameters first, then those that only events name.

    Attributes:
        log: cleaned events, in the order of the chain.
        names: of the works.
        identity: for each wallet its proven identity, or -1.
        since: epoch seconds at which each work began; the pinned block's where nothing is known of it.
        trait_names, has: traits, and (works, traits) 1 where a work has one.
        wallets: how many there are.
    """

    log: Log
    removed: Removed
    names: tuple[str, ...]
    identity: Ints
    since: Ints
    trait_names: tuple[str, ...]
    has: Floats

    @property
    def works(self) -> int:
        return len(self.names)


def gather(params: Params, seen: Observation) -> Community:
    """Read the streams of an observation; of works that are not listed, only the most staked on.

    Raises:
        BadInput: events are not what the parameters say, or impossible.
    """
    sources = _sources(params, seen)
    proven = {wallet.lower(): at for at, each in enumerate(params.identities.values()) for wallet in each}
    listed = {work.id.lower(): name for name, work in params.works.items()}
    found, unlisted = _bounded(read(sources, tuple(proven), tuple(listed)), len(listed))
    now = seen.block.timestamp
    identity = np.full(len(found.wallets), NOBODY, np.int64)
    identity[: len(proven)] = list(proven.values())
    person = np.where(identity != NOBODY, len(identity) + identity, np.arange(len(identity)))
    registered = _registered(params, seen)
    creator = _creators(params, registered, found.wallets, found.works, person)
    log, removed = cleaned(found.log, person, creator, now)
    removed = replace(removed, unlisted=unlisted)
    traits = tuple(dict.fromkeys(trait for work in params.works.values() for trait in work.traits))
    has = np.zeros((len(found.works), len(traits)))
    for row, work in enumerate(params.works.values()):
        has[row, [traits.index(trait) for trait in work.traits]] = 1.0
    names = tuple(listed.get(work, work) for work in found.works)
    return Community(log, removed, names, identity, _since(params, registered, found.works, log, now), traits, has)


def _bounded(found: Read, listed: int) -> tuple[Read, int]:
    """Without all but the most staked on of the works that are not listed, and how many events that left out."""
    works = len(found.works)
    if works <= listed + MOST_UNLISTED:
        return found, 0
    amount = np.where(found.log.kind == Kind.STAKE, found.log.amount, 0.0)
    staked = np.bincount(found.log.work, amount, works)[listed:]
    kept = np.sort(np.argsort(-staked, kind="stable")[:MOST_UNLISTED]) + listed
    codes = np.full(works, NOBODY, np.int64)
    codes[:listed] = np.arange(listed)
    codes[kept] = listed + np.arange(len(kept))
    stays = codes[found.log.work] != NOBODY
    log = found.log.where(stays)
    names = (*found.works[:listed], *(found.works[work] for work in kept.tolist()))
    return Read(replace(log, work=codes[log.work]), found.wallets, names), int((~stays).sum())


def _sources(params: Params, seen: Observation) -> list[Source]:
    staked = [
        Source(kind, seen[Events(each.stream)], each.wallet, each.work, each.amount, None, params.decimals)
        for kind, each in ((Kind.STAKE, params.stakes), (Kind.UNSTAKE, params.unstakes))
    ]
    return staked + [
        Source(
            Kind.SALE if each.kind == "sale" else Kind.USE,
            seen[Events(each.stream)],
            each.wallet,
            each.work,
            each.amount,
            each.seller,
            each.decimals,
        )
        for each in params.outcomes
    ]


def _registered(params: Params, seen: Observation) -> dict[str, tuple[str, int]]:
    """Work -> (creator, time); the first registration counts."""
    if params.registrations is None:
        return {}
    columns = seen[Events(params.registrations.stream)]
    works, work = named(parameter(columns, params.registrations.work), "the registered work")
    creators, creator = named(parameter(columns, params.registrations.creator), "the creator")
    found: dict[str, tuple[str, int]] = {}
    for what, who, when in zip(work.tolist(), creator.tolist(), columns.time.tolist(), strict=True):
        found.setdefault(works[what], (creators[who], when))
    return found


def _creators(
    params: Params,
    registered: dict[str, tuple[str, int]],
    wallets: tuple[str, ...],
    works: tuple[str, ...],
    person: Ints,
) -> Ints:
    told = {work.id.lower(): work.creator.lower() for work in params.works.values() if work.creator is not None}
    makers = {work: creator for work, (creator, _) in registered.items()} | told
    code = {wallet: at for at, wallet in enumerate(wallets)}
    return np.array([person[code[makers[w]]] if makers.get(w) in code else NOBODY for w in works], np.int64)


def _since(params: Params, registered: dict[str, tuple[str, int]], works: tuple[str, ...], log: Log, now: int) -> Ints:
    since = np.full(len(works), now, np.int64)
    np.minimum.at(since, log.work, log.time)
    for at, work in enumerate(works):
        if work in registered:
            since[at] = min(since[at], registered[work][1])
    for at, listed in enumerate(params.works.values()):
        if listed.since is not None:
            midnight = datetime.datetime.combine(listed.since, datetime.time(), datetime.UTC)
            since[at] = min(int(midnight.timestamp()), now)
    return since
