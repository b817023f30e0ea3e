"""ccxt's exchanges with candles that are refused where ccxt would leave them out without a word."""

from __future__ import annotations

from typing import Any

_PARTS = 6


def strict(kind: type[Any]) -> type[Any]:
    """A class derived from one of ccxt's exchanges, through its public methods.

    ccxt skips rows that it cannot read and takes objects and texts for empty lists; a gap that is kept for good would
    come of it.
    """
    import ccxt  # type: ignore[import-untyped]  # it carries no types

    def parse_ohlcvs(
        self: Any,
        ohlcvs: Any,
        market: Any = None,
        timeframe: str = "1m",
        since: int | None = None,
        limit: int | None = None,
        tail: bool = False,
    ) -> list[list[Any]]:
        """Every row or none, from `since` on, in the order of the exchange."""
        rows = [self.parse_ohlcv(raw, market) for raw in _listed(ohlcvs)]
        for raw, row in zip(ohlcvs, rows, strict=True):
            if not isinstance(row, list) or len(row) != _PARTS or type(row[0]) is not int or None in row[1:5]:
                raise ccxt.BadResponse(f"{self.id} gives a candle that is none: {str(raw)[:100]}")
        return [row for row in rows if since is None or row[0] >= since]

    def _listed(ohlcvs: Any) -> list[Any]:
        if not isinstance(ohlcvs, list) or not all(isinstance(raw, (list, dict)) for raw in ohlcvs):
            raise ccxt.BadResponse(f"candles that are no list: {str(ohlcvs)[:100]}")
        return ohlcvs

    return type(kind.__name__, (kind,), {"parse_ohlcvs": parse_ohlcvs})
