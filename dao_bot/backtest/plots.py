"""Lines and stacked shares over time, drawn as SVG in the classes of the cards' style sheet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from xml.etree.ElementTree import Element

import numpy as np

from dao_bot.backtest.paths import Floats, Times
from dao_bot.cards.markup import Child, element
from dao_bot.cards.text import clean, utc

WIDTH, HEIGHT, LEFT, RIGHT = 480.0, 180.0, 72.0, 8.0
_MOST_POINTS = 480
_TICKS = 4
_FILLS = tuple((name, opacity) for opacity in ("1", "0.5", "0.25") for name in ("after", "realised", "before", "worst"))
"""Fills of the style sheet and how dense they are, in the order in which shares are stacked."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line. `tone`: `own` (blue), `other` (orange) or `third` (grey, dashed)."""

    words: str
    values: Floats
    tone: str = "own"


_TONES = {"own": ("in", None), "other": ("out", None), "third": ("muted", "5 4")}


def line_plot(name: str, title: str, time: Times, lines: Sequence[Line], unit: str, places: int = 0) -> Element:
    """Lines on one scale, which the title names. Of more points than fit, each stretch keeps its extremes."""
    low = min(float(np.nanmin(line.values)) for line in lines)
    high = max(float(np.nanmax(line.values)) for line in lines)
    margin = (high - low) * 0.06 or max(abs(high) * 0.01, 1e-9)
    low, high = low - margin, high + margin
    parts: list[Child] = _grid(low, high, places)
    for line in reversed(lines):
        colour, dashes = _TONES[line.tone]
        rows = _kept(line.values)
        points = " ".join(
            f"{_x(time, int(row)):.1f},{_y(float(line.values[row]), low, high):.1f}"
            for row in rows
            if not np.isnan(line.values[row])
        )
        drawn = element(
            "polyline", points=points, fill="none", stroke="currentColor", stroke_width=1.6, stroke_dasharray=dashes
        )
        parts.append(element("g", drawn, class_=colour))
    parts += _dates(time)
    parts += _legend([(line.words, _TONES[line.tone]) for line in lines])
    described = "; ".join(
        f"{line.words}: from {line.values[0]:,.{places}f} to {line.values[-1]:,.{places}f} {unit}, "
        f"lowest {np.nanmin(line.values):,.{places}f}"
        for line in lines
    )
    return _plot(name, title, described, parts, HEIGHT + 42)


def share_plot(name: str, title: str, time: Times, values: Mapping[str, Floats]) -> Element:
    """What the whole consists of, as shares that are stacked to 100 %."""
    total = np.sum(list(values.values()), axis=0)
    total = np.where(total > 0, total, 1.0)
    rows = np.unique(np.linspace(0, len(time) - 1, min(len(time), _MOST_POINTS)).astype(int))
    below = np.zeros(len(time))
    parts: list[Child] = []
    for position, (_, value) in enumerate(values.items()):
        above = below + value / total
        edge = [(_x(time, int(row)), _y(float(above[row]), 0.0, 1.0)) for row in rows]
        edge += [(_x(time, int(row)), _y(float(below[row]), 0.0, 1.0)) for row in rows[::-1]]
        points = " ".join(f"{x:.1f},{y:.1f}" for x, y in edge)
        fill, opacity = _fill(position)
        parts.append(element("polygon", points=points, class_=fill, fill_opacity=opacity))
        below = above
    parts = [*parts, *_grid(0.0, 1.0, 0, scale=100.0), *_dates(time)]
    x = LEFT
    for position, symbol in enumerate(values):
        fill, opacity = _fill(position)
        parts += [
            element("rect", class_=fill, fill_opacity=opacity, x=x, y=HEIGHT + 28, width=12.0, height=10.0),
            element("text", clean(symbol, 12), class_="muted", x=x + 18, y=HEIGHT + 37),
        ]
        x += 34 + 8 * len(symbol)
    described = "; ".join(
        f"{symbol} {value[0] / total[0]:.1%}, at the end {value[-1] / total[-1]:.1%}"
        for symbol, value in values.items()
    )
    return _plot(name, title, described, parts, HEIGHT + 42)


def _fill(position: int) -> tuple[str, str]:
    return _FILLS[min(position, len(_FILLS) - 1)]


def _kept(values: Floats) -> Sequence[int]:
    """Rows to draw: all, or of each stretch the lowest and the highest, and the last."""
    count = len(values)
    if count <= _MOST_POINTS:
        return range(count)
    filled = np.where(np.isnan(values), 0.0, values)
    kept: set[int] = {0, count - 1}
    for part in np.array_split(np.arange(count), _MOST_POINTS // 2):
        kept |= {int(part[np.argmin(filled[part])]), int(part[np.argmax(filled[part])])}
    return sorted(kept)


def _x(time: Times, row: int) -> float:
    span = max(int(time[-1] - time[0]), 1)
    return LEFT + (WIDTH - LEFT - RIGHT) * float(time[row] - time[0]) / span


def _y(value: float, low: float, high: float) -> float:
    return HEIGHT - (value - low) / (high - low) * (HEIGHT - 10)


def _grid(low: float, high: float, places: int, scale: float = 1.0) -> list[Child]:
    parts: list[Child] = []
    for step in range(_TICKS + 1):
        value = low + (high - low) * step / _TICKS
        y = _y(value, low, high)
        said = f"{value * scale:,.{places}f}"
        parts += [
            element("line", class_="grid", x1=LEFT, x2=WIDTH - RIGHT, y1=y, y2=y),
            element("text", said, class_="muted end", x=LEFT - 6, y=y + 4),
        ]
    return parts


def _dates(time: Times) -> list[Child]:
    ends = ((LEFT, "muted", time[0]), (WIDTH - RIGHT, "muted end", time[-1]))
    return [element("text", utc(int(at)), class_=style, x=x, y=HEIGHT + 16) for x, style, at in ends]


def _legend(entries: Sequence[tuple[str, tuple[str, str | None]]]) -> list[Child]:
    parts: list[Child] = []
    x = LEFT
    for words, (colour, dashes) in entries:
        mark = element(
            "line",
            x1=x,
            x2=x + 16,
            y1=HEIGHT + 33,
            y2=HEIGHT + 33,
            stroke="currentColor",
            stroke_width=2.0,
            stroke_dasharray=dashes,
        )
        parts += [element("g", mark, class_=colour), element("text", words, class_="muted", x=x + 22, y=HEIGHT + 37)]
        x += 38 + 6.4 * len(words)
    return parts


def _plot(name: str, title: str, described: str, parts: Sequence[Child], height: float) -> Element:
    return element(
        "svg",
        element("title", title, id=f"{name}-title"),
        element("desc", described, id=f"{name}-desc"),
        parts,
        class_="plot",
        viewBox=f"0 0 {WIDTH:.0f} {height:.0f}",
        role="img",
        aria_labelledby=f"{name}-title",
        aria_describedby=f"{name}-desc",
    )
