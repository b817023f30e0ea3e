"""What the process of `dao-bot discord` does without while people wait for an acknowledgement."""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterator

import pytest

from dao_bot.app.chatting import put_acknowledgements_first


@pytest.fixture
def as_before() -> Iterator[None]:
    """Of the interpreter."""
    switching, thresholds = sys.getswitchinterval(), gc.get_threshold()
    yield
    sys.setswitchinterval(switching)
    gc.set_threshold(*thresholds)
    gc.unfreeze()


@pytest.mark.usefixtures("as_before")
def test_thousands_of_clicks_in_hand_are_not_gone_through_by_the_collector_again_and_again() -> None:
    put_acknowledgements_first()
    before = gc.get_stats()
    held = [{"click": [number]} for number in range(500_000)]
    young, middle, old = (
        after["collections"] - one["collections"] for one, after in zip(before, gc.get_stats(), strict=True)
    )
    assert len(held) == 500_000
    assert young > 1000 and middle > 100, "what is short-lived is collected as ever"
    assert old == 0
