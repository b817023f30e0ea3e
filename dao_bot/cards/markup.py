"""HTML and SVG as a tree, so that every value is escaped by the serialiser and none by hand."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias
from xml.etree.ElementTree import Element, tostring

Child: TypeAlias = "Element | str | None | Sequence[Child]"


def element(tag: str, *children: Child, **attributes: str | float | None) -> Element:
    """An element. `class_` is `class`, other underscores are hyphens; None leaves a child or an attribute out."""
    made = Element(tag)
    for name, value in attributes.items():
        if value is not None:
            text = f"{value:.2f}".rstrip("0").rstrip(".") if isinstance(value, float) else str(value)
            made.set(name.rstrip("_").replace("_", "-") if name != "viewBox" else name, text)
    for child in children:
        add(made, child)
    return made


def add(parent: Element, child: Child) -> None:
    """Append text or elements in order."""
    if child is None:
        return
    if isinstance(child, str):
        if len(parent):
            parent[-1].tail = (parent[-1].tail or "") + child
        else:
            parent.text = (parent.text or "") + child
    elif isinstance(child, Element):
        parent.append(child)
    else:
        for one in child:
            add(parent, one)


def to_html(root: Element) -> str:
    """The tree as HTML text."""
    return tostring(root, encoding="unicode", method="html")
