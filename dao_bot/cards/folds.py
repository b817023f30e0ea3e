"""What is folded away where there is little room. Nothing is left out: it opens with a touch, and print shows all."""

from __future__ import annotations

from xml.etree.ElementTree import Element

from dao_bot.cards.markup import Child, element


def on_phones(title: str, *children: Child, unfolded: bool = False) -> Element:
    """Folded under `title` on narrow screens alone; in others, and in print, the children stand there without it."""
    made = element("details", element("summary", title), *children, class_="narrow")
    if unfolded:
        made.set("open", "")
    return made
