from __future__ import annotations

import json
from typing import Any

import pytest

from dao_bot.cards.data import as_json, decision_json
from dao_bot.cards.decision import tell_decision
from dao_bot.cards.model import SafeTransactionHashes
from dao_bot.cards.story import tell
from dao_bot.domain.decisions import Decision
from dao_bot.domain.lifecycle import State
from tests.unit.cards import samples

KEYS = set(
    [
        "schema",
        "id",
        "title",
        "state",
        "status",
        "story",
        "concerns",
        "strategy",
        "run",
        "urgent",
        "approval_rule",
        "valid_until",
        "told_at",
        "block",
        "safe",
        "transaction",
        "hashes",
        "signatures",
        "cost",
        "payments",
        "holdings",
        "other_assets",
        "positions",
        "calls",
        "rules",
        "prices",
        "strategy_says",
        "simulation",
        "outcome",
        "quality",
    ]
)
HOLDING_KEYS = set(
    [
        "symbol",
        "address",
        "decimals",
        "before",
        "expected",
        "realised",
        "change",
        "realised_change",
        "price_usd",
        "before_usd",
        "expected_usd",
        "change_usd",
        "share_before",
        "share_after",
    ]
)


def numbers(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return [number for item in value.values() for number in numbers(item)]
    if isinstance(value, list):
        return [number for item in value for number in numbers(item)]
    return [value] if isinstance(value, (int, float)) and not isinstance(value, bool) else []


def test_the_schema_is_the_promised_one() -> None:
    shown = as_json(tell(samples.rebalance()))
    assert shown["schema"] == "dao-bot/proposal-card/1"
    assert set(shown) == KEYS
    assert set(shown["holdings"][0]) == HOLDING_KEYS


@pytest.mark.parametrize("made", [samples.rebalance, samples.refused, samples.many, samples.reverting])
def test_any_json_reader_gets_every_number_exactly(made: Any) -> None:
    shown = as_json(tell(made(), outcome=samples.executed()))
    assert json.loads(json.dumps(shown, allow_nan=False)) == shown
    assert all(isinstance(number, int) and abs(number) < 2**53 for number in numbers(shown))


def test_amounts_are_the_models_base_units() -> None:
    made = samples.rebalance()
    shown = as_json(tell(made, state=State.EXECUTED, outcome=samples.executed()))
    by_symbol = {row["symbol"]: row for row in shown["holdings"]}
    for line in made.holdings[:5]:
        row = by_symbol[line.token.symbol]
        assert row["before"] == {"units": str(line.before), "decimals": line.token.decimals}
        assert row["expected"] == {"units": str(line.expected), "decimals": line.token.decimals}
    assert by_symbol["USDC"]["realised_change"] == {"units": "419801220000", "decimals": 6}
    assert shown["hashes"]["batch"] == made.batch.batch_hash
    assert shown["id"] == made.id
    assert shown["state"] == "executed"


def test_what_is_not_known_is_null() -> None:
    shown = as_json(tell(samples.refused()))
    assert shown["outcome"] is None
    assert shown["state"] is None
    assert shown["cost"]["worst_usd"] is None
    assert shown["hashes"]["safe_tx"] is None


def test_given_hashes_are_shown() -> None:
    hashes = SafeTransactionHashes(7, "0xd", "0xm", "0xs")
    shown = as_json(tell(samples.rebalance(), hashes=hashes))["hashes"]
    assert (shown["nonce"], shown["domain"], shown["message"], shown["safe_tx"]) == (7, "0xd", "0xm", "0xs")


def test_hostile_text_is_neutralised_in_json_too() -> None:
    for text in samples.HOSTILE_TEXTS:
        shown = json.dumps(as_json(tell(samples.hostile(text))), ensure_ascii=False)
        assert not {"\x1b", "\u202e", "\u200b", "\ufeff", "\ud800"} & set(shown)
        assert "A" * 700 not in shown


def test_a_decision_to_do_nothing_has_its_own_schema() -> None:
    card = tell_decision(samples.rebalance().run, samples.BLOCK, Decision.nothing("Not now.", wake_at=5))
    shown = decision_json(card)
    assert shown["schema"] == "dao-bot/decision-card/1"
    assert shown["strategy_says"]["reason"] == "Not now."
    assert shown["strategy_says"]["wake_at"] == 5
    assert shown["block"]["number"] == samples.BLOCK.number
