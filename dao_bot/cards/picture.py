"""The plots as PNG, for places that show no SVG: the same drawings and style, with fonts that come with the program."""

from __future__ import annotations

import re
from collections.abc import Sequence
from xml.etree.ElementTree import Element, tostring

from dao_bot.cards.markup import Child, element
from dao_bot.cards.model import CardModel
from dao_bot.cards.plots import WIDTH, cost_plot, differences_plot, holdings_plot
from dao_bot.cards.style import DARK, PLOT_CSS

_MARGIN, _HEAD, _GAP = 20.0, 34.0, 26.0
_ZOOM = 2
_FONTS = ("Roboto-Regular.ttf", "Roboto-Bold.ttf")


def proposal_picture(card: CardModel) -> bytes | None:
    """What changes and what it costs, and once it is executed how that differs; None when nothing can be drawn."""
    drawn = [holdings_plot(card), differences_plot(card) or cost_plot(card)]
    plots = [plot for plot in drawn if plot is not None]
    return png(plots) if plots else None


def png(plots: Sequence[Element]) -> bytes:
    """Plots of `WIDTH`, one below the other, each under its title."""
    return _render(sheet(plots))


def sheet(plots: Sequence[Element]) -> Element:
    """The same as one SVG."""
    y = _MARGIN
    parts: list[Child] = []
    for plot in plots:
        height = float(plot.get("viewBox", "").split()[3])
        parts.append(element("text", plot.findtext("title") or "", class_="heading", x=_MARGIN, y=y + 14))
        for name, value in (("x", _MARGIN), ("y", y + _HEAD), ("width", WIDTH), ("height", height)):
            plot.set(name, f"{value:g}")
        parts.append(plot)
        y += _HEAD + height + _GAP
    width, height = WIDTH + 2 * _MARGIN, y - _GAP + _MARGIN
    ground = element("rect", class_="ground", x=0.0, y=0.0, width=width, height=height)
    return element(
        "svg",
        element("style", _style()),
        [ground, *parts],
        xmlns="http://www.w3.org/2000/svg",
        viewBox=f"0 0 {width:g} {height:g}",
        width=width * _ZOOM,
        height=height * _ZOOM,
    )


def _style() -> str:
    """Dark, as most chats are; without the custom properties that only browsers know."""
    palette = dict(pair.split(":") for pair in DARK.replace("\n", "").replace("--", "").split(";") if pair)
    css = PLOT_CSS + ".ground{fill:var(--card)}svg .heading{font-size:14px;font-weight:700}"
    css = css.replace("font-weight:650", "font-weight:700")
    return re.sub(r"var\(--([a-z-]+)\)", lambda match: palette[match[1]], css)


def _render(drawing: Element) -> bytes:
    from importlib.resources import files

    import resvg_py

    fonts = files("font_roboto") / "files"
    return resvg_py.svg_to_bytes(
        svg_string=tostring(drawing, encoding="unicode"),
        skip_system_fonts=True,
        font_files=[str(fonts / name) for name in _FONTS],
        font_family="Roboto",
        sans_serif_family="Roboto",
    )
