"""The way of dollar prices over time, one line for each pair, in basis points from one dollar."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING
from xml.etree.ElementTree import Element

from dao_bot.cards.markup import Child, element
from dao_bot.cards.text import clean, duration

if TYPE_CHECKING:
    from dao_bot.domain.needs import Series

_WIDTH, _HEIGHT, _LEFT = 400.0, 50.0, 84.0
_MOST_PAIRS = 6
_MOST_POINTS = 180


def history_plot(history: Mapping[str, Series]) -> Element | None:
    """Small multiples on one scale; None when no pair has two finite candles."""
    lines: list[tuple[str, list[tuple[int, float]]]] = []
    for pair, series in history.items():
        points = _thinned(
            [
                (int(at), (float(close) - 1) * 10_000)
                for at, close in zip(series.time, series.close, strict=True)
                if math.isfinite(close)
            ]
        )
        if len(points) > 1:
            lines.append((clean(pair, 20), points))
    lines = lines[:_MOST_PAIRS]
    if not lines:
        return None
    first, last = min(points[0][0] for _, points in lines), max(points[-1][0] for _, points in lines)
    reach = max(1.0, *(abs(value) for _, points in lines for _, value in points))
    parts: list[Child] = []
    for index, (pair, points) in enumerate(lines):
        parts += _line(pair, points, index * (_HEIGHT + 8), first, max(last - first, 1), reach)
    described = "; ".join(
        f"{pair}: from {min(v for _, v in points):+.1f} to {max(v for _, v in points):+.1f} bps, "
        f"last {points[-1][1]:+.1f} bps"
        for pair, points in lines
    )
    title = f"The last {duration(last - first)}, in bps from one (±{reach:,.0f})"
    return element(
        "svg",
        element("title", title, id="history-title"),
        element("desc", described, id="history-desc"),
        parts,
        class_="plot",
        viewBox=f"0 0 {_WIDTH:.0f} {len(lines) * (_HEIGHT + 8):.0f}",
        role="img",
        aria_labelledby="history-title",
        aria_describedby="history-desc",
    )


def _line(
    pair: str, points: Sequence[tuple[int, float]], top: float, first: int, span: int, reach: float
) -> list[Child]:
    right = _WIDTH - 64
    middle = top + _HEIGHT / 2
    path = " ".join(
        f"{_LEFT + (at - first) / span * (right - _LEFT):.1f},{middle - value / reach * _HEIGHT / 2:.1f}"
        for at, value in points
    )
    return [
        element("rect", class_="track", x=_LEFT, y=top, width=right - _LEFT, height=_HEIGHT),
        element("line", class_="zero", x1=_LEFT, x2=right, y1=middle, y2=middle),
        element("polyline", class_="trace", points=path),
        element("text", pair, class_="name", x=0.0, y=middle + 4),
        element("text", f"{points[-1][1]:+.1f}", class_="end", x=_WIDTH, y=middle + 4),
    ]


def _thinned(points: list[tuple[int, float]]) -> list[tuple[int, float]]:
    """At most `_MOST_POINTS`: of each stretch its furthest point from one, so that no break is smoothed away."""
    if len(points) <= _MOST_POINTS:
        return points
    step = math.ceil(len(points) / (_MOST_POINTS - 1))
    kept = [max(points[i : i + step], key=lambda point: abs(point[1])) for i in range(0, len(points) - 1, step)]
    return [*kept, points[-1]] if kept[-1] != points[-1] else kept
