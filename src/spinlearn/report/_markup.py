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
) -> Markup:
    """A table that becomes a list on a phone; the first cell of a row is its heading.

    Parameters
    ----------
    header
        Headings of the columns.
    rows
        Text or markup.
    kinds
        CSS class of each column, such as "number" (right-aligned).
    """
    classes = [kind or None for kind in kinds] + [None] * (len(header) - len(kinds))
    head = tag(
        "tr",
        *(tag("th", h, scope="col", class_=c) for h, c in zip(header, classes, strict=True)),
    )
    body = [
        tag(
            "tr",
            # A name says what it is; a swept value does not.
            tag(
                "th",
                row[0],
                scope="row",
                class_=classes[0],
                data_label=header[0] if classes[0] == "key" else None,
            ),
            *(
                tag("td", cell, class_=c, data_label=label or None)
                for cell, c, label in zip(row[1:], classes[1:], header[1:], strict=True)
            ),
        )
        for row in rows
    ]
    parts = [tag("thead", head)] if any(header) else []
    whole = tag("table", *parts, tag("tbody", *body), class_="stack" if any(header) else None)
    return tag("div", whole, class_="wide", tabindex="0")


def embedded_json(value: Any) -> Markup:
    """JSON for a script element: no character in it can end the element."""
    text = json.dumps(value, ensure_ascii=True, allow_nan=False, separators=(",", ":"))
    for character in "<>&":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return Markup(text)
