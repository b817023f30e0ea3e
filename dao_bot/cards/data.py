"""The card as JSON for programs. The schema is stable: fields are added, never renamed or removed within a version.

- `schema` names the version. Times are epoch seconds (chain time). Hashes and addresses are 0x-hex.
- Every amount is an object `{"units": "620000000000", "decimals": 6}`: base units as a string, because JSON readers
  lose integers above 2^53. USD values, prices and ratios (shares, deviations; 1 is 100 %) have 18 decimals.
- `null` means not known (no usable price) or not yet (no outcome).
- Words under `strategy_says` are the strategy's own; everything else comes from the bytes and the simulation.
"""

from __future__ import annotations

from typing import Any

from dao_bot.cards.decision import DecisionCard
from dao_bot.cards.model import CallRow, CardModel, HoldingRow, Party, PositionRow, PriceRow, Quality, StrategyWords
from dao_bot.domain.runs import Block
from dao_bot.domain.tokens import Token

PROPOSAL_SCHEMA = "dao-bot/proposal-card/1"
DECISION_SCHEMA = "dao-bot/decision-card/1"

Json = dict[str, Any]


def as_json(card: CardModel) -> Json:
    """The card as plain JSON types."""
    return {
        "schema": PROPOSAL_SCHEMA,
        "id": card.proposal_id,
        "title": card.title,
        "state": card.state.value if card.state else None,
        "status": {"words": card.status.words, "tone": card.status.tone.value},
        "story": {
            "changes": card.story.changes,
            "costs": card.story.costs,
            "fails": card.story.fails,
            "result": card.story.result,
        },
        "concerns": [{"tone": concern.tone.value, "text": concern.text} for concern in card.concerns],
        "strategy": card.strategy,
        "run": {"nominal": card.nominal, "attempt": card.attempt},
        "urgent": card.urgent,
        "approval_rule": card.approval_rule,
        "valid_until": card.valid_until,
        "told_at": card.now,
        "block": _block(card.block),
        "safe": {**_party(card.safe), "version": card.safe_version},
        "transaction": {
            "route": card.route,
            "to": _party(card.target),
            "operation": card.operation.name.lower(),
            "data_size": card.data_size,
        },
        "hashes": _hashes(card),
        "signatures": _signatures(card),
        "cost": _cost(card),
        "payments": [
            {
                "token": payment.address,
                "symbol": payment.token.symbol if payment.token else None,
                "amount": _amount(payment.units, payment.token.decimals if payment.token else None),
                "recipients": [_party(recipient) for recipient in payment.recipients],
            }
            for payment in card.payments
        ],
        "holdings": [_holding(row) for row in card.holdings],
        "other_assets": [
            {
                "address": asset.address,
                "label": asset.label,
                "token_id": None if asset.token_id is None else str(asset.token_id),
                "change": _amount(asset.delta, None),
            }
            for asset in card.others
        ],
        "positions": [_position(row) for row in card.positions],
        "calls": [_call(row) for row in card.calls],
        "rules": [
            {
                "rule": row.rule,
                "subject": row.subject,
                "before": row.before,
                "after": row.after,
                "limit": row.limit,
                "binds": row.binds,
                "violated": row.violated,
                "message": row.message,
            }
            for row in card.rules
        ],
        "prices": [_price(row) for row in card.prices],
        "strategy_says": _words(card.words),
        "simulation": {
            "success": card.simulated,
            "revert_reason": card.revert_reason,
            "witnesses": [
                {
                    "method": witness.method,
                    "endpoint": witness.endpoint,
                    "success": witness.success,
                    "gas_used": witness.gas_used,
                    "revert_reason": witness.revert_reason,
                }
                for witness in card.witnesses
            ],
        },
        "outcome": _outcome(card),
        "quality": _quality(card.quality),
    }


def decision_json(card: DecisionCard) -> Json:
    """A decision to do nothing as plain JSON types."""
    return {
        "schema": DECISION_SCHEMA,
        "title": card.title,
        "strategy": card.strategy,
        "run": {"nominal": card.nominal},
        "block": _block(card.block),
        "strategy_says": _words(card.words),
    }


def _amount(units: int | None, decimals: int | None) -> Json | None:
    return None if units is None else {"units": str(units), "decimals": decimals}


def _wad(value: int | None) -> Json | None:
    return _amount(value, 18)


def _token(token: Token) -> Json:
    return {"symbol": token.symbol, "address": token.address, "decimals": token.decimals}


def _party(party: Party) -> Json:
    return {"address": party.address, "label": party.label}


def _block(block: Block) -> Json:
    return {"chain_id": block.chain_id, "number": block.number, "hash": block.hash, "timestamp": block.timestamp}


def _hashes(card: CardModel) -> Json:
    made = card.hashes
    return {
        "batch": card.batch_hash,
        "policy": card.policy_hash,
        "observation": card.observation_digest,
        "nonce": made.nonce if made else None,
        "domain": made.domain_hash if made else None,
        "message": made.message_hash if made else None,
        "safe_tx": made.safe_tx_hash if made else None,
    }


def _signatures(card: CardModel) -> Json | None:
    made = card.signatures
    if made is None:
        return None
    return {
        "threshold": made.threshold,
        "owners": [_party(owner) for owner in made.owners],
        "signed": [_party(owner) for owner in made.signed],
    }


def _cost(card: CardModel) -> Json:
    cost = card.cost
    return {
        "sold_usd": _wad(cost.sold),
        "expected_usd": _wad(cost.expected),
        "worst_usd": _wad(cost.worst),
        "realised_usd": _wad(cost.realised),
        "expected_of_sold": _wad(cost.of_sold(cost.expected)),
        "worst_of_sold": _wad(cost.of_sold(cost.worst)),
        "realised_of_sold": _wad(cost.of_sold(cost.realised)),
        "gas_used": str(cost.gas_used),
        "gas_usd": _wad(cost.gas_usd),
    }


def _holding(row: HoldingRow) -> Json:
    decimals = row.token.decimals
    return {
        **_token(row.token),
        "before": _amount(row.before, decimals),
        "expected": _amount(row.expected, decimals),
        "realised": _amount(row.realised, decimals),
        "change": _amount(row.delta, decimals),
        "realised_change": _amount(row.realised_delta, decimals),
        "price_usd": _wad(row.price),
        "before_usd": _wad(row.usd(row.before)),
        "expected_usd": _wad(row.usd(row.expected)),
        "change_usd": _wad(row.usd(row.delta)),
        "share_before": _wad(row.share_before),
        "share_after": _wad(row.share_after),
    }


def _position(row: PositionRow) -> Json:
    return {
        "manager": row.manager,
        "token_id": str(row.token_id),
        "tokens": None if row.tokens is None else [_token(token) for token in row.tokens],
        "ticks": [row.lower, row.upper],
        "is_new": row.is_new,
        "before": _pair(row, row.before),
        "after": _pair(row, row.after),
        "before_usd": _wad(row.usd_before),
        "after_usd": _wad(row.usd_after),
    }


def _pair(row: PositionRow, contents: tuple[int, int] | None) -> list[Json | None] | None:
    if contents is None or row.tokens is None:
        return None
    return [_amount(units, token.decimals) for units, token in zip(contents, row.tokens, strict=True)]


def _call(row: CallRow) -> Json:
    return {
        "number": row.number,
        "to": _party(row.to),
        "protocol": row.protocol,
        "function": row.function,
        "summary": row.summary,
        "arguments": [{"name": name, "type": kind, "value": value} for name, kind, value in row.arguments],
        "value": _wad(row.value),
        "selector": row.selector,
        "data_size": row.data_size,
    }


def _price(row: PriceRow) -> Json:
    return {
        **_token(row.token),
        "usd": _wad(row.usd),
        "from_one_dollar": _wad(row.peg_deviation),
        "sources": [
            {
                "source": source.source,
                "usd": _wad(source.usd),
                "age": source.age,
                "max_age": source.max_age,
                "stale": source.stale,
                "deviation": _wad(source.deviation),
            }
            for source in row.sources
        ],
        "problems": list(row.problems),
    }


def _words(words: StrategyWords) -> Json:
    return {
        "reason": words.reason,
        "summary": list(words.summary),
        "evidence": [{"name": name, "value": value} for name, value in words.evidence],
        "binding": [{"name": name, "shadow_price": value} for name, value in words.binding],
        "wake_at": words.wake_at,
    }


def _quality(quality: Quality | None) -> Json | None:
    if quality is None:
        return None
    return {
        "out_usd": _wad(quality.out),
        "back_usd": _wad(quality.back),
        "sold_usd": _wad(quality.sold),
        "expected_cost_usd": _wad(quality.expected),
        "expected_cost_of_sold": _wad(quality.expected_share),
        "realised_cost_usd": _wad(quality.realised),
        "realised_cost_of_sold": _wad(quality.realised_share),
        "shortfall_usd": _wad(quality.shortfall),
        "shortfall_of_out": _wad(quality.shortfall_share),
        "gas_usd": _wad(quality.gas),
        "approved_at": quality.times.approved_at,
        "executed_at": quality.times.executed_at,
        "final_at": quality.times.final_at,
        "seconds_to_execution": quality.to_execution,
        "seconds_to_finality": quality.to_finality,
    }


def _outcome(card: CardModel) -> Json | None:
    outcome = card.outcome
    if outcome is None:
        return None
    return {
        "transaction_hash": outcome.transaction_hash,
        "block_number": outcome.block_number,
        "block_hash": outcome.block_hash,
        "success": outcome.success,
        "gas_used": str(outcome.gas_used),
        "gas_cost": _wad(outcome.gas_cost),
    }
