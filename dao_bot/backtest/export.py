"""A run as data: its measures as JSON, its marks, batches and visits as Parquet."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from dao_bot.backtest.buyers import Buyer
from dao_bot.backtest.measures import Marks, Measures
from dao_bot.backtest.purchases import ALLOWED_BPS, LEVEL
from dao_bot.backtest.result import Result
from dao_bot.domain.errors import BadInput
from dao_bot.domain.units import WAD


def measures_json(measures: Measures) -> dict[str, Any]:
    """Every measure by its name; what is not known is null."""
    facts = {name: _rounded(value) for name, value in dataclasses.asdict(measures).items()}
    return {**facts, "endings": {str(ending): count for ending, count in measures.endings.items()}}


def buyers_json(found: Sequence[Buyer]) -> list[dict[str, Any]]:
    """How good purchases with a budget were; prices in USD, differences in basis points, what is not known is null."""
    return [
        {
            "strategy": buyer.strategy,
            "token": buyer.token.symbol,
            "purchases": buyer.purchases,
            "spent_usd": _rounded(buyer.spent),
            "stretch_seconds": buyer.stretch,
            **{name: _rounded(value) for name, value in dataclasses.asdict(buyer.judgement).items()},
            "allowed_above_twap_bps": ALLOWED_BPS,
            "level": LEVEL,
            "near_twap": buyer.judgement.near_twap,
            "cheaper": buyer.judgement.cheaper,
            "well_timed": buyer.judgement.well_timed,
            "verdict": str(buyer.judgement.verdict),
            "says": list(buyer.judgement.sentences()),
        }
        for buyer in found
    ]


def assumptions(result: Result) -> dict[str, Any]:
    """What was stated rather than measured, and what a backtest leaves out."""
    test = result.backtest
    venues = test.market.venues.values()
    paths = test.market.paths
    return {
        "prices": {token.symbol: words for token, words in zip(paths.tokens, paths.words, strict=True)},
        "depth": {
            f"{each.pool.base}/{each.pool.quote} {each.pool.fee}": str(each.depth) for v in venues for each in v.pools
        },
        "trading": {
            f"{each.pool.base}/{each.pool.quote} {each.pool.fee}": str(each.traffic)
            for v in venues
            for each in v.pools
            if each.traffic is not None
        },
        "recovery_seconds": {venue.name: venue.recovery for venue in venues},
        "delay_seconds": test.delay,
        "slippage": f"{test.slippage.usual / WAD:.4%}",
        "gas_price_wei": test.market.gas_price,
        "rules_left_out": ["simulation", "safe_unchanged"] if test.governed else ["all"],
    }


def marks_table(marks: Marks) -> Any:
    """A pyarrow table: one row for each mark; columns `held`, `in positions` and `usd` for each token."""
    import pyarrow as pa

    columns: dict[str, Any] = {
        "time": pa.array(marks.time * 1_000_000, pa.timestamp("us", "UTC")),
        "value": marks.value,
        "hold": marks.hold,
        "equal": marks.equal,
        "unknown": marks.unknown,
    }
    for column, token in enumerate(marks.tokens):
        columns[f"held {token.symbol}"] = marks.whole[:, column]
        columns[f"in positions {token.symbol}"] = marks.inside[:, column]
        columns[f"usd {token.symbol}"] = marks.usd[:, column]
    return pa.table(columns)


def fills_table(result: Result) -> Any:
    """A pyarrow table: one row for each executed operation, and one for each batch that failed. Amounts are exact."""
    return _table(
        [
            {
                "batch": deed.batch.number,
                "strategy": deed.batch.strategy,
                "decided_at": deed.batch.decided_at,
                "at": deed.at,
                "urgent": deed.batch.urgent,
                "failure": deed.failure,
                "kind": fill.kind if fill else None,
                "sold": fill.sold.token.symbol if fill else None,
                "sold_units": str(fill.sold.units) if fill else None,
                "bought": fill.bought.token.symbol if fill and fill.bought else None,
                "bought_units": str(fill.bought.units) if fill and fill.bought else None,
                "sold_usd": fill.sold_usd if fill else None,
                "bought_usd": fill.bought_usd if fill else None,
                "fees_usd": fill.fees if fill else None,
                "batch_gas_usd": deed.gas_usd,
            }
            for deed in result.deeds
            for fill in (deed.fills or (() if deed.changes else (None,)))
        ]
    )


def positions_table(result: Result) -> Any:
    """A pyarrow table: one row for each executed change of a position. Amounts are exact, and signed for the Safe."""
    return _table(
        [
            {
                "batch": deed.batch.number,
                "strategy": deed.batch.strategy,
                "at": deed.at,
                "kind": change.kind,
                "token_id": change.token_id,
                "token": amount.token.symbol,
                "units": str(sign * amount.units),
                "fee_units": str(sum(fee.units for fee in change.fees if fee.token == amount.token)),
                "batch_gas_usd": deed.gas_usd,
            }
            for deed in result.deeds
            for change in deed.changes
            for sign, amounts in ((-1, change.paid), (1, change.received))
            for amount in amounts
        ]
    )


def visits_table(result: Result) -> Any:
    """A pyarrow table: one row for each run of a strategy."""
    return _table(
        [
            {
                "strategy": visit.run.strategy,
                "nominal": visit.run.nominal,
                "at": visit.at,
                "ending": str(visit.ending),
                "batch": visit.batch,
                "urgent": visit.decision.urgent if visit.decision else None,
                "operations": len(visit.decision.operations) if visit.decision else 0,
                "words": visit.words,
            }
            for visit in result.visits
        ]
    )


def write_page(path: Path, text: str) -> None:
    """One file of text, over what was there.

    Raises:
        BadInput: it cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise BadInput(f"{path} cannot be written: {error.strerror}", next_step="Name another file") from error


def write_result(directory: Path, result: Result, marks: Marks, facts: Mapping[str, Any], page: str) -> None:
    """`report.html`, `result.json`, and `marks`, `fills`, `positions` and `visits` as Parquet, over what was there.

    Raises:
        BadInput: the directory cannot be written.
    """
    from pyarrow import parquet

    write_page(directory / "report.html", page)
    write_page(directory / "result.json", json.dumps(facts, indent=2) + "\n")
    try:
        directory.mkdir(parents=True, exist_ok=True)
        parquet.write_table(marks_table(marks), directory / "marks.parquet")
        parquet.write_table(fills_table(result), directory / "fills.parquet")
        parquet.write_table(positions_table(result), directory / "positions.parquet")
        parquet.write_table(visits_table(result), directory / "visits.parquet")
    except OSError as error:
        raise BadInput(
            f"{directory} cannot be written: {error.strerror}", next_step="Name another directory"
        ) from error


def _table(rows: Sequence[Mapping[str, Any]]) -> Any:
    import pyarrow as pa

    return pa.Table.from_pylist(list(rows)) if rows else pa.table({"at": pa.array([], pa.int64())})


def _rounded(value: Any) -> Any:
    if isinstance(value, tuple):
        return [_rounded(each) for each in value]
    return round(value, 9) if isinstance(value, float) else value
