"""A proposal as the page shows it: texts for people, all from the bytes and from a simulation made just now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from dao_bot.cards.calls import rows_of
from dao_bot.cards.model import CardModel, HoldingRow, OtherAsset, Party
from dao_bot.cards.text import amount, number, usd, utc
from dao_bot.domain.calls import DecodedCall

Json = dict[str, Any]


def shown_card(card: CardModel) -> Json:
    """What a signer or voter reads; the page puts nothing of it but text into its document."""
    return {
        "title": card.title,
        "status": {"words": card.status.words, "tone": card.status.tone.value},
        "story": {"changes": card.story.changes, "costs": card.story.costs, "fails": card.story.fails},
        "concerns": [{"tone": concern.tone.value, "text": concern.text} for concern in card.concerns],
        "changes": [
            *(_holding(row) for row in card.holdings if row.changes),
            *(_other(asset) for asset in card.others),
        ],
        "simulation": {
            "success": card.simulated,
            "witnesses": len(card.witnesses),
            "reason": card.revert_reason,
        },
        "strategy": card.strategy,
        "says": card.words.reason,
        "approval": card.approval_rule,
        "deadline": card.deadline,
        "told_at": utc(card.now),
        "proposal": card.proposal_id,
        "batch": card.batch_hash,
        "safe": _party(card.safe),
        "policy": [row.message for row in card.rules if row.violated],
        "owners": None
        if card.signatures is None
        else {
            "threshold": card.signatures.threshold,
            "all": [{**_party(owner), "signed": owner in card.signatures.signed} for owner in card.signatures.owners],
        },
    }


def shown_calls(calls: Sequence[DecodedCall], labels: Mapping[str, str]) -> list[Json]:
    """Calls in order, with their arguments."""
    return [
        {
            "number": row.number,
            "summary": row.summary,
            "to": _party(row.to),
            "function": row.function,
            "size": row.data_size,
            "arguments": [{"name": name, "type": kind, "value": value} for name, kind, value in row.arguments],
        }
        for row in rows_of(calls, labels)
    ]


def _party(party: Party) -> Json:
    return {"address": party.address, "label": party.label}


def _holding(row: HoldingRow) -> Json:
    return {
        "asset": row.token.symbol,
        "address": row.token.address,
        "change": amount(row.token, row.delta, row.price, signed=True),
        "before": amount(row.token, row.before, row.price),
        "after": amount(row.token, row.expected, row.price),
        "worth": usd(row.usd(row.delta), signed=True),
        "gains": row.delta > 0,
    }


def _other(asset: OtherAsset) -> Json:
    name = asset.label or "an asset that the treasury does not list"
    units = f"NFT {asset.token_id}" if asset.token_id is not None else "base units"
    return {
        "asset": name,
        "address": asset.address,
        "change": f"{number(asset.delta, 0, signed=True)} {units}",
        "before": None,
        "after": None,
        "worth": None,
        "gains": asset.delta > 0,
    }
