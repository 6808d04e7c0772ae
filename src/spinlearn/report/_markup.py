"""HTML whose text cannot become markup: everything is escaped unless it was built here."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterable, Sequence
from typing import Any

# What no text should hold: control characters, and those that turn the order of reading around.
_UNSEEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
_VOID = {"br", "hr", "img", "input", "link", "meta"}


class Markup(str):
    """Text that is HTML already."""

    __slots__ = ()


def escape(value: Any) -> Markup:
    """Text as HTML shows it; markup stays what it is."""
    if isinstance(value, Markup):
        return value
    return Markup(html.escape(_UNSEEN.sub("\ufffd", str(value)), quote=True))


def join(parts: Iterable[Any]) -> Markup:
    """One piece of markup from several pieces of markup or text."""
    return Markup("".join(escape(part) for part in parts))


def tag(name: str, /, *children: Any, **attributes: Any) -> Markup:
    """An element; ``class_`` is class, ``data_x`` is data-x, True an attribute without value."""
    shown = []
    for key, value in attributes.items():
        label = key.rstrip("_").replace("_", "-")
        if value is True:
            shown.append(f" {label}")
        elif value is not None and value is not False:
            shown.append(f' {label}="{escape(value)}"')
    opening = f"<{name}{''.join(shown)}>"
    return Markup(opening if name in _VOID else f"{opening}{join(children)}</{name}>")


def table(
    header: Sequence[Any],
    rows: Iterable[Sequence[Any]],
    *,
    kinds: Sequence[str] = (),
    caption: Any = None,
) -> Markup:
    """A table in a box that scrolls sideways; the first cell of a row is its heading.

    Parameters
    ----------
    header
        Headings of the columns.
    rows
        Text or markup.
    kinds
        CSS class of each column, such as "number" (right-aligned).
    caption
        What it shows.
    """
    classes = [kind or None for kind in kinds] + [None] * (len(header) - len(kinds))
    head = tag(
        "tr",
        *(tag("th", h, scope="col", class_=c) for h, c in zip(header, classes, strict=True)),
    )
    body = [
        tag(
            "tr",
            tag("th", row[0], scope="row", class_=classes[0]),
            *(tag("td", cell, class_=c) for cell, c in zip(row[1:], classes[1:], strict=True)),
        )
        for row in rows
    ]
    parts = [] if caption is None else [tag("caption", caption)]
    parts += [tag("thead", head)] if any(header) else []
    parts += [tag("tbody", *body)]
    return tag("div", tag("table", *parts), class_="wide", tabindex="0")


def embedded_json(value: Any) -> Markup:
    """JSON for a script element: no character in it can end the element."""
    text = json.dumps(value, ensure_ascii=True, allow_nan=False, separators=(",", ":"))
    for character in "<>&":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return Markup(text)
