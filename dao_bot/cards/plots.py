"""The plots of the card, drawn as SVG from its model. Floats here are positions on paper, never money."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from xml.etree.ElementTree import Element

from dao_bot.cards.markup import Child, element
from dao_bot.cards.measure import Measure, measured
from dao_bot.cards.model import CardModel, HoldingRow, PriceRow
from dao_bot.cards.text import bps, number, short_addresses, short_limit, usd
from dao_bot.domain.units import WAD

WIDTH = 400.0
_MOST_HOLDINGS = 12
_MOST_LIMITS = 8
_MOST_PEGS = 12
_MOST_SOURCES = 4
_LABEL = 24
_LINE = 54


def holdings_plot(card: CardModel) -> Element | None:
    """Bars of each holding before and after, in USD at oracle prices."""
    rows = [row for row in card.holdings if row.price is not None][:_MOST_HOLDINGS]
    values = [(row, row.usd(row.before) or 0, row.usd(row.expected) or 0) for row in rows]
    largest = max((max(before, after) for _, before, after in values), default=0)
    if largest <= 0:
        return None
    left, right, y = 54.0, WIDTH - 104, 0.0
    parts: list[Child] = []
    for row, before, after in values:
        parts += [
            text(0, y + (22 if row.delta else 15), _cut(row.token.symbol, 7), "name"),
            bar(left, y + 5, (right - left) * before / largest, 12, "before"),
            text(WIDTH, y + 15, usd(before, places=0), "muted end"),
        ]
        if row.delta:
            parts += [
                bar(left, y + 20, (right - left) * after / largest, 12, "after"),
                text(WIDTH, y + 30, usd(after, places=0), "end"),
            ]
        y += 44 if row.delta else 26
    described = "; ".join(_holding_words(row, before, after) for row, before, after in values)
    parts.append(_legend(y + 16, [("before", "before"), ("after", "after, as simulated")]))
    return plot("holdings", "Holdings before and after, in USD at oracle prices", described, y + 22, parts)


def _holding_words(row: HoldingRow, before: int, after: int) -> str:
    return f"{row.token.symbol} {usd(before)}" + (f", then {usd(after)}" if row.delta else ", unchanged")


def limits_plot(card: CardModel) -> Element | None:
    """Bullet bars: where each numeric rule stands after the batch, and the zone it may not enter."""
    rows = measured(card.rules)[:_MOST_LIMITS]
    if not rows:
        return None
    step = 46.0
    parts: list[Child] = [_hatch()]
    for index, row in enumerate(rows):
        parts += _bullet(row, index * step)
    described = "; ".join(
        f"{row.row.rule} {row.row.subject}: {row.row.after}, {row.row.limit}, {row.row.verdict}" for row in rows
    )
    entries = [("before-mark", "before"), ("after", "after"), ("forbidden", "not allowed")]
    height = len(rows) * step + 22
    legend = _legend(height - 6, entries)
    return plot("limits", "Limits of the policy and where they bind", described, height, [*parts, legend])


def _bullet(row: Measure, y: float) -> list[Child]:
    numbers = [row.after, row.limit, row.before or 0.0]
    low, high = min(0.0, *numbers), max(numbers) * 1.12 or 1.0
    scale = WIDTH / (high - low)

    def at(value: float) -> float:
        return (value - low) * scale

    zone = (0.0, at(row.limit)) if row.floor else (at(row.limit), WIDTH)
    name = f"{row.row.rule} {row.row.subject}".strip()
    verdict = "" if row.row.verdict == "kept" else f", {row.row.verdict}"
    said = f"{row.row.after} {short_limit(row.row.limit)}{verdict}"
    style = "bad" if row.row.violated else "tight" if row.row.binds else ""
    parts: list[Child] = [
        text(0, y + 14, _cut(name, max(_LINE - len(said), 8)), "name"),
        text(WIDTH, y + 14, said, f"end {style}".strip()),
        element("rect", class_="track", x=0.0, y=y + 21, width=WIDTH, height=14.0),
        element("rect", class_="forbidden", x=zone[0], y=y + 21, width=zone[1] - zone[0], height=14.0),
        bar(at(0.0), y + 24, at(row.after) - at(0.0), 8, "broken" if row.row.violated else "after"),
        element("line", class_="limit", x1=at(row.limit), x2=at(row.limit), y1=y + 18, y2=y + 38),
    ]
    if row.before is not None:
        x = at(row.before)
        parts.append(element("line", class_="before-mark", x1=x, x2=x, y1=y + 21, y2=y + 35))
    return parts


def pegs_plot(card: CardModel) -> Element | None:
    """How far each source puts each dollar token from one dollar, in basis points, with the band that rules allow."""
    rows = [row for row in card.prices if row.pegged and row.sources][:_MOST_PEGS]
    if not rows:
        return None
    names = list(dict.fromkeys(source.kind for row in rows for source in row.sources))
    bands = {row.token.symbol: _allowed_apart(card, row.token.symbol) for row in rows}
    reach = _reach([_bps(source.usd - WAD) for row in rows for source in row.sources], list(bands.values()))
    left, right, step, top = 66.0, WIDTH - 76, 30.0, 20.0

    def at(deviation: float) -> float:
        return left + (max(-reach, min(reach, deviation)) + reach) / (2 * reach) * (right - left)

    bottom = top + len(rows) * step
    parts: list[Child] = []
    for tick in (-reach, -reach / 2, 0.0, reach / 2, reach):
        parts += [
            element("line", class_="zero" if tick == 0 else "grid", x1=at(tick), x2=at(tick), y1=top, y2=bottom),
            text(at(tick), 12, f"{tick:+g}" if tick else "1 USD", "muted middle"),
        ]
    for index, row in enumerate(rows):
        parts += _peg_row(row, top + index * step + step / 2, at, names, bands[row.token.symbol])
    parts += _source_legend(names, bottom + 20)
    described = "; ".join(_peg_words(row) for row in rows)
    title = "Distance from one dollar by source, in basis points"
    return plot("pegs", title, described, bottom + 28 + 18 * (len(names) > 2), parts)


def _peg_row(
    row: PriceRow, y: float, at: Callable[[float], float], names: list[str], band: float | None
) -> list[Child]:
    parts: list[Child] = []
    if band is not None and row.peg_deviation is not None:
        low, high = at(_bps(row.peg_deviation) - band), at(_bps(row.peg_deviation) + band)
        parts.append(element("rect", class_="band", x=low, y=y - 9, width=high - low, height=18.0))
    for source in row.sources:
        style = "source stale" if source.stale else "source"
        shape = names.index(source.kind)
        parts.append(_mark(shape, at(_bps(source.usd - WAD)), y, f"{style} source-{min(shape, _MOST_SOURCES - 1)}"))
    said = "no price" if row.peg_deviation is None else bps(row.peg_deviation, signed=True)
    parts += [
        text(0, y + 5, _cut(row.token.symbol, 7), "name"),
        text(WIDTH, y + 5, said, "end bad" if row.usd is None else "end"),
    ]
    return parts


def _peg_words(row: PriceRow) -> str:
    sources = ", ".join(
        f"{short_addresses(source.source)} {bps(source.usd - WAD, signed=True)}{' (stale)' if source.stale else ''}"
        for source in row.sources
    )
    return f"{row.token.symbol}: {sources}"


def _allowed_apart(card: CardModel, symbol: str) -> float | None:
    """Basis points by which sources of a token may differ, as the rule on price quality says."""
    for row in measured(card.rules):
        if row.row.rule == "price_quality" and row.row.subject.split(" ")[0] == symbol and row.row.limit.endswith("%"):
            return row.limit * 100
    return None


def _reach(deviations: list[float], bands: list[float | None]) -> float:
    """Half the width of the axis: the deviations, and the band where it is not far wider than they are."""
    widest = max((abs(value) for value in deviations), default=0.0)
    band = max((value for value in bands if value is not None), default=0.0)
    return _nice(max(widest * 1.15, min(band * 1.1, widest * 2.5), 5.0))


def cost_plot(card: CardModel) -> Element | None:
    """Bars of the cost: expected, realised, and the most that the minimums in the bytes allow."""
    cost = card.cost
    if cost.expected is None or not cost.sold:
        return None
    rows = [("expected, as simulated", cost.expected, "after")]
    if cost.realised is not None:
        rows.append(("realised", cost.realised, "realised"))
    if cost.worst is not None:
        rows.append(("at worst, at the minimums", cost.worst, "worst"))
    if len(rows) < 2:
        return None
    low, high = min(0, *(value for _, value, _ in rows)), max(0, *(value for _, value, _ in rows))
    span = (high - low) or 1
    parts: list[Child] = []
    for index, (name, value, style) in enumerate(rows):
        y = index * 42.0
        zero, end = (0 - low) / span * WIDTH, (value - low) / span * WIDTH
        share = cost.of_sold(value)
        said = usd(value) if share is None else f"{usd(value)} · {bps(share)}"
        parts += [
            text(0, y + 14, name, "name"),
            text(WIDTH, y + 14, said, "end"),
            element("rect", class_="track", x=0.0, y=y + 20, width=WIDTH, height=12.0),
            bar(min(zero, end), y + 20, max(abs(end - zero), 2), 12, style),
        ]
    described = "; ".join(f"{name} {usd(value)}" for name, value, _ in rows)
    return plot("cost", "Cost of trading at oracle prices", described, len(rows) * 42.0, parts)


def differences_plot(card: CardModel) -> Element | None:
    """Realised less expected change of each token, in basis points of what was expected."""
    rows = [
        (row, (row.realised_delta - row.delta) * WAD // abs(row.delta))
        for row in card.changed
        if row.realised_delta is not None and row.delta
    ][:_MOST_HOLDINGS]
    if not any(difference for _, difference in rows):
        return None
    reach = _nice(max(max(abs(_bps(difference)) for _, difference in rows) * 1.15, 1.0))
    left, right, step = 54.0, WIDTH - 140, 28.0
    middle, scale = (left + right) / 2, (right - left) / 2 / reach
    bottom = len(rows) * step + 4
    parts: list[Child] = [element("line", class_="zero", x1=middle, x2=middle, y1=0.0, y2=bottom)]
    for index, (row, difference) in enumerate(rows):
        y, length = index * step, _bps(difference) * scale
        units = (row.realised_delta or 0) - row.delta
        said = f"{number(units, row.token.decimals, 2, signed=True)} ({bps(difference, signed=True)})"
        parts += [
            text(0, y + 20, _cut(row.token.symbol, 7), "name"),
            bar(min(middle, middle + length), y + 8, abs(length), 14, "worst" if length < 0 else "realised"),
            text(WIDTH, y + 20, said if units else "as expected", "end"),
        ]
    described = "; ".join(f"{row.token.symbol} {bps(difference, signed=True)}" for row, difference in rows)
    return plot("differences", "Realised less expected, of the expected change", described, bottom, parts)


def plot(name: str, title: str, described: str, height: float, parts: Sequence[Child]) -> Element:
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


def text(x: float, y: float, words: str, style: str) -> Element:
    return element("text", words, class_=style, x=float(x), y=float(y))


def bar(x: float, y: float, width: float, height: float, style: str) -> Element:
    return element("rect", class_=style, x=x, y=y, width=max(width, 0.0), height=float(height), rx=2.0)


def _mark(shape: int, x: float, y: float, style: str) -> Element:
    """Circle, diamond, square, triangle: sources differ by form, not only by colour."""
    r = 5.5
    if shape == 0:
        return element("circle", class_=style, cx=x, cy=y, r=r)
    corners = {
        1: ((0, -r - 1), (r + 1, 0), (0, r + 1), (-r - 1, 0)),
        2: ((-r + 1, -r + 1), (r - 1, -r + 1), (r - 1, r - 1), (-r + 1, r - 1)),
    }.get(shape, ((0, -r), (r, r - 1), (-r, r - 1)))
    return element("polygon", class_=style, points=" ".join(f"{x + dx:.1f},{y + dy:.1f}" for dx, dy in corners))


def _hatch() -> Element:
    line = element("line", class_="hatch", x1=0.0, y1=0.0, x2=0.0, y2=6.0)
    pattern = element(
        "pattern", line, id="hatch", width=6.0, height=6.0, patternUnits="userSpaceOnUse", patternTransform="rotate(45)"
    )
    return element("defs", pattern)


def _legend(y: float, entries: Sequence[tuple[str, str]]) -> list[Child]:
    parts: list[Child] = []
    x = 0.0
    for style, words in entries:
        if style.endswith("mark"):
            parts.append(element("line", class_=style, x1=x + 6, x2=x + 6, y1=y - 10, y2=y + 2))
        else:
            parts.append(element("rect", class_=style, x=x, y=y - 9, width=12.0, height=10.0))
        parts.append(text(x + 18, y, words, "muted"))
        x += 40 + 7 * len(words)
    return parts


def _source_legend(names: list[str], y: float) -> list[Child]:
    parts: list[Child] = []
    shown = names[:_MOST_SOURCES]
    for index, name in enumerate(shown):
        x, row = (index % 2) * WIDTH / 2, index // 2
        parts.append(_mark(index, x + 6, y - 4 + 18 * row, f"source source-{index}"))
        parts.append(text(x + 18, y + 18 * row, _cut(name, _LABEL), "muted"))
    return parts


def _cut(words: str, longest: int) -> str:
    return words if len(words) <= longest else words[: longest - 1] + "…"


def _bps(ratio: int) -> float:
    return ratio * 10_000 / WAD


def _nice(value: float) -> float:
    """The next of 1, 2, 2.5, 5 times a power of ten."""
    power = 10.0 ** math.floor(math.log10(value))
    return next(step * power for step in (1.0, 2.0, 2.5, 5.0, 10.0) if value <= step * power * 1.0001)
